import { randomUUID } from 'node:crypto'
import { Connection, type ReturnedMessage } from 'rabbitmq-client'
import { inject } from 'vitest'

const server = inject('amqp')
/** For `describe.skipIf`. */
export const noAmqp = server === undefined

/** A prefix of a server that nothing else uses. */
export async function amqpPlace(url = server, prefix = `t${randomUUID().slice(0, 8)}`) {
  const queue = `${prefix}.entries`
  const connection = new Connection(url ?? '')
  const channel = await connection.acquire()
  const found: { headers: [string, string][]; body: Buffer; durable: boolean }[] = []
  return {
    url: `${url}?prefix=${prefix}`,
    prefix,
    queue,
    channel,
    /** Headers and bodies of all messages so far, in the order of the queue: taken out, for what is given back changes its place. */
    async messages() {
      for (let got: ReturnedMessage | undefined; ; ) {
        got = (await channel.basicGet({ queue, noAck: true })) as ReturnedMessage | undefined
        if (got === undefined) break
        found.push({ headers: Object.entries(got.headers ?? {}), body: got.body, durable: got.durable === true })
      }
      return found
    },
    async content(): Promise<ReadonlyMap<string, readonly number[]>> {
      const content = new Map<string, number[]>()
      for (const { headers } of await this.messages()) {
        const { 'ct-log': logId = '', 'ct-index': index } = Object.fromEntries(headers)
        content.set(logId, [...(content.get(logId) ?? []), Number(index)])
      }
      return content
    },
    async remove(): Promise<void> {
      await channel.queueDelete({ queue })
      await channel.exchangeDelete({ exchange: queue })
      await channel.close()
      connection.unsafeDestroy()
    },
  }
}
