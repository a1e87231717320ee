import { randomUUID } from 'node:crypto'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { inject } from 'vitest'

const server = inject('nats')
/** For `describe.skipIf`. */
export const noNats = server === undefined
export const natsServer = server ?? ''

/** A prefix of a server that nothing else uses. */
export async function natsPlace(url = natsServer, prefix = `t${randomUUID().slice(0, 8)}`) {
  const client = await connect({ servers: url })
  const manager = await jetstreamManager(client)
  const names = async () => (await manager.streams.list().next()).map(({ config }) => config.name)
  const ours = async () => (await names()).filter((name) => name.startsWith(`${prefix}_`))
  return {
    url: `${url}?prefix=${prefix}`,
    prefix,
    manager,
    ours,
    /** Headers and bodies of entries, in the order of the stream. */
    async messages() {
      const found: { headers: [string, string][]; body: Uint8Array }[] = []
      for (const stream of await ours()) {
        const { state } = await manager.streams.info(stream)
        for (let seq = state.first_seq; seq <= state.last_seq && seq > 0; seq++) {
          const one = await manager.streams.getMessage(stream, { seq })
          if (one === null || !one.subject.includes('.entries.')) continue
          found.push({ headers: one.header.keys().map((name) => [name, one.header.get(name)]), body: one.data })
        }
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
      for (const name of await ours()) await manager.streams.delete(name)
      await client.close()
    },
  }
}
