import type { LogStatus } from '../../types/stream-status.js'
import { cutText } from '../../util/harmless.js'
import type { FeedLog } from './shapes.js'

const MAX_TEXT = 500

/** A log as the page shows it. */
export function feedLog(status: LogStatus): FeedLog {
  const { log, state, headSize, headAgeMs, mmdMs, headProblem, lagEntries, lagMs, troubleMs, lastError } = status
  return {
    id: log.id,
    name: cutText(log.description, MAX_TEXT),
    operator: cutText(log.operator, MAX_TEXT),
    kind: log.kind,
    state,
    headSize: headSize ?? null,
    headAgeMs: headAgeMs ?? null,
    isHeadLate: headProblem !== undefined || (mmdMs !== undefined && headAgeMs !== undefined && headAgeMs > mmdMs),
    lagEntries: lagEntries ?? null,
    lagMs: lagMs ?? null,
    perSecond: status.entriesPerSecond,
    entries: status.entries,
    retries: status.retries,
    troubleMs: troubleMs ?? null,
    error: lastError === undefined ? null : { code: lastError.code, message: cutText(lastError.message, MAX_TEXT) },
  }
}
