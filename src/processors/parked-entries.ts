import type { ParkedEntry } from '../types/queue.js'
import { readableEngine } from './engines.js'

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
  return readableEngine(url).parked(url)
}
