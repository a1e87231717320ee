import { amqpQueueSource } from '../../src/processors/amqp/index.js'
import { openParked } from '../../src/processors/index.js'
import { rabbitMqSink } from '../../src/sinks/rabbitmq.js'
import type { QueuePlace } from '../support/source-contract.js'
import { amqpPlace } from './amqp-place.js'

/**
 * An empty queue in a prefix of its own.
 *
 * @param groups - Those whose queues are filled from the beginning.
 * @param server - Default: that of these tests.
 */
export async function amqpQueue(
  groups: readonly string[],
  server?: string,
): Promise<QueuePlace & { readonly place: Awaited<ReturnType<typeof amqpPlace>>; readonly url: string }> {
  const place = await amqpPlace(server)
  const url = `${place.url}&groups=${groups.join(',')}`
  return {
    place,
    url,
    sink: () => rabbitMqSink(url, { body: 'leaf' }),
    source: (options) => amqpQueueSource(url, options),
    parked: () => openParked(url),
    missed: async () => [],
    async remove() {
      for (const group of groups)
        for (const kind of ['entries', 'parked', 'marks'])
          await place.channel.queueDelete({ queue: `${place.prefix}.${kind}.${group}` })
      await place.remove()
    },
  }
}
