import type { CtStreamError } from '../../errors.js'
import type { Gap } from '../../types/checkpoint.js'
import type { LogInfo } from '../../types/log.js'
import { likelyCause } from './likely-cause.js'

/** Ends a session whose log cannot be read to the end. */
export class GaveUp extends Error {}

/** Why a stream with an end stops reading a log. Does not name the log: the error or gap does. */
export function outOfReach(log: LogInfo, error: CtStreamError, limitMs: number, wasReached: boolean): GaveUp {
  const time = `${Math.round(limitMs / 1000)} s`
  const state = wasReached ? `gave no answer for ${time}` : `was not reached in ${time}`
  return new GaveUp(`${state}: ${likelyCause(error, log, wasReached)}`)
}

/** The state of a session that gave its log up. */
export interface LeftAt {
  readonly log: LogInfo
  /** Index after the last entry handed on. */
  readonly handedOn: number
  /** Index before which it was to read; infinite when there was none. */
  readonly endIndex: number
  /** For a log that left the lists: the size of the largest tree it signed, if a head was seen. */
  readonly lastSize: number | undefined
  /** Whether the log may have taken entries that no head seen covers. */
  readonly mayHaveMore: boolean
}

/** The entries that will not be delivered, of unknown length where all that is known was delivered; `undefined` when there are none. */
export function gapAt(
  { log, handedOn, endIndex, lastSize, mayHaveMore }: LeftAt,
  reason: string,
  recordedAt: number,
): Gap | undefined {
  const end = Number.isFinite(endIndex) ? endIndex : lastSize
  if (end === undefined || end > handedOn) return { log, start: handedOn, end, reason, recordedAt }
  return mayHaveMore && endIndex > handedOn ? { log, start: handedOn, end: undefined, reason, recordedAt } : undefined
}
