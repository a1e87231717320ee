import { expect } from 'vitest'
import { MemoryCheckpointStore } from '../../src/checkpoint/memory.js'
import { pump } from '../../src/sinks/index.js'
import type { Sink } from '../../src/types/cluster.js'
import { backfill, type logOf } from '../support/logs.js'
import { upTo } from '../support/whole-messages.js'
import { amqpPlace, noAmqp } from './amqp-place.js'
import { mongoPlace, noMongo } from './mongo-place.js'
import { natsPlace, noNats } from './nats-place.js'
import { noOpenSearch, openSearchPlace } from './opensearch-place.js'
import type { startedServer } from './own-server.js'
import { noRedis, redisPlace } from './redis-place.js'
import { waitingClock } from './waiting-clock.js'

interface Place {
  readonly url: string
  readonly prefix: string
  remove(): Promise<void>
  content(): Promise<ReadonlyMap<string, readonly number[]>>
}

/** Each engine: its server, and where a sink puts things there. An entry is there once in all but one. */
export const engines: readonly (readonly [
  string,
  boolean,
  Parameters<typeof startedServer>[0],
  (url: string, prefix?: string) => Promise<Place>,
])[] = [
  ['Redis', noRedis, 'redis', redisPlace],
  ['NATS', noNats, 'nats', natsPlace],
  ['RabbitMQ', noAmqp, 'amqp', amqpPlace],
  ['MongoDB', noMongo, 'ferretdb', mongoPlace],
  ['OpenSearch', noOpenSearch, 'opensearch', openSearchPlace],
]

/** Pumps a log into a sink until it ends; whatever fails is said. */
export async function run(
  sink: Sink,
  log: Awaited<ReturnType<typeof logOf>>,
  onWait: () => Promise<void> = async () => {},
) {
  const said: string[] = []
  const store = new MemoryCheckpointStore()
  await pump({
    sink,
    stream: (own) => backfill(log, own === undefined ? { checkpoint: store } : { checkpoint: own, commit: 'manual' }),
    logger: { info: () => {}, warn: (text) => void said.push(text) },
    // Waits are when the server is started.
    clock: waitingClock(onWait),
    random: () => 0,
  })
  return said
}

export async function expectAll(place: Place, { logId, head }: Awaited<ReturnType<typeof logOf>>, isOnce: boolean) {
  const found = (await place.content()).get(logId) ?? []
  expect([...new Set(found)].sort((a, b) => a - b)).toEqual(upTo(head.treeSize))
  if (isOnce) expect(found).toHaveLength(head.treeSize)
}
