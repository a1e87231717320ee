import type { CtStreamError } from '../errors.js'
import { answerAtFault } from '../logs/answer-at-fault.js'
import type { LogClient } from '../logs/client.js'
import type { Evidence } from '../types/checkpoint.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { toBase64 } from '../util/bytes.js'
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

/** Most bytes of leaves to keep of the page at fault, since a page can have 12 MB. The leaf hashes of all of them are kept. */
const MAX_LEAF_BYTES = 1024 * 1024

/**
 * A record that shows the contradiction to somebody who has only the log's public key: the head and proof that the answer was
 * compared with, what was verified before, and the hashes of the entries that do not fit. `evidenceToJSON` turns it into a
 * document that others can check.
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
  return {
    log,
    code: error.code,
    message: error.message,
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
      proof: disputed.proof?.map(toBase64),
      firstRoot: disputed.firstRoot && toBase64(disputed.firstRoot),
      leafHashes: leafHashes.map(toBase64),
      heldTo: held.end,
      page: pageRecord(log, error, head, held.batches),
      answer: answer && { ...answer, body: answer.body && toBase64(answer.body) },
    },
  }
}

/** Whether two records show the same contradiction at different times. It is kept once, however often it is seen. */
export function isSameEvidence(a: Evidence, b: Evidence): boolean {
  return a.log.id === b.log.id && a.code === b.code && claimOf(a) === claimOf(b)
}

/** The part of a record that all records of the same contradiction share. */
function claimOf({ code, message, detail }: Evidence): string {
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

/** The page at fault, with its leaves as served. */
function pageRecord(
  log: LogInfo,
  error: CtStreamError,
  head: SignedHead | undefined,
  batches: readonly ProvenBatch<unknown>[],
) {
  const page = batches.find(({ batch }) => error.code === 'CT_ROOT_MISMATCH' && batch.start === error.index)?.batch
  if (page === undefined || head === undefined) return undefined
  const leafInputs: string[] = []
  for (let i = 0, left = MAX_LEAF_BYTES; i < page.length; i++) {
    const leaf = page.leafInput(i)
    left -= leaf.length
    if (left < 0) break
    leafInputs.push(toBase64(leaf))
  }
  const { start, length: count } = page
  return { url: pageUrl(log, { start, count, treeSize: head.treeSize }), start, count, leafInputs }
}
