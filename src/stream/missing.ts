import { openGaps } from '../checkpoint/open-gaps.js'
import { CtStreamError } from '../errors.js'
import type { Gap, LogCheckpoint } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'

/** Most logs to name in a message. */
const NAMED = 5

/** Entries that a stream does not deliver. */
export class Missing {
  private readonly gaps: Gap[] = []
  /** Logs given up before their end, and why. */
  private readonly givenUp = new Map<string, { readonly log: LogInfo; readonly reason: string }>()

  addGap(gap: Gap): void {
    this.gaps.push(gap)
  }

  /** A stream with an end gave the log up; the extent of what is missing may be unknown. */
  giveUp(log: LogInfo, reason: string): void {
    this.givenUp.set(log.id, { log, reason })
  }

  /**
   * Gaps that were not filled later by a log that came back.
   * @param rows - The current rows of the logs; called only when needed.
   */
  openGaps(rows: () => readonly LogCheckpoint[]): Gap[] {
    return this.gaps.length === 0 ? [] : openGaps(this.gaps, rows())
  }

  /**
   * @param rows - As in {@link openGaps}.
   * @throws `CT_INCOMPLETE` when something is missing.
   */
  throwIfAny(rows: () => readonly LogCheckpoint[]): void {
    const gaps = this.openGaps(rows)
    const parts = gaps.map(
      ({ log, start, end, reason }) =>
        `${nameOf(log, reason)} from ${start}${end === undefined ? '' : ` to ${end}`} (${reason})`,
    )
    for (const { log, reason } of this.givenUp.values())
      if (!gaps.some((gap) => gap.log.id === log.id)) parts.push(`${nameOf(log, reason)} (${reason})`)
    if (parts.length === 0) return
    const rest = parts.length > NAMED ? ` and ${parts.length - NAMED} more` : ''
    const missing = parts.slice(0, NAMED).join(', ') + rest
    throw new CtStreamError('CT_INCOMPLETE', `the stream ended without some entries: ${missing}`)
  }
}

/** With its URL, unless the reason has it: most are errors of requests. */
function nameOf({ description, url }: LogInfo, reason: string): string {
  return reason.includes(url) ? description : `${description} at ${url}`
}
