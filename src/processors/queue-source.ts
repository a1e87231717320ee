import { CtStreamError } from '../errors.js'
import type { QueueSource, QueueSourceOptions } from '../types/queue.js'

/**
 * The queue of an engine, by the URL of the sink that fills it. Loads the client of that engine; connects when it is first read.
 *
 * - `postgres://user:password@host/database?schema=ct_stream`: as `postgresQueueSource`
 * - `kafka://host:9092/prefix`, `kafkas://…`: as `kafkaQueueSource`
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL, which is not shown, for it may hold a password.
 * @example
 * const source = await queueSource('postgres://localhost/ct', { group: 'alerts' })
 * await runModules(source, modules).done
 */
export async function queueSource(url: string, options: QueueSourceOptions): Promise<QueueSource> {
  // Not by `URL`, which allows only one host.
  switch (/^[a-z]+(?=:\/\/)/.exec(url)?.[0]) {
    case 'kafka':
    case 'kafkas':
      return (await import('./kafka.js')).kafkaQueueSource(url, options)
    case 'postgres':
    case 'postgresql':
      return (await import('./postgres.js')).postgresQueueSource(url, options)
    default:
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        'a queue must be the URL of an engine, such as postgres://host/database or kafka://host/prefix',
      )
  }
}
