import type { CtStreamError } from '../../errors.js'
import type { Gap } from '../../types/checkpoint.js'
import type { LogInfo } from '../../types/log.js'
import { likelyCause } from './likely-cause.js'

/** How long a log that left the lists may be out of reach before what is missing of it is recorded as a gap. */
const RETIRED_PATIENCE_MS = 86_400_000

/**
 * How long a log that left the lists is looked at before it counts as at its end, milliseconds: a front end that lags shows an old
 * head, and shows nothing else once nothing is published any more.
 */
export const RETIRED_LOOKS_MS = 3_600_000

/** Ends a session whose log cannot be read to the end. */
export class GaveUp extends Error {}

/** Whether a log that left the lists at `retiredAt`, and cannot be reached, is waited for no longer. Elapsed milliseconds. */
export function isPatienceOver(retiredAt: number | undefined, now: number): boolean {
  return retiredAt !== undefined && now - retiredAt > RETIRED_PATIENCE_MS
}

/** Whether a log that left the lists at `retiredAt` has had time to show its last head. Elapsed milliseconds. */
export function hasShownAll(retiredAt: number | undefined, now: number): boolean {
  return retiredAt !== undefined && now - retiredAt >= RETIRED_LOOKS_MS
}

/** Why a stream with an end reads a log no further; which log that is, its error or gap says beside it. */
export function outOfReach(log: LogInfo, error: CtStreamError, limitMs: number, wasReached: boolean): GaveUp {
  const time = `${Math.round(limitMs / 1000)} s`
  const state = wasReached ? `gave no answer for ${time}` : `was not reached in ${time}`
  return new GaveUp(`${state}: ${likelyCause(error, log, wasReached)}`)
}

/** Where a session stood when it gave its log up. */
export interface LeftAt {
  readonly log: LogInfo
  /** Index after the last entry handed on. */
  readonly handedOn: number
  /** Index before which it was to read; infinite when there was none. */
  readonly endIndex: number
  /** Of a log that left the lists: the size of the largest tree it signed, if any was seen. */
  readonly lastSize: number | undefined
}

/** The entries that will not be delivered; `undefined` when there are none. */
export function gapAt(
  { log, handedOn, endIndex, lastSize }: LeftAt,
  reason: string,
  recordedAt: number,
): Gap | undefined {
  const end = Number.isFinite(endIndex) ? endIndex : lastSize
  if (end !== undefined && end <= handedOn) return undefined
  return { log, start: handedOn, end, reason, recordedAt }
}
