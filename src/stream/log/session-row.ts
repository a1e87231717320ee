import { readFromOf } from '../../checkpoint/open-gaps.js'
import type { CompactRange } from '../../merkle/compact-range.js'
import type { LearnedLimits } from '../../poll/learned-limits.js'
import type { LogCheckpoint } from '../../types/checkpoint.js'
import type { SignedHead } from '../../types/log.js'
import { isSame } from '../../verify/unserved-heads.js'
import type { ProofWindow } from './proof-window.js'
import type { LeftTimes } from './retirement.js'
import type { TroubledSession } from './trouble.js'

/** The session whose state is stored. */
interface KnownSession extends Pick<TroubledSession, 'options' | 'span' | 'logHeads' | 'condition' | 'log'> {
  readonly limits: LearnedLimits
  readonly window: Pick<ProofWindow, 'fetchedTo'>
  readonly listed: Readonly<Record<string, unknown>> | undefined
  readonly left: LeftTimes | undefined
}

/**
 * The row to store for a log. Until a log that is followed again is opened again, what its row had still holds: it may never open.
 * @param next - Index at which the next run continues.
 * @param range - Compact range of everything before `next`; `undefined` when nothing is proven.
 */
export function sessionRow(session: KnownSession, next: number, range: CompactRange | undefined): LogCheckpoint {
  const { known } = session.logHeads
  const before = unopened(session)
  const isKept = (head: SignedHead) => !known.wasAccused(head) && !known.pending.some((other) => isSame(head, other))
  return {
    log: session.log,
    position: next,
    range: range?.hashes,
    verifiedHead: known.verified ?? before?.verifiedHead,
    pendingHeads: [...(before?.pendingHeads ?? []).filter(isKept), ...known.pending],
    learned: learnedOf(session, next),
  }
}

/**
 * The row of a log that this run has not opened: as it is stored, and how long a log that left the lists has been out of reach. One that was
 * finished, and is followed again, is so no longer. `undefined` where there is nothing new to store.
 */
export function unopenedRow({
  options,
  left,
  listed,
}: Pick<KnownSession, 'options' | 'left' | 'listed'>): LogCheckpoint | undefined {
  const { stored, resumeAt } = options
  // Where a cursor says where to begin, the row is of another place.
  if (stored === undefined || resumeAt !== undefined) return undefined
  const { finished, ...learned } = stored.learned
  if (left !== undefined) return { ...stored, learned: { ...stored.learned, left } }
  return finished === true && listed !== undefined ? { ...stored, learned: { ...learned, listed } } : undefined
}

/**
 * Whether the log left the lists, showed its last head, and was read to it. Nobody asks a finished log again, so what it served must be
 * acknowledged, too.
 * @param next - Index of the first entry not acknowledged.
 */
export function isFinishedAt(
  { logHeads, condition, window }: Pick<KnownSession, 'logHeads' | 'condition' | 'window'>,
  next: number,
): boolean {
  const isRead = next >= window.fetchedTo && next >= logHeads.signedSize
  // `finished` is also a session that came to the end of the run.
  return logHeads.retired !== undefined && condition.state === 'finished' && isRead
}

/** The row from which a log goes on that is not opened yet. */
function unopened({ span, options }: KnownSession): LogCheckpoint | undefined {
  return span.start === undefined ? options.stored : undefined
}

/** The learned limits of the log, the index from which it was read without a break, and what the next run needs if all lists drop it. */
function learnedOf(session: KnownSession, next: number): LogCheckpoint['learned'] {
  const { options, span, logHeads, limits, log, listed, left } = session
  const before = unopened(session)?.learned
  const kept = limits.record(options.scheduler.kept(log.url))
  const unserved = { ...(before?.unserved as object | undefined), ...logHeads.known.unserved.record() }
  const waited = Object.keys(unserved).length > 0 && { unserved }
  const readFrom = span.start === undefined ? before?.readFrom : readFromOf(options.stored, span.start)
  // A log that was finished, and is followed again, is so no longer.
  const finished = isFinishedAt(session, next)
  const ending = finished ? { finished } : { ...(listed && { listed }), ...(left && { left }) }
  return { ...kept, ...(readFrom !== undefined && { readFrom }), ...ending, ...waited }
}
