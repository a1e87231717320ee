import { defaultMmd } from '../loglist/merge.js'
import type { LogSpec } from '../types/log.js'
import type { ListedLog, ListedState } from '../types/log-list.js'

/** A log in one of these states takes no more entries, and may stop to sign heads. */
const CLOSED: readonly ListedState[] = ['readonly', 'retired', 'rejected']

/**
 * The age in milliseconds no newest head of a log may pass, its maximum merge delay (RFC 6962 section 3.5); `undefined` for
 * a log that takes no more entries: closed by the lists, or a shard whose interval is over.
 *
 * @param now - Epoch milliseconds.
 */
export function headDueMs(log: LogSpec | ListedLog, now: number): number | undefined {
  if ('state' in log) {
    if (CLOSED.includes(log.state) || log.finalTreeHead !== undefined) return undefined
    if (log.temporalInterval !== undefined && now >= log.temporalInterval.end.getTime()) return undefined
  }
  return mmdMsOf(log)
}

/** The maximum merge delay of a log, milliseconds: as given, or that of its protocol. */
export function mmdMsOf(log: LogSpec | ListedLog): number {
  return (log.mmd ?? defaultMmd[log.kind]) * 1000
}
