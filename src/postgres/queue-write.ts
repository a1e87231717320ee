import { rawOf } from '../decode/index.js'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import { sha256 } from '../util/hash.js'
import type { Session } from './connection.js'
import type { PostgresTarget } from './target.js'

/** Issuers that a sink remembers having written, so that it does not write them again. */
const REMEMBERED = 10_000

/** The channel that notifies processors of new entries. */
export const queueChannel = ({ schema }: PostgresTarget) => `ct_stream_queue_${schema}`.slice(0, 63)

/**
 * Inserts the staged entries into the queue, and updates the range it holds of each log without a hole.
 *
 * To be called before the positions move: a queue that ends below the old position, as when it was off for a time, has a hole there.
 */
export async function insertQueued(
  session: Session,
  rows: readonly LogCheckpoint[],
  epoch: number,
  channel: string,
): Promise<void> {
  await session.query(
    `INSERT INTO queued (log, idx, epoch, flags, hash, leaf)
     SELECT log, idx, $1, flags, hash, leaf FROM staged ORDER BY log, idx ON CONFLICT (log, idx) DO NOTHING`,
    [epoch],
  )
  await session.query(REACH, [rows.map(({ log }) => log.id), rows.map(({ position }) => position)])
  await session.query(`NOTIFY ${channel}`)
}

const REACH = `
UPDATE log SET queue_to = u.next, queue_from = CASE
  WHEN queue_to = position THEN queue_from ELSE least(coalesce(position, first.idx, u.next), coalesce(first.idx, u.next)) END
FROM unnest($1::text[], $2::bigint[]) AS u(id, next)
LEFT JOIN (SELECT log.id, min(idx) AS idx FROM staged JOIN log ON log.n = staged.log GROUP BY log.id) first ON first.id = u.id
WHERE log.id = u.id`

/** Writes the issuers that RFC 6962 logs send with each entry; an entry of the queue has only their fingerprints. */
export class IssuerWriter {
  private readonly written = new Set<string>()

  async write(session: Session, certificates: readonly CtCertificate[]): Promise<void> {
    const found = new Map<string, Uint8Array>()
    for (const certificate of certificates)
      for (const der of issuersOf(certificate)) {
        const fingerprint = Buffer.from(sha256(der)).toString('hex')
        if (!this.written.has(fingerprint)) found.set(fingerprint, der)
      }
    if (found.size === 0) return
    await session.query(
      `INSERT INTO issuer SELECT fingerprint, der, now() FROM unnest($1::text[], $2::bytea[]) AS u(fingerprint, der)
       ORDER BY fingerprint ON CONFLICT DO NOTHING`,
      [[...found.keys()], [...found.values()].map((der) => Buffer.from(der))],
    )
    for (const fingerprint of found.keys()) this.written.add(fingerprint)
    if (this.written.size > REMEMBERED) this.written.clear()
  }
}

function issuersOf(certificate: CtCertificate): readonly Uint8Array[] {
  try {
    const chain = rawOf(certificate)?.extra.chain()
    return chain?.kind === 'certificates' ? chain.certificates : []
  } catch (error) {
    // No proof covers what the log sends beside the leaf: it may be anything.
    if (!CtStreamError.is(error)) throw error
    return []
  }
}
