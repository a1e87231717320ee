import { CtStreamError } from '../errors.js'
import type { Session } from '../postgres/connection.js'
import type { ReplayedRow } from '../postgres/parked.js'
import type { QueuedRow } from '../postgres/queue-read.js'
import { certificateOfLeaf } from '../postgres/queued-leaf.js'
import type { LogInfo } from '../types/log.js'
import { toHex } from '../util/bytes.js'
import { messageOf } from '../util/message-of.js'
import type { QueueClaim, QueuedEntry } from './engine.js'

/** Makes entries of rows. @param run - Queries the database for issuers. */
export function entryReader(run: <T>(work: (session: Session) => Promise<T>) => Promise<T>) {
  const issuer = async (fingerprint: Uint8Array) => {
    const [row] = await run((session) =>
      session.query<{ der: Buffer }>('SELECT der FROM issuer WHERE fingerprint = $1', [toHex(fingerprint)]),
    )
    if (row !== undefined) return Uint8Array.from(row.der)
    throw new CtStreamError('CT_SINK_FAILED', `the database does not have the issuer ${toHex(fingerprint)}`)
  }
  const read = ({ idx, flags, hash, leaf }: QueuedRow, log: LogInfo, epoch: number): QueuedEntry => {
    if (leaf === null) return { kind: 'omitted', epoch, index: idx, log }
    try {
      // A cursor would need the positions of all logs, and a processor has only some.
      const certificate = certificateOfLeaf({ flags, hash }, leaf, idx, { log, issuer, cursor: () => '' })
      return { kind: 'certificate', epoch, certificate }
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
      return { kind: 'refused', index: idx, reason: messageOf(error), body: leaf }
    }
  }
  return {
    /**
     * None is stale, whoever wrote it: writes are fenced, and each entry has one row. The epoch in its row may be one of a range of a backfill,
     * which says nothing about those of the log's collectors. That of the mark never changes.
     */
    queued: (row: QueuedRow, { log, mark }: QueueClaim) => read(row, log, mark.epoch),
    async replayed({ logId, index, content }: ReplayedRow): Promise<QueuedEntry> {
      const [row] = await run((session) =>
        session.query<{ checkpoint: string }>('SELECT checkpoint FROM log WHERE id = $1 AND checkpoint IS NOT NULL', [
          logId,
        ]),
      )
      const body = content?.leaf ?? new Uint8Array()
      if (row === undefined || index === undefined)
        return { kind: 'refused', index, reason: 'its log is unknown', body }
      const log: LogInfo = JSON.parse(row.checkpoint).log
      if (content === undefined) return { kind: 'omitted', epoch: 0, index, log }
      const { flags, hash, leaf = null } = content
      return read({ idx: index, flags, hash, leaf }, log, 0)
    },
  }
}
