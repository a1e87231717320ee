import type { ServerCluster } from '../../server/options.js'
import { elapsedOf } from '../../util/clock.js'
import type { CliIo } from '../io.js'
import type { RoleHealth } from './role-health.js'

export interface LookAfterOptions {
  readonly view: Pick<ServerCluster, 'shards' | 'latest'>
  readonly health: RoleHealth
  /** The engine is asked three times in it. Milliseconds. */
  readonly leaseMs: number
  readonly io: Pick<CliIo, 'clock' | 'stop'>
}

/**
 * The role `api`: the server answers requests; this checks whether the engine answers, until `io.stop` aborts. After a lease without an answer
 * what it said last no longer counts: owners may have changed, and `/metrics` must not say that all is well.
 */
export async function lookAfter({ view, health, leaseMs, io }: LookAfterOptions): Promise<void> {
  const elapsed = elapsedOf(io.clock)
  let answeredAt = elapsed()
  while (!io.stop.aborted) {
    const isAnswered = await view.shards().then(
      () => true,
      () => false,
    )
    health.asked('api', isAnswered)
    const now = elapsed()
    if (isAnswered) answeredAt = now
    else if (now - answeredAt > leaseMs) view.latest = undefined
    await io.clock.sleep(leaseMs / 3, io.stop).catch(() => {})
  }
}
