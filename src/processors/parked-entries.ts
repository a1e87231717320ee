import { CtStreamError } from '../errors.js'
import type { ParkedEntry } from '../types/queue.js'

/** What the groups of an engine have set aside. */
export interface ParkedEntries extends AsyncDisposable {
  /**
   * Those set aside last.
   *
   * @param options - `group`: default all; `limit`: 1 to 1,000,000, default 1,000.
   */
  list(options?: { readonly group?: string; readonly limit?: number }): Promise<readonly ParkedEntry[]>
  /**
   * Has entries given to a processor of their group again, those running included. They are forgotten when it is finished with them.
   *
   * @param keys - Default: all of the group.
   * @returns How many of them there are.
   */
  replay(group: string, keys?: readonly string[]): Promise<number>
  /**
   * Forgets entries.
   *
   * @param keys - Default: all of the group.
   * @returns How many of them there were.
   */
  drop(group: string, keys?: readonly string[]): Promise<number>
  /** Disconnects. Idempotent. */
  close(): Promise<void>
}

/**
 * What was set aside in an engine.
 *
 * @param url - As of `queueSource`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export async function openParked(url: string): Promise<ParkedEntries> {
  if (URL.canParse(url) && /^postgres(?:ql)?:$/.test(new URL(url).protocol))
    return (await import('./postgres-parked.js')).openPostgresParked(url)
  throw new CtStreamError('CT_OPTION_INVALID', 'a queue must be the URL of an engine, such as postgres://host/database')
}
