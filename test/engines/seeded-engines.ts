import { expect } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import { amqpPlace, noAmqp } from './amqp-place.js'
import { noPostgres, testDatabase } from './database.js'
import { isCommit } from './fault-use.js'
import { noKafka } from './kafka-place.js'
import { kafkaKillPlace, postgresKillPlace } from './kill-places.js'
import { mongoPlace, noMongo } from './mongo-place.js'
import { natsPlace, noNats } from './nats-place.js'
import { noOpenSearch, openSearchPlace } from './opensearch-place.js'
import type { startedServer } from './own-server.js'
import { noRedis, redisPlace } from './redis-place.js'
import type { FaultName } from './seeded-faults.js'
import {
  documentEntry,
  expectEntries,
  inOrder,
  type Order,
  once,
  onceInOrder,
  type StoredEntry,
  wholeEntry,
} from './stored-entries.js'

/** A server with collectors on it, and how to look into it from outside. No connection here is hurt by what happens to servers. */
export interface FaultyPlace {
  /** Of the coordinator. */
  readonly url: string
  /** URL of the sink, with whole entries where it has messages. */
  readonly sink: string
  /** For all members. Milliseconds. */
  readonly leaseMs: number
  /** URL for processors; `undefined`: none can read here. */
  readonly queue?: string
  /** What processors did, where that is in the engine itself: each effect once, in this order. */
  effects?(): Promise<readonly (readonly [logId: string, index: number])[]>
  /** Index behind the last entry of each log, by log id. */
  positions(): Promise<ReadonlyMap<string, number>>
  /** Counts raw content: throws unless there is what the logs have, as the guide says. */
  expectAll(logs: readonly TestLog[]): Promise<void>
  remove(): Promise<void>
}

/** An engine that goes through a schedule of faults. */
export interface FaultyEngine {
  /** There is no such server, or none of Postgres for the leases. */
  readonly isMissing: boolean
  readonly kind: Parameters<typeof startedServer>[0]
  /** Entries that each log gets at each fault. */
  readonly growth: number
  /** Of processors. Milliseconds. */
  readonly processorLeaseMs: number
  /** Faults that it is spared, and why. */
  readonly spared: Readonly<Partial<Record<FaultName, string>>>
  /** Whether a collector ends something with this that the server takes as a whole. */
  isWrite(sent: Buffer): boolean
  /** Whether a processor stores with this how far it is. */
  isAcknowledgement(sent: Buffer): boolean
  open(server: string): Promise<FaultyPlace>
}

const PREFIX = 'faults'
const NO_PROCESSORS = 'nothing reads entries out of it'
const withoutProcessors = {
  'processor killed': NO_PROCESSORS,
  'processor stopped': NO_PROCESSORS,
  'processor cut off': NO_PROCESSORS,
  'processor partitioned': NO_PROCESSORS,
  'answers to processors cut': NO_PROCESSORS,
} as const
/** What a collector says when it begins is smaller. */
const isLarge = (sent: Buffer) => sent.length > 4000

/** Opens a place for one look. */
async function look<Place extends { close(): Promise<unknown> }, T>(
  opening: Promise<Place>,
  at: (place: Place) => Promise<T>,
) {
  const place = await opening
  try {
    return await at(place)
  } finally {
    await place.close()
  }
}

/** An engine that coordinates nobody: leases are in the Postgres of these tests, and positions where the engine has none. */
async function coordinated(at: {
  readonly sink: string
  readonly queue?: string
  readonly order: Order
  positions?(): Promise<ReadonlyMap<string, number>>
  /** All there is, in the order in which it is. */
  entries(): Promise<readonly StoredEntry[]>
}): Promise<FaultyPlace> {
  const { url, leaseMs, positions, remove } = await postgresKillPlace()
  return {
    positions,
    ...at,
    url,
    leaseMs,
    expectAll: async (logs) => expectEntries(await at.entries(), logs, at.order),
    remove,
  }
}

export const postgres: FaultyEngine = {
  isMissing: noPostgres,
  kind: 'postgres',
  growth: 600,
  processorLeaseMs: 1200,
  spared: {},
  isWrite: isCommit.postgres,
  isAcknowledgement: isCommit.postgres,
  async open(server) {
    const place = await postgresKillPlace(server)
    const db = await testDatabase(server, new URL(place.url).searchParams.get('schema') ?? '')
    // Without a key: what is done twice is there twice.
    await db.query(
      'CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, log text NOT NULL, idx bigint NOT NULL)',
    )
    return {
      ...place,
      queue: place.url,
      async effects() {
        const rows = await db.query<{ log: string; idx: string }>('SELECT log, idx FROM effect ORDER BY n')
        return rows.map(({ log, idx }) => [log, Number(idx)] as const)
      },
      async expectAll(logs) {
        await place.expectStoredOnce(logs)
        expect(await db.query('SELECT * FROM parked')).toEqual([])
      },
    }
  },
}

