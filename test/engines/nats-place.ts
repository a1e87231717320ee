import { randomUUID } from 'node:crypto'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type MsgHdrs } from '@nats-io/transport-node'
import { inject } from 'vitest'
import { range } from './queue-use.js'
import { indexesOfMessages } from './stored-content.js'

const server = inject('nats')
/** For `describe.skipIf`. */
export const noNats = server === undefined
export const natsServer = server ?? ''

/** Messages that are asked for at the same time. */
const BATCH = 256

/** A prefix of a server that nothing else uses. */
export async function natsPlace(url = natsServer, prefix = `t${randomUUID().slice(0, 8)}`) {
  const client = await connect({ servers: url.slice('nats://'.length).split(',') })
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
        const { first_seq: first, last_seq: last } = state
        for (let from = Math.max(1, first); from <= last; from += BATCH) {
          const some = range(from, Math.min(last + 1, from + BATCH))
          for (const one of await Promise.all(some.map((seq) => manager.streams.getMessage(stream, { seq })))) {
            if (one === null || !one.subject.includes('.entries.')) continue
            found.push({ headers: one.header.keys().map((name) => [name, one.header.get(name)]), body: one.data })
          }
        }
      }
      return found
    },
    /** Headers of the last entry of each log in each stream. */
    async lastEntries() {
      const found: MsgHdrs[] = []
      for (const stream of await ours()) {
        const { state } = await manager.streams.info(stream, { subjects_filter: `${prefix}.*.entries.>` })
        for (const subject of Object.keys(state.subjects ?? {})) {
          const last = await manager.streams.getMessage(stream, { last_by_subj: subject })
          if (last !== null) found.push(last.header)
        }
      }
      return found
    },
    async content(): Promise<ReadonlyMap<string, readonly number[]>> {
      return indexesOfMessages(await this.messages())
    },
    close: () => client.close(),
    async remove(): Promise<void> {
      for (const name of await ours()) await manager.streams.delete(name)
      await client.close()
    },
  }
}
