import type { Clock, Logger } from '../../types/clock.js'
import { linkedController } from '../../util/abort.js'
import { backoffDelay } from '../../util/backoff.js'
import { elapsedOf } from '../../util/clock.js'
import { harmless } from '../../util/harmless.js'
import { messageOf } from '../../util/message-of.js'
import { outcomeOf } from '../patient-call.js'
import { TroubleLog } from '../trouble-log.js'
import { NoThread } from './module-thread.js'

/** How long one attempt may take. */
const ATTEMPT_MS = 60_000
const RETRY = { baseMs: 1000, maxMs: 60_000 }

export interface SetUpAgainOptions {
  readonly clock: Clock
  /** Uniform in [0, 1), for waits between attempts. */
  readonly random: () => number
  readonly log: Logger
  /** Aborts when the run stops all work. */
  readonly stop: AbortSignal
}

/**
 * Sets a module up that has worked, for as long as it takes: what fails it now, such as a list that is being edited, is no fault of the
 * certificates that wait for it.
 *
 * @throws {@link NoThread} of an attempt; `stop.reason`.
 */
export async function setUpAgain(
  attempt: (signal: AbortSignal) => Promise<unknown>,
  { clock, random, log, stop }: SetUpAgainOptions,
): Promise<void> {
  const troubles = new TroubleLog(log, elapsedOf(clock))
  for (let failures = 0; ; failures++) {
    const limit = linkedController(stop)
    const outcome = await outcomeOf(attempt(limit.signal), clock, ATTEMPT_MS, stop)
    if (outcome.kind === 'done') {
      limit.unlink()
      return troubles.over('is set up again')
    }
    stop.throwIfAborted()
    if (outcome.kind === 'failed' && outcome.error instanceof NoThread) throw outcome.error
    const reason = outcome.kind === 'failed' ? messageOf(outcome.error) : `it took longer than ${ATTEMPT_MS} ms`
    limit.abort(new Error(reason))
    const wait = backoffDelay(RETRY, failures, random)
    troubles.trouble(
      'warn',
      `cannot be set up again, and certificates wait for it; it is tried again in ${wait} ms: ${harmless(reason)}`,
    )
    await clock.sleep(wait, stop)
  }
}
