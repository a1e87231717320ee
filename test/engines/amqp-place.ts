import { randomUUID } from 'node:crypto'
import { type AsyncMessage, Connection } from 'rabbitmq-client'
import { inject } from 'vitest'
import { Notifier } from '../../src/util/notifier.js'
import { indexesOfMessages } from './stored-content.js'

const server = inject('amqp')
/** For `describe.skipIf`. */
export const noAmqp = server === undefined

/** Messages that are acknowledged together. */
const BATCH = 500

/** A prefix of a server that nothing else uses. */
export async function amqpPlace(url = server, prefix = `t${randomUUID().slice(0, 8)}`) {
  const queue = `${prefix}.entries`
  const connection = new Connection(url ?? '')
  const channel = await connection.acquire()
  const found: { headers: [string, string][]; body: Buffer; durable: boolean }[] = []
  const close = async () => {
    await channel.close()
    connection.unsafeDestroy()
  }
  const countOf = async (name: string) => (await channel.queueDeclare({ queue: name, passive: true })).messageCount
  /** Asking for one after the other would take a round trip of the servers for each. */
  const takeSome = async (name: string, count: number) => {
    const taken: AsyncMessage[] = []
    const own = await connection.acquire()
    await own.basicQos({ prefetchCount: 2 * BATCH })
    const enough = new Notifier()
    const all = enough.wait()
    await own.basicConsume({ queue: name }, (message: AsyncMessage) => {
      if (taken.length === count) return
      const left = count - taken.push(message)
      if (left % BATCH === 0) own.basicAck({ deliveryTag: message.deliveryTag, multiple: true })
      if (left === 0) enough.notify()
    })
    await all
    // Resolves when the server has taken the acknowledgements.
    await own.queueDeclare({ queue: name, passive: true })
    await own.close()
    return taken
  }
  return {
    url: `${url}?prefix=${prefix}`,
    prefix,
    queue,
    channel,
    /** Takes all messages out of a queue: what is given back changes its place. */
    async take(name: string) {
      const taken: AsyncMessage[] = []
      for (let count = await countOf(name); count > 0; count = await countOf(name))
        taken.push(...(await takeSome(name, count)))
      return taken
    },
    /** Headers and bodies of all messages so far, in the order of the queue: taken out. */
    async messages(name = queue) {
      for (const { headers = {}, body, durable } of await this.take(name))
        found.push({ headers: Object.entries(headers), body, durable: durable === true })
      return found
    },
    async content(): Promise<ReadonlyMap<string, readonly number[]>> {
      return indexesOfMessages(await this.messages())
    },
    close,
    async remove(): Promise<void> {
      await channel.queueDelete({ queue })
      await channel.exchangeDelete({ exchange: queue })
      await close()
    },
  }
}
