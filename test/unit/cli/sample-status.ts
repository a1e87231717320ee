import type { LogStatus, StreamStatus } from '../../../src/types/stream-status.js'

/** What a stream says of one log that is well. */
export function log(changes: Partial<LogStatus> = {}, id = 'a'): LogStatus {
  return {
    log: { id, description: id, operator: id, kind: 'rfc6962', url: 'https://log.example/' },
    ...{ state: 'live', position: 10, headSize: 10, headAgeMs: 5, lagEntries: 0, lagMs: 0, verifiedSize: 10 },
    ...{ filtered: 0, duplicates: 0, unverified: 0 },
    ...{ entries: 0, entriesPerSecond: 0, bytes: 0, requests: 0, retries: 0, pageSize: 256, lastError: undefined },
    ...changes,
  } as LogStatus
}

/** What a stream says of all of them. */
export function status(logs: LogStatus[], changes: Partial<StreamStatus> = {}): StreamStatus {
  return {
    logs,
    entries: 56_789,
    entriesPerSecond: 1234.4,
    bytes: 0,
    bufferedBytes: 0,
    filtered: 0,
    duplicates: 0,
    gaps: 0,
    ...changes,
  }
}
