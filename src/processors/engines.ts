import { CtStreamError } from '../errors.js'
import type { QueueSource, QueueSourceOptions } from '../types/queue.js'
import type { ParkedEntries } from './parked-entries.js'

/** An engine whose entries can be read again, known by the scheme of its URL. */
export interface ReadableEngine {
  /** Schemes of its URLs, without the colon. */
  readonly schemes: readonly string[]
  /** Makes the source, importing the client of the engine. */
  readonly source: (url: string, options: QueueSourceOptions) => Promise<QueueSource>
  /** Opens what was set aside there. */
  readonly parked: (url: string) => Promise<ParkedEntries>
}

const ENGINES: readonly ReadableEngine[] = [
  {
    schemes: ['postgres', 'postgresql'],
    source: async (url, options) => (await import('./postgres/index.js')).postgresQueueSource(url, options),
    parked: async (url) => (await import('./postgres/parked.js')).openPostgresParked(url),
  },
  {
    schemes: ['kafka', 'kafkas'],
    source: async (url, options) => (await import('./kafka/index.js')).kafkaQueueSource(url, options),
    parked: async (url) => (await import('./kafka/parked.js')).openKafkaParked(url),
  },
  {
    schemes: ['redis', 'rediss'],
    source: async (url, options) => (await import('./redis/index.js')).redisQueueSource(url, options),
    parked: async (url) => (await import('./redis/parked.js')).openRedisParked(url),
  },
  {
    schemes: ['nats', 'natss'],
    source: async (url, options) => (await import('./nats/index.js')).natsQueueSource(url, options),
    parked: async (url) => (await import('./nats/parked.js')).openNatsParked(url),
  },
  {
    schemes: ['amqp', 'amqps'],
    source: async (url, options) => (await import('./amqp/index.js')).amqpQueueSource(url, options),
    parked: async (url) => (await import('./amqp/parked.js')).openAmqpParked(url),
  },
]

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL, which is not shown, for it may hold a password. */
export function readableEngine(url: string): ReadableEngine {
  // Not by `URL`, which allows only one host.
  const scheme = /^[a-z]+(?=:\/\/)/.exec(url)?.[0]
  const engine = ENGINES.find(({ schemes }) => schemes.some((known) => known === scheme))
  if (engine !== undefined) return engine
  throw new CtStreamError(
    'CT_OPTION_INVALID',
    'a queue must be the URL of an engine, such as postgres://host/database, kafka://host/prefix or redis://host',
  )
}
