import { CtStreamError } from '../errors.js'
import type { ParkedEntry } from '../types/queue.js'

/** The entries that groups of processors have set aside in an engine. */
export interface ParkedEntries extends AsyncDisposable {
  /**
   * Lists parked entries, the latest first.
   *
   * @param options - `group`: default all; `limit`: 1 to 1,000,000, default 1,000.
   */
  list(options?: { readonly group?: string; readonly limit?: number }): Promise<readonly ParkedEntry[]>
  /**
   * Asks the processors of the group, including running ones, to replay entries. Each is forgotten when it is acknowledged.
   *
   * @param keys - Default: all of the group.
   * @returns How many entries will be replayed.
   */
  replay(group: string, keys?: readonly string[]): Promise<number>
  /**
   * Forgets entries.
   *
   * @param keys - Default: all of the group.
   * @returns How many were forgotten.
   */
  drop(group: string, keys?: readonly string[]): Promise<number>
  /** Disconnects. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens the entries that were set aside in an engine.
 *
 * @param url - As for `queueSource`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export async function openParked(url: string): Promise<ParkedEntries> {
  if (URL.canParse(url) && /^postgres(?:ql)?:$/.test(new URL(url).protocol))
    return (await import('./postgres-parked.js')).openPostgresParked(url)
  if (/^kafkas?:\/\//.test(url)) return (await import('./kafka-parked.js')).openKafkaParked(url)
  throw new CtStreamError(
    'CT_OPTION_INVALID',
    'a queue must be the URL of an engine, such as postgres://host/database or kafka://host/prefix',
  )
}
