import type { Sink } from '../types/cluster.js'

/** An engine that `openSink` knows by the scheme of its URL. */
export interface SinkEngine {
  /** Schemes of its URLs, without the colon. */
  readonly schemes: readonly string[]
  /** A short URL, for messages. */
  readonly example: string
  /** Parameters of the URL that are options of the sink, and their types; the others stay in the URL. */
  readonly options: Readonly<Record<string, 'text' | 'number' | 'boolean'>>
  /**
   * Makes the sink, importing the client of the engine.
   *
   * @param options - Those in the URL. A value of the wrong type is passed on as text, so that the sink's error names the option.
   */
  readonly open: (url: string, options: object) => Promise<Sink>
}

const message = { body: 'text', key: 'text', maxBodyBytes: 'number' } as const

/** The engines, in the order in which messages list them. */
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
  {
    schemes: ['mongodb', 'mongodb+srv'],
    example: 'mongodb://host/database',
    options: { der: 'boolean', problems: 'boolean' },
    open: async (url, options) => (await import('./mongodb.js')).mongoSink(url, options),
  },
  {
    schemes: ['opensearch', 'opensearchs', 'elasticsearch', 'elasticsearchs'],
    example: 'opensearch://host:9200',
    options: { der: 'boolean', problems: 'boolean' },
    open: async (url, options) => (await import('./opensearch.js')).openSearchSink(url, options),
  },
]
