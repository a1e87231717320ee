import type { CtStreamError } from '../errors.js'
import { answerAtFault } from '../logs/answer-at-fault.js'
import type { LogClient } from '../logs/client.js'
import type { Evidence } from '../types/checkpoint.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { toBase64 } from '../util/bytes.js'
import type { Heads } from './heads.js'
import type { HeldEntries, ProvenBatch } from './held-entries.js'
import { pageUrl } from './page-url.js'

/** A log's answer that contradicted what the log signed. */
export interface Disproof {
  readonly log: LogInfo
  readonly error: CtStreamError
  /** Who the log is: its key and origin, for those who have only the evidence. */
  readonly client?: Pick<LogClient, 'key' | 'origin'>
  /** Epoch milliseconds of the first answer that contradicted. */
  readonly since?: number | undefined
}

type Held = Pick<HeldEntries<unknown>, 'provenRange' | 'leafHashes' | 'batches' | 'end'>

/** Most leaves of the page at fault that are kept whole, bytes: a page can have 12 MB. All are pinned by their leaf hashes. */
const MAX_LEAF_BYTES = 1024 * 1024

/**
 * A record that shows the contradiction to somebody who has only the log's public key: the head and the proof the answer was
 * measured against, what was verified before, and the hashes of the entries that did not fit. `evidenceToJSON` makes the
 * document of it that others can check.
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
      // What it was compared with, where that is not the verified one: two signed heads contradict each other.
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

/** Whether two records show one contradiction, met at different times: it is kept once, however often a log is met with it. */
export function isSameEvidence(a: Evidence, b: Evidence): boolean {
  return a.log.id === b.log.id && a.code === b.code && claimOf(a) === claimOf(b)
}

/** What a record says that another one of the same contradiction says too. */
function claimOf({ code, message, detail }: Evidence): string {
  // Whatever smaller trees it signed since, it is the larger one that the log lost.
  if (code === 'CT_HEAD_ROLLBACK') return rootIn(detail.newestHead ?? detail.verifiedHead)
  return code === 'CT_HEAD_CONFLICT' ? `${message} ${rootIn(detail.head)}` : message
}

/** The root of a head in a record, which may come from anybody's store. */
function rootIn(head: unknown): string {
  return String((head as { sha256_root_hash?: unknown } | null | undefined)?.sha256_root_hash)
}

/** A signed head in the words of get-sth (RFC 6962 section 4.3). */
export function headRecord(head: SignedHead): Record<string, string | number> {
  return {
    tree_size: head.treeSize,
    timestamp: head.timestamp,
    sha256_root_hash: toBase64(head.rootHash),
    tree_head_signature: toBase64(head.signature),
  }
}

/** The page that was found to be at fault, with its leaves as they were served. */
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