export const kafka: FaultyEngine = {
  isMissing: noKafka,
  kind: 'kafka',
  growth: 600,
  processorLeaseMs: 6000,
  spared: {},
  isWrite: isCommit.kafka,
  isAcknowledgement: isCommit.kafka,
  async open(server) {
    const place = await kafkaKillPlace(server)
    return { ...place, queue: place.url, expectAll: place.expectStoredOnce }
  },
}

export const redis: FaultyEngine = {
  isMissing: noPostgres || noRedis,
  kind: 'redis',
  growth: 600,
  processorLeaseMs: 1200,
  spared: {},
  isWrite: isLarge,
  isAcknowledgement: (sent) => sent.includes(':marks:effects'),
  open: (server) =>
    coordinated({
      sink: `${server}?prefix=${PREFIX}&body=leaf`,
      queue: `${server}?prefix=${PREFIX}`,
      order: onceInOrder,
      positions: () =>
        look(redisPlace(server, PREFIX), async ({ client }) => {
          const found = new Map<string, number>()
          for (const key of await client.sMembers(`${PREFIX}:streams`)) {
            const [last] = (await client.xRevRange(key, '+', '-', { COUNT: 1 })) ?? []
            if (last !== undefined) found.set(last.message['ct-log'] ?? '', Number(last.message['ct-index']) + 1)
          }
          return found
        }),
      entries: () => look(redisPlace(server, PREFIX), async (place) => (await place.messages()).map(wholeEntry)),
    }),
}

export const nats: FaultyEngine = {
  isMissing: noPostgres || noNats,
  kind: 'nats',
  growth: 600,
  processorLeaseMs: 1500,
  spared: {},
  isWrite: isLarge,
  isAcknowledgement: (sent) => sent.includes('.live.log'),
  open: (server) =>
    coordinated({
      sink: `${server}?prefix=${PREFIX}&body=leaf`,
      queue: `${server}?prefix=${PREFIX}`,
      order: onceInOrder,
      positions: () =>
        look(natsPlace(server, PREFIX), async (place) => {
          const found = new Map<string, number>()
          for (const message of await place.lastEntries())
            found.set(message.get('ct-log'), Number(message.get('ct-index')) + 1)
          return found
        }),
      entries: () => look(natsPlace(server, PREFIX), async (place) => (await place.messages()).map(wholeEntry)),
    }),
}

export const amqp: FaultyEngine = {
  isMissing: noPostgres || noAmqp,
  kind: 'amqp',
  growth: 600,
  processorLeaseMs: 2000,
  spared: { 'server rolled back': 'positions are in the coordinator, and do not go back with the queue' },
  isWrite: isLarge,
  isAcknowledgement: (sent) => sent.includes('marks'),
  open: (server) => {
    // A queue for processors, and one that nobody takes anything out of.
    const url = `${server}?prefix=${PREFIX}&groups=effects,counted`
    return coordinated({
      sink: `${url}&body=leaf`,
      queue: url,
      order: inOrder,
      entries: () =>
        look(amqpPlace(server, PREFIX), async (place) =>
          (await place.messages(`${place.queue}.counted`)).map(wholeEntry),
        ),
    })
  },
}

export const mongo: FaultyEngine = {
  isMissing: noPostgres || noMongo,
  kind: 'ferretdb',
  // FerretDB writes a few hundred a second.
  growth: 120,
  processorLeaseMs: 0,
  spared: { ...withoutProcessors, 'disk full': 'the SQLite below FerretDB is not how MongoDB writes' },
  isWrite: isLarge,
  isAcknowledgement: () => false,
  open: (server) =>
    coordinated({
      sink: `${server}/ct?prefix=${PREFIX}&serverSelectionTimeoutMS=1000`,
      order: once,
      positions: () =>
        look(mongoPlace(server, PREFIX), async (place) => {
          const rows = (await place.documents('state')).filter(({ _id }) => _id.includes(' log:'))
          const positions = rows.map(
            ({ value }) => JSON.parse(String(value)) as { log: { id: string }; position: number },
          )
          return new Map(positions.map(({ log, position }) => [log.id, position]))
        }),
      entries: () =>
        look(mongoPlace(server, PREFIX), async (place) => {
          expect(await place.documents('parked')).toEqual([])
          return (await place.documents()).map(({ _id, ct }) =>
            documentEntry(_id, (ct as { leaf_hash: string }).leaf_hash),
          )
        }),
    }),
}

export const openSearch: FaultyEngine = {
  isMissing: noPostgres || noOpenSearch,
  kind: 'opensearch',
  growth: 200,
  processorLeaseMs: 0,
  spared: {
    ...withoutProcessors,
    'server rolled back': 'positions are in the coordinator, and do not go back with the documents',
  },
  isWrite: isLarge,
  isAcknowledgement: () => false,
  open: (server) =>
    coordinated({
      sink: `${server}?prefix=${PREFIX}&replicas=0`,
      order: once,
      async entries() {
        const place = await openSearchPlace(server, PREFIX)
        expect(await place.hits('parked')).toEqual([])
        return (await place.hits()).map(({ _id, _source }) => documentEntry(_id, _source.ct.leaf_hash))
      },
    }),
}
