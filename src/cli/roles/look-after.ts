import type { ServerCluster } from '../../server/options.js'
import type { CliIo } from '../io.js'
import type { RoleHealth } from './role-health.js'

export interface LookAfterOptions {
  readonly view: Pick<ServerCluster, 'shards'>
  readonly health: RoleHealth
  /** Milliseconds. */
  readonly everyMs: number
  readonly io: Pick<CliIo, 'clock' | 'stop'>
}

/** The role `api`: the server answers requests; this checks whether the engine answers, until `io.stop` aborts. */
export async function lookAfter({ view, health, everyMs, io }: LookAfterOptions): Promise<void> {
  while (!io.stop.aborted) {
    const isAnswered = await view.shards().then(
      () => true,
      () => false,
    )
    health.asked('api', isAnswered)
    await io.clock.sleep(everyMs, io.stop).catch(() => {})
  }
}
