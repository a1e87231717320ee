import type { Clock, Logger } from '../../types/clock.js'
import { type LinkedController, quietController } from '../../util/abort.js'
import { messageOf } from '../../util/message-of.js'

/**
 * How long the other roles may take to end after one has failed: a collector finishes its page and releases its shards, modules finish their
 * entries and are torn down. Milliseconds.
 */
const ENDING_MS = 10_000

export interface TogetherOptions {
  /** Aborted as soon as one role has ended; then the others are to end, too. */
  readonly over: Pick<LinkedController, 'signal' | 'abort'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'>
}

/**
 * Runs roles side by side until all have ended. After a failure it waits ten seconds for the others at most: an engine that gives no answer
 * can hold them up.
 *
 * @throws what the first role failed with.
 */
export async function runTogether(
  roles: readonly (() => Promise<void>)[],
  { over, clock, logger }: TogetherOptions,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined
  let onFailure = () => {}
  const failed = new Promise<void>((resolve) => {
    onFailure = resolve
  })
  const run = async (role: () => Promise<void>) => {
    try {
      await role()
    } catch (error) {
      if (failure === undefined) failure = { error }
      else if (error !== over.signal.reason) logger.warn(`another role failed as it ended: ${messageOf(error)}`)
      onFailure()
    } finally {
      over.abort()
    }
  }
  const ended = quietController()
  const late = failed
    .then(() => clock.sleep(ENDING_MS, ended.signal))
    .then(
      () => logger.warn('another role did not end in time: what it holds is free again when its leases expire'),
      () => {},
    )
  await Promise.race([Promise.all(roles.map(run)), late])
  ended.abort()
  if (failure !== undefined) throw failure.error
}
