import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { withDeadline as deadline } from '../util/deadline.js'
import type { KafkaAddress } from './address.js'
import { askAnother, firstAsked } from './client.js'
import { apiIds, kafkaError } from './errors.js'

/** How long one step may take, even while a broker fails over: with three brokers the longest seen was 13 s. Milliseconds. */
const STEP_TIMEOUT_MS = 20_000

export interface Step {
  readonly doing: string
  readonly address: KafkaAddress
  readonly clock: Clock
  /** Default 20,000. */
  readonly timeoutMs?: number
  /** Ends the work at the deadline: closes the client, which would otherwise retry for ever. */
  giveUp(): void
}

/**
 * Waits a bounded time for work that the client retries for ever.
 *
 * @throws {@link CtStreamError} as `kafkaError` makes it; `CT_SINK_FAILED`, retryable, at the deadline.
 */
export async function withDeadline<T>(work: Promise<T>, step: Step): Promise<T> {
  const { doing, address, clock, timeoutMs = STEP_TIMEOUT_MS } = step
  const first = firstAsked(address)
  try {
    return await deadline(work, clock, timeoutMs, () => {
      step.giveUp()
      return new CtStreamError(
        'CT_SINK_FAILED',
        `could not ${doing} at ${address.shown}: no answer for ${Math.round(timeoutMs / 1000)} s; is a broker running there?`,
        { retryable: true },
      )
    })
  } catch (error) {
    // The client gives up earlier, too: it does not repeat every request that had no answer.
    if (apiIds(error).next().done) askAnother(address, first)
    throw kafkaError(error, doing, address)
  }
}
