import type { CtStreamError } from '../errors.js'
import { MAX_LIST_AGE_MS } from './defaults.js'
import type { ListEntry } from './list-entry.js'
import { invalid, type ParsedList } from './schema.js'
import { canGrow, readStates } from './select.js'

/** The last copy of a list that was believed. */
export interface GoodCopy {
  readonly list: ParsedList
  /** Epoch milliseconds when a server last said that this is the list. */
  readonly confirmedAt: number
  /** Whether its maker signs it, so that its timestamp is the maker's word. Default `false`. */
  readonly isSigned?: boolean
}

const DAY_MS = 24 * 60 * 60_000

/** How far the timestamp of a list may be ahead of this machine's clock. Milliseconds. */
const MAX_AHEAD_MS = DAY_MS

/** With fewer active logs than this a list is somebody's own, and may change as its owner likes. */
const COLLAPSE_FROM = 4

/**
 * Refuses a list that is well-formed and yet not to be believed. Google serves frozen and "mimic" lists to some clients
 * (Chrome's `3p_libraries.md`), and files get cut; a monitor that obeyed such a list would stop reading and say nothing.
 *
 * A fetched list is refused when
 *
 * - it names no log at all once placeholders and mimics are left out,
 * - its timestamp is more than 70 days old,
 * - its timestamp is more than a day ahead of the clock: once believed, it would keep out every later list,
 * - its timestamp is older than that of the copy at hand (a replay, or a cache that lags); not asked where the copy is of the
 *   future itself, unless it is signed, or
 * - it has *collapsed*: of the logs that were active in the copy at hand (qualified, usable or readonly, in a shard that
 *   can still grow; all logs where the list has no states), fewer than half are active in it. One operator that leaves
 *   with all its logs explains its own losses, as long as others remain. Not asked of a list with fewer than 4 active
 *   logs, nor when the copy at hand is itself more than 70 days unconfirmed: then anything newer is better.
 *
 * @param previous - The last good copy, which the caller keeps using when this throws.
 * @param now - Epoch milliseconds.
 * @throws {@link CtStreamError} `CT_LIST_INVALID`, retryable, saying which of these it is.
 */
export function checkBelievable(list: ParsedList, previous: GoodCopy | undefined, now: number): void {
  checkNotEmpty(list)
  const stale = staleness(list, now)
  if (stale !== undefined) throw stale
  checkNotAhead(list, now)
  if (previous === undefined) return
  if (previous.isSigned || !isAhead(previous.list, now)) checkNotOlder(list, previous.list)
  if (now - previous.confirmedAt <= MAX_LIST_AGE_MS) checkNotCollapsed(list, previous.list, now)
}

/**
 * Refuses a list that names no log: the one thing that is also asked of lists the user hands in.
 * @throws {@link CtStreamError} `CT_LIST_INVALID`.
 */
export function checkNotEmpty(list: ParsedList): void {
  if (list.entries.size > 0) return
  const placeholders = list.problems.filter(({ kind }) => kind === 'placeholder').length
  const skipped = list.problems.filter(({ kind }) => kind === 'skipped')
  const first = skipped[0] === undefined ? '' : ` (the first: ${skipped[0].log} ${skipped[0].message})`
  throw invalid(list.name, `names no log: ${placeholders} placeholders, ${skipped.length} skipped${first}`)
}

/** Why a list is too old to be believed; `undefined` when it is not, or does not say how old it is. */
export function staleness(list: ParsedList, now: number): CtStreamError | undefined {
  if (list.timestamp === undefined || now - list.timestamp.getTime() <= MAX_LIST_AGE_MS) return undefined
  const days = Math.floor((now - list.timestamp.getTime()) / DAY_MS)
  return invalid(list.name, `is stale: made ${list.timestamp.toISOString()}, ${days} days ago (70 are allowed)`)
}

function isAhead({ timestamp }: ParsedList, now: number): boolean {
  return timestamp !== undefined && timestamp.getTime() - now > MAX_AHEAD_MS
}

function checkNotAhead(list: ParsedList, now: number): void {
  if (list.timestamp === undefined || !isAhead(list, now)) return
  const days = Math.floor((list.timestamp.getTime() - now) / DAY_MS)
  const [made, clock] = [list.timestamp.toISOString(), new Date(now).toISOString()]
  throw invalid(
    list.name,
    `says it was made ${made}, ${days} days ahead of the clock of this machine (${clock}): one of them is wrong`,
  )
}

function checkNotOlder(list: ParsedList, previous: ParsedList): void {
  if (list.timestamp === undefined || previous.timestamp === undefined || list.timestamp >= previous.timestamp) return
  const [made, kept] = [list.timestamp.toISOString(), previous.timestamp.toISOString()]
  throw invalid(list.name, `was made ${made}, before the copy at hand (${kept})`)
}

function checkNotCollapsed(list: ParsedList, previous: ParsedList, now: number): void {
  // A shard can have run out by what only the newer list says of it.
  const before = activeEntries(previous, now).filter(({ id }) => hasTime(list.entries.get(id), now))
  if (before.length < COLLAPSE_FROM) return
  const active = new Set(activeEntries(list, now).map(({ id }) => id))
  const lost = before.filter(({ id }) => !active.has(id))
  if (lost.length * 2 <= before.length || isOneOperatorLeaving(before, lost)) return
  throw invalid(
    list.name,
    `has collapsed: ${lost.length} of ${before.length} active logs of the copy at hand are gone or inactive`,
  )
}

function isOneOperatorLeaving(before: readonly ListEntry[], lost: readonly ListEntry[]): boolean {
  const operators = new Set(lost.map(({ operator }) => operator))
  return operators.size === 1 && lost.length < before.length
}

function activeEntries(list: ParsedList, now: number): ListEntry[] {
  const entries = [...list.entries.values()]
  const stateless = entries.every(({ state }) => state === 'unlisted')
  return entries.filter((entry) => (stateless || readStates.includes(entry.state)) && hasTime(entry, now))
}

function hasTime(entry: ListEntry | undefined, now: number): boolean {
  return entry === undefined || canGrow({ temporalInterval: entry.temporalInterval, mmd: entry.mmd ?? 86400 }, now)
}
