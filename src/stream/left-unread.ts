import type { Gap } from '../types/checkpoint.js'
import type { LogSessionEvents } from './log/log-session-options.js'

/** Why entries are a gap of a log that no list named when a run began, and that could not be opened: nobody has tried to read them. */
const LEFT_UNREAD = 'the log left the lists while nobody read it'

/** The gap of a log that no list names and that cannot be opened. */
export function gapOfUnread(log: Gap['log'], start: number, end: number | undefined, recordedAt: number): Gap {
  return { log, start, end, reason: LEFT_UNREAD, recordedAt }
}

/** Whether a gap says that nobody has tried to read its entries: where a list names the log again, it is tried. */
export const isUntried = ({ reason }: Gap): boolean => reason === LEFT_UNREAD

/** Events for the session of a log some of whose gaps are on record: where it is out of reach, they are not told again. */
export function withoutRepeating(onRecord: readonly Gap[], events: LogSessionEvents): LogSessionEvents {
  if (onRecord.length === 0) return events
  const isOnRecord = ({ start, end }: Gap) => onRecord.some((gap) => gap.start === start && gap.end === end)
  return {
    ...events,
    async gap(gap) {
      if (!isOnRecord(gap)) await events.gap(gap)
    },
    gaveUp() {},
  }
}
