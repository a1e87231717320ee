import { CtStreamError } from '../../errors.js'
import type { RequestOptions } from '../../logs/client.js'
import { TILE_WIDTH } from '../../merkle/tile-hashes.js'
import type { LogRequests } from '../../poll/log-requests.js'
import type { LogInfo, SignedHead } from '../../types/log.js'
import { firstFaulty, isFork, isPrefix } from '../../verify/fault.js'
import type { Heads } from '../../verify/heads.js'
import type { HeldEntries } from '../../verify/held-entries.js'
import { dataTilePath } from '../../wire/tile-path.js'

/** What to compare in the search for the fault. */
export interface Scene {
  readonly log: LogInfo
  readonly heads: Heads
  readonly held: HeldEntries<unknown>
  readonly requests: Pick<LogRequests, 'tryFrontier' | 'tryConsistency'>
  readonly asking: RequestOptions & { readonly signal: AbortSignal }
}

/**
 * Finds the fault behind a failed proof: the log signed two trees (`CT_HEAD_CONFLICT`), or a page of entries is not in the tree it
 * signed (`CT_ROOT_MISMATCH`, naming the page). Where neither can be shown, the result is `error` itself, naming the log.
 *
 * Every hash it compares with is proven to belong to a signed tree. Requests that fail are not repeated.
 */
export async function explain(error: CtStreamError, scene: Scene): Promise<CtStreamError> {
  return withPlace(await found(error, scene), scene.log)
}

/** Adds the log to errors of checks that do not know it. */
function withPlace(error: CtStreamError, log: LogInfo): CtStreamError {
  if (error.url !== undefined) return error
  const { code, message, cause, retryable, index, expected, actual } = error
  const context = { cause, retryable, index, expected, actual, logId: log.id, url: log.url }
  return new CtStreamError(code, message.startsWith(log.url) ? message : `${log.url}: ${message}`, context)
}

async function found(error: CtStreamError, scene: Scene): Promise<CtStreamError> {
  const { heads, held, asking } = scene
  const head = heads.disputed.head ?? heads.newest
  if (head === undefined || !PROOFS.has(error.code)) return error
  try {
    return (await forkOf(head, scene)) ?? (held.pages > 0 ? await faultOf(head, scene, error) : undefined) ?? error
  } catch (failure) {
    asking.signal.throwIfAborted()
    if (!CtStreamError.is(failure)) throw failure
    return error
  }
}

/** Whether a search can add anything: a wrong signature, or two signed heads, need no explanation. */
const PROOFS: ReadonlySet<string> = new Set(['CT_CONSISTENCY', 'CT_INCLUSION', 'CT_ROOT_MISMATCH'])

async function forkOf(head: SignedHead, scene: Scene): Promise<CtStreamError | undefined> {
  const { log, heads, requests, asking } = scene
  const frontier = frontierIn(scene)
  for (const other of new Set([heads.verified, heads.newest])) {
    if (other === undefined || other === head || !(await isFork(other, head, frontier))) continue
    const [smaller, larger] = other.treeSize <= head.treeSize ? [other, head] : [head, other]
    const proof = await requests.tryConsistency(smaller.treeSize, larger, asking).catch(() => undefined)
    // A proof from a power of two leaves this root out: without it, nobody else could follow the proof.
    const firstRoot = (await frontier(smaller.treeSize, larger)).root()
    heads.disputed = { head, proof: proof ?? heads.disputed.proof, firstRoot }
    const message = `${log.url}: fork: the log signed two trees, and that of ${larger.treeSize} entries does not continue that of ${smaller.treeSize}`
    return new CtStreamError('CT_HEAD_CONFLICT', message, { logId: log.id, url: log.url, index: smaller.treeSize })
  }
  return undefined
}

async function faultOf(head: SignedHead, scene: Scene, cause: CtStreamError): Promise<CtStreamError | undefined> {
  const { log, held } = scene
  const frontier = frontierIn(scene)
  const { size } = held.provenRange
  const context = { cause, logId: log.id, url: log.url, retryable: true }
  if (size > 0 && !(await isPrefix(size, held.provenRange.root(), head, frontier)))
    return new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `${log.url}: what is remembered of the first ${size} entries is not the tree the log signed, though all its heads agree: the checkpoint is damaged`,
      context,
    )
  const page = await firstFaulty(held.batches, head, frontier)
  if (page === undefined) return undefined
  const { start, length } = page.batch
  const entries = length === 1 ? `entry ${start}` : `entries ${start} to ${start + length - 1}`
  const [what, none] =
    log.kind === 'static-ct'
      ? [`${tileOf(start, head)} (${entries}) does`, 'nothing of it']
      : [`${entries} ${length === 1 ? 'does' : 'do'}`, 'none']
  const message = `${log.url}: ${what} not match the tree the log signed; ${none} delivered`
  return new CtStreamError('CT_ROOT_MISMATCH', message, { ...context, index: start })
}

/** The data tile of an entry, as wide as it is in the tree of `head`. */
function tileOf(start: number, { treeSize }: SignedHead): string {
  const index = Math.floor(start / TILE_WIDTH)
  return dataTilePath(index, Math.min(TILE_WIDTH, treeSize - index * TILE_WIDTH))
}

function frontierIn({ requests, asking }: Scene) {
  return (index: number, head: SignedHead) => requests.tryFrontier(index, head, asking)
}
