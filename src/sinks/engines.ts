import type { Sink } from '../types/cluster.js'

/** An engine that `openSink` knows by the scheme of its URL. */
export interface SinkEngine {
  /** Without the colon. */
  readonly schemes: readonly string[]
  /** For messages. */
  readonly example: string
  /** Parameters of the URL that are options of the sink, and their types; the others stay in the URL. */
  readonly options: Readonly<Record<string, 'text' | 'number' | 'boolean'>>
  /**
   * Makes the sink. What the engine needs is imported here, and only then.
   *
   * @param options - Those that the URL has. A number or boolean that is none is handed on as text: the sink refuses it by name.
   */
  readonly open: (url: string, options: object) => Promise<Sink>
}

const message = { body: 'text', key: 'text', maxBodyBytes: 'number' } as const

/** One line for each engine. */
export const ENGINES: readonly SinkEngine[] = [
  {
    schemes: ['postgres', 'postgresql'],
    example: 'postgres://host/database',
    options: { entries: 'text', der: 'boolean', queue: 'boolean', leaseMs: 'number' },
    open: async (url, options) => (await import('./postgres.js')).postgresSink(url, options),
  },
  {
    schemes: ['kafka', 'kafkas'],
    example: 'kafka://host:9092/prefix',
    options: message,
    open: async (url, options) => (await import('./kafka.js')).kafkaSink(url, options),
  },
  {
    schemes: ['redis', 'rediss'],
    example: 'redis://host:6379',
    options: message,
    open: async (url, options) => (await import('./redis.js')).redisSink(url, options),
  },
  {
    schemes: ['nats', 'natss'],
    example: 'nats://host:4222',
    options: message,
    open: async (url, options) => (await import('./nats.js')).natsSink(url, options),
  },
  {
    schemes: ['amqp', 'amqps'],
    example: 'amqp://host/virtual-host',
    options: message,
    open: async (url, options) => (await import('./rabbitmq.js')).rabbitMqSink(url, options),
  },
]
