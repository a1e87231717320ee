import type { LogInfo } from '../../types/log.js'
import type { QueuedEntry } from '../engine.js'
import { type QueuedMessage, readEntry } from '../queued-message.js'

/**
 * Reads the message of an entry of a stream.
 *
 * @param index - As its id says; `undefined` for an id that is not of this library.
 * @param read - `readParkedMessage` for what was set aside.
 */
export function readMessage(
  message: QueuedMessage,
  log: LogInfo,
  index: number | undefined,
  read: typeof readEntry = readEntry,
): QueuedEntry {
  const refuse = (reason: string): QueuedEntry => ({ kind: 'refused', index, reason, body: message.body })
  const found = read('Redis', message, (logId) => (logId === log.id ? log : undefined))
  if (!('entry' in found)) {
    const isOther = found.logId !== undefined && found.logId !== log.id
    return refuse(isOther ? 'a message of another log than its stream' : found.reason)
  }
  if (found.index !== index) return refuse(`its id is not that of index ${found.index}`)
  return found.entry
}
