import { setImmediate } from 'node:timers/promises'
import { CtStreamError } from '../errors.js'
import { outOfReach } from '../stream/log/giving-up.js'
import type { Clock } from '../types/clock.js'
import type { StreamStatus } from '../types/stream-status.js'

const EVERY_MS = 1000

export interface ReachOptions {
  readonly status: () => StreamStatus
  readonly clock: Clock
  readonly limitMs: number
  /** Ends the watch. */
  readonly signal: AbortSignal
}

/**
 * Resolves with an error when no log of a stream has answered for `limitMs`, so that no more certificates can be expected. Resolves with
 * `undefined` when the signal aborts first.
 */
export async function allOutOfReach({
  status,
  clock,
  limitMs,
  signal,
}: ReachOptions): Promise<CtStreamError | undefined> {
  while (!signal.aborted) {
    await clock.sleep(EVERY_MS, signal).catch(() => {})
    await setImmediate()
    const { logs } = status()
    const [first] = logs
    if (signal.aborted || first?.lastError === undefined) continue
    if (!logs.every(({ troubleMs = 0 }) => troubleMs >= limitMs)) continue
    const reason = outOfReach(first.log, first.lastError, limitMs, first.headSize !== undefined).message
    const others = logs.length === 1 ? '' : `, of ${logs.length}`
    return new CtStreamError('CT_INCOMPLETE', `no log can be read${others}: ${first.log.description} ${reason}`, {
      cause: first.lastError,
    })
  }
  return undefined
}
