import type { Registry } from 'prom-client'
import type { ShardState } from '../types/cluster.js'
import { cutText, harmless } from '../util/harmless.js'
import { gauge, oncePerTurn, type Sample, single } from './families.js'
import { LogNames } from './log-labels.js'

const nameOf = (shard: string): string => cutText(harmless(shard), 120)

/**
 * Adds metrics of the shards of a cluster, `ct_stream_shard*`.
 *
 * @param read - The shards as last read from the database; `undefined` before the first time.
 */
export function registerClusterMetrics(read: () => readonly ShardState[] | undefined, registry: Registry): void {
  const names = new LogNames()
  const shards = oncePerTurn(() => read() ?? [])
  gauge(registry, {
    name: 'shards',
    help: 'Number of shards.',
    read: () => single(read()?.length),
  })
  gauge(registry, {
    name: 'shard_owned',
    help: '1 while a member holds the lease of a shard.',
    labels: ['shard'],
    read: () =>
      shards().map(({ name, owner }): Sample<'shard'> => [{ shard: nameOf(name) }, Number(owner !== undefined)]),
  })
  gauge(registry, {
    name: 'shard_epoch',
    help: 'How often a shard has changed owners.',
    labels: ['shard'],
    read: () => shards().map(({ name, epoch }): Sample<'shard'> => [{ shard: nameOf(name) }, epoch]),
  })
  gauge(registry, {
    name: 'stored_position',
    help: 'Index of the first entry of a log that is not in the database.',
    labels: ['log', 'operator'],
    *read() {
      for (const { logs } of shards())
        for (const log of logs) yield [names.labelsOf({ ...log, kind: 'rfc6962' }), log.position]
    },
  })
}
