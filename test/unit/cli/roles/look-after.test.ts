import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { lookAfter } from '../../../../src/cli/roles/look-after.js'
import { RoleHealth } from '../../../../src/cli/roles/role-health.js'
import { registerClusterMetrics } from '../../../../src/metrics/cluster-metrics.js'
import type { ShardState } from '../../../../src/types/cluster.js'
import { quietController } from '../../../../src/util/abort.js'
import { VirtualClock } from '../../../support/virtual-clock.js'

/** The role `api` at a lease of 15 seconds, over a database that can be away. */
async function scene() {
  const clock = new VirtualClock()
  const stop = quietController()
  const database = { isAway: false }
  const shard: ShardState = { name: 'a', epoch: 3, owner: 'me', until: undefined, logs: [] }
  const view = {
    latest: undefined as readonly ShardState[] | undefined,
    async shards() {
      if (database.isAway) throw new Error('connection refused')
      view.latest = [shard]
      return view.latest
    },
  }
  const registry = new Registry()
  registerClusterMetrics(() => view.latest, registry)
  const shards = async () => /^ct_stream_shard\S* .*$/gm[Symbol.match](await registry.metrics()) ?? []
  const health = new RoleHealth(clock, 15_000, ['api'])
  const running = lookAfter({ view, health, leaseMs: 15_000, io: { clock, stop: stop.signal } })
  const end = async () => {
    stop.abort()
    await running
  }
  await clock.pass(5000)
  return { clock, database, health, shards, end }
}

it('has no shards in /metrics that the database no longer tells', async () => {
  const { clock, database, health, shards, end } = await scene()
  const all = ['ct_stream_shards 1', 'ct_stream_shard_owned{shard="a"} 1', 'ct_stream_shard_epoch{shard="a"} 3']
  expect(await shards()).toEqual(all)
  database.isAway = true
  // One that starts anew is away for less than a lease.
  await clock.pass(15_000)
  expect(await shards()).toEqual(all)
  await clock.pass(10_000)
  expect(await shards()).toEqual([])
  expect(health.unready()).toBe('the database does not answer')
  database.isAway = false
  await clock.pass(5000)
  expect(await shards()).toEqual(all)
  await end()
})
