import type { AsyncMessage } from 'rabbitmq-client'
import { amqpAddress, groupQueues } from '../../src/amqp/address.js'
import { LOG_HEADER, logHeader } from '../../src/amqp/log-header.js'
import { amqpQueueSource } from '../../src/processors/amqp/index.js'
import { openParked } from '../../src/processors/index.js'
import { MessageEncoder } from '../../src/sinks/message.js'
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
  const { entries, parked } = groupQueues(amqpAddress(url), 'g')
  /** Messages do not change: all are taken out, and put in again, the one of this entry with another body. */
  const rewrite = async (queue: string, logId: string, index: number, bodyOf: (body: Buffer) => Buffer) => {
    const { channel } = place
    const taken = await place.take(queue)
    await channel.confirmSelect()
    const put = ({ headers = {}, body }: AsyncMessage) => {
      const isIt = headers['ct-log'] === logId && headers['ct-index'] === String(index)
      return channel.basicPublish({ routingKey: queue, durable: true, headers }, isIt ? bodyOf(body) : body)
    }
    await Promise.all(taken.map(put))
  }
  return {
    place,
    url,
    sink: (options) => rabbitMqSink(url, { body: 'leaf', ...options }),
    source: (options) => amqpQueueSource(url, options),
    async damage(logId, index) {
      let whole: Buffer = Buffer.alloc(0)
      await rewrite(entries, logId, index, (body) => {
        whole = body
        return body.subarray(0, 20)
      })
      return { restore: () => rewrite(parked, logId, index, () => whole) }
    },
    async forge(_log, entry, index) {
      const { headers: own, body } = new MessageEncoder({ body: 'leaf' }).encode(entry, 1)
      const headers = { ...own, 'ct-index': String(index), [LOG_HEADER]: logHeader(entry.log) }
      await place.channel.basicPublish({ exchange: place.queue, durable: true, headers }, Buffer.from(body))
    },
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
