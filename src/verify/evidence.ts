import type { CtStreamError } from '../errors.js'
import { answerAtFault } from '../logs/answer-at-fault.js'
import type { LogClient } from '../logs/client.js'
import type { Evidence } from '../types/checkpoint.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { toBase64 } from '../util/bytes.js'
import { MAX_HASHES } from './evidence-document.js'
import type { Heads } from './heads.js'
import type { HeldEntries, ProvenBatch } from './held-entries.js'
import { pageUrl } from './page-url.js'

/** An answer of a log that contradicts what the log signed. */
export interface Disproof {
  readonly log: LogInfo
  readonly error: CtStreamError
  /** The log's key and origin, for readers who have only the evidence. */
  readonly client?: Pick<LogClient, 'key' | 'origin'>
  /** When the first contradictory answer came, epoch milliseconds. */
  readonly since?: number | undefined
}

type Held = Pick<HeldEntries<unknown>, 'provenRange' | 'leafHashes' | 'batches' | 'end'>

/**
 * Most bytes of a record as JSON: engines that keep it as a message refuse one above 1 MiB. A page can have 12 MB, so its leaves get the
 * room that the rest leaves; without them a record has 600 kB at most.
 */
const MAX_RECORD_BYTES = 768 * 1024

/**
 * A record that shows the contradiction to somebody who has only the log's public key: the head and proof that the answer was
 * compared with, what was verified before, and the hashes of the entries that do not fit. `evidenceToJSON` turns it into a
 * document that others can check. At most 768 KiB as JSON.
 *
 * @param recordedAt - Epoch milliseconds.
 */
export function evidenceOf(
  { log, error, client, since }: Disproof,
  heads: Pick<Heads, 'disputed' | 'newest' | 'verified'>,
  held: Held,
  recordedAt: number,
): Evidence {
  const { disputed, newest, verified } = heads
  const head = disputed.head ?? newest
  const other = disputed.against ?? newest
  const { provenRange } = held
  const leafHashes = held.leafHashes()
  const answer = answerAtFault(error)
  const record = {
    log,
    code: error.code,
    message: `${error.message}; evidence stored`,
    recordedAt,
    detail: {
      error: error.toJSON(),
      key: client?.key && toBase64(client.key.spki),
      origin: client?.origin,
      since,
      verifiedHead: verified && headRecord(verified),
      head: head && headRecord(head),
      // The head it was compared with, if that is not the verified one: two signed heads that contradict each other.
      newestHead: other && other !== head && other !== verified ? headRecord(other) : undefined,
      provenRange: { size: provenRange.size, hashes: provenRange.hashes.map(toBase64) },
      proof: proofRecord(disputed.proof),
      firstRoot: disputed.firstRoot && toBase64(disputed.firstRoot),
      leafHashes: leafHashes.map(toBase64),
      heldTo: held.end,
      answer: answer && { ...answer, body: answer.body && toBase64(answer.body) },
    },
  }
  const room = MAX_RECORD_BYTES - Buffer.byteLength(JSON.stringify(record))
  return { ...record, detail: { ...record.detail, page: pageRecord(log, error, head, held.batches, room) } }
}

/**
 * What all records of one contradiction share, of a log and an error code: it is kept once, however often it is seen.
 */
export function claimOf({ code, message, detail }: Evidence): string {
  // The larger tree identifies it, whichever smaller trees the log signed since.
  if (code === 'CT_HEAD_ROLLBACK') return rootIn(detail.newestHead ?? detail.verifiedHead)
  return code === 'CT_HEAD_CONFLICT' ? `${message} ${rootIn(detail.head)}` : message
}

/** The root of a head in a record, which may come from a foreign store. */
function rootIn(head: unknown): string {
  return String((head as { sha256_root_hash?: unknown } | null | undefined)?.sha256_root_hash)
}

/** A signed head with the field names of get-sth (RFC 6962 section 4.3). */
export function headRecord(head: SignedHead): Record<string, string | number> {
  return {
    tree_size: head.treeSize,
    timestamp: head.timestamp,
    sha256_root_hash: toBase64(head.rootHash),
    tree_head_signature: toBase64(head.signature),
  }
}

/** A log may serve a proof of any length; no document has one that is longer than a proof can be. */
function proofRecord(proof: readonly Uint8Array[] | undefined): string[] | undefined {
  return proof !== undefined && proof.length <= MAX_HASHES ? proof.map(toBase64) : undefined
}

/**
 * The page at fault, with its first leaves as served.
 * @param room - How many bytes it may have as JSON.
 */
function pageRecord(
  log: LogInfo,
  error: CtStreamError,
  head: SignedHead | undefined,
  batches: readonly ProvenBatch<unknown>[],
  room: number,
) {
  const page = batches.find(({ batch }) => error.code === 'CT_ROOT_MISMATCH' && batch.start === error.index)?.batch
  if (page === undefined || head === undefined) return undefined
  const { start, length: count } = page
  const url = pageUrl(log, { start, count, treeSize: head.treeSize })
  const leafInputs: string[] = []
  const empty = JSON.stringify({ page: { url, start, count, leafInputs } })
  for (let i = 0, left = room - Buffer.byteLength(empty); i < count; i++) {
    const leaf = toBase64(page.leafInput(i))
    left -= leaf.length + 3 // its quotes and a comma
    if (left < 0) break
    leafInputs.push(leaf)
  }
  return { url, start, count, leafInputs }
}
