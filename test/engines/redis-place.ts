import { randomUUID } from 'node:crypto'
import { createClient, RESP_TYPES } from 'redis'
import { inject } from 'vitest'
import { indexesOfMessages } from './stored-content.js'

const server = inject('redis')
/** For `describe.skipIf`. */
export const noRedis = server === undefined

/** A prefix of a server that nothing else uses. */
export async function redisPlace(url = server, prefix = `t${randomUUID().slice(0, 8)}`) {
  const client = createClient({ url: url ?? '', RESP: 2 })
  await client.connect()
  const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  const keys = () => client.keys(`${prefix}:*`)
  return {
    url: `${url}?prefix=${prefix}`,
    prefix,
    client,
    /** Ids, headers and bodies of all streams, each in its order. */
    async messages() {
      const found: { id: string; headers: [string, string][]; body: Buffer }[] = []
      for (const key of await client.sMembers(`${prefix}:streams`)) {
        for (const { id, message } of (await binary.xRange(key, '-', '+')) ?? []) {
          const { body = Buffer.alloc(0), ...headers } = message as Record<string, Buffer>
          found.push({
            id: String(id),
            headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
            body,
          })
        }
      }
      return found
    },
    async content(): Promise<ReadonlyMap<string, readonly number[]>> {
      return indexesOfMessages(await this.messages())
    },
    /** Entries of a stream, with their fields in order. */
    async raw(key: string) {
      const entries = (await binary.xRange(key, '-', '+')) ?? []
      return entries.map(({ id, message }) => ({
        id: String(id),
        fields: new Map(Object.entries(message as Record<string, Buffer>)),
      }))
    },
    /** Makes a stream anew. */
    async rewrite(key: string, entries: readonly { id: string; fields: ReadonlyMap<string, Buffer> }[]) {
      await client.del(key)
      for (const { id, fields } of entries) await client.sendCommand(['XADD', key, id, ...[...fields].flat()])
    },
    /** All keys as they are now, to go back to. */
    async keep() {
      const kept = await keys()
      for (const key of kept) await client.copy(key, `kept:${key}`)
      return {
        async restore() {
          for (const key of await keys()) await client.del(key)
          for (const key of kept) await client.copy(`kept:${key}`, key)
        },
      }
    },
    close: () => client.close(),
    async remove(): Promise<void> {
      for (const key of [...(await keys()), ...(await client.keys(`kept:${prefix}:*`))]) await client.del(key)
      await client.close()
    },
  }
}
