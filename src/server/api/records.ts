import type { ModuleStatus } from '../../modules/status.js'
import type { Evidence, Gap } from '../../types/checkpoint.js'
import type { FollowedLog } from '../../types/stream.js'
import type { LogStatus } from '../../types/stream-status.js'
import { evidenceToJSON } from '../../verify/evidence-json.js'
import { ApiProblem } from './problem.js'

/** Records of the library in the form of the API. */

export function logRecord(status: LogStatus): object {
  const { log, state, position, headSize, headAgeMs, mmdMs, verifiedSize, lagEntries, lagMs, lastError } = status
  const { entries, filtered, duplicates, unverified, entriesPerSecond, bytes, requests, retries } = status
  return {
    log: infoOf(log),
    state,
    position: position ?? null,
    headSize: headSize ?? null,
    headAgeMs: headAgeMs ?? null,
    mmdMs: mmdMs ?? null,
    verifiedSize: verifiedSize ?? null,
    lagEntries: lagEntries ?? null,
    lagMs: lagMs ?? null,
    ...{ entries, filtered, duplicates, unverified, entriesPerSecond, bytes, requests, retries },
    failingSince: iso(status.failingSince),
    nextRetryAt: iso(status.nextRetryAt),
    lastError: lastError === undefined ? null : { code: lastError.code, message: lastError.message },
  }
}

export function moduleRecord({ lastError, queuedBytes, ...module }: ModuleStatus): object {
  const error = lastError === undefined ? null : { code: lastError.code, message: lastError.message }
  return { ...module, queuedBytes: Math.max(0, Math.round(queuedBytes)), lastError: error }
}

export function gapRecord({ log, start, end, reason, recordedAt }: Gap): object {
  return { log: infoOf(log), start, end: end ?? null, reason, recordedAt: iso(recordedAt) }
}

/** @param id - Its place in the order recorded. */
export function evidenceRecord({ log, code, message, recordedAt }: Evidence, id: string): object {
  return { id, log: infoOf(log), code, message, recordedAt: iso(recordedAt) }
}

/** @throws {@link ApiProblem} 404 when no document can be made of it. */
export function evidenceDocument(evidence: Evidence, followed: readonly FollowedLog[]): object {
  const key = followed.find(({ id }) => id === evidence.log.id)?.key
  try {
    return evidenceToJSON(evidence, key === undefined ? {} : { key })
  } catch (error) {
    throw new ApiProblem(404, `no document can be made of it: ${error instanceof Error ? error.message : error}`)
  }
}

export function iso(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}

/** Copies only the documented members: the objects of a source may have more. */
function infoOf({ id, description, operator, kind, url }: LogStatus['log']) {
  return { id, description, operator, kind, url }
}
