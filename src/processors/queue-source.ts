import type { QueueSource, QueueSourceOptions } from '../types/queue.js'
import { readableEngine } from './engines.js'

/**
 * The queue of an engine, by the URL of the sink that fills it. Loads the client of that engine; connects when it is first read.
 *
 * - `postgres://user:password@host/database?schema=ct_stream`: as `postgresQueueSource`
 * - `kafka://host:9092/prefix`, `kafkas://…`: as `kafkaQueueSource`
 * - `redis://user:password@host:6379?prefix=ct`, `rediss://…`: as `redisQueueSource`
 * - `nats://host:4222`, `natss://…`: as `natsQueueSource`
 * - `amqp://host/virtual-host`, `amqps://…`: as `amqpQueueSource`
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL, which is not shown, for it may hold a password.
 * @example
 * const source = await queueSource('postgres://localhost/ct', { group: 'alerts' })
 * await runModules(source, modules).done
 */
export async function queueSource(url: string, options: QueueSourceOptions): Promise<QueueSource> {
  return readableEngine(url).source(url, options)
}
