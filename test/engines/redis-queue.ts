import { openParked } from '../../src/processors/index.js'
import { redisQueueSource } from '../../src/processors/redis/index.js'
import { MessageEncoder } from '../../src/sinks/message.js'
import { redisSink } from '../../src/sinks/redis.js'
import type { QueuePlace } from '../support/source-contract.js'
import { redisPlace } from './redis-place.js'

/** An empty queue in a prefix of its own. @param server - Default: that of these tests. */
export async function redisQueue(
  server?: string,
): Promise<QueuePlace & { readonly place: Awaited<ReturnType<typeof redisPlace>>; readonly url: string }> {
  const place = await redisPlace(server)
  const { url, client, prefix } = place
  const streamOf = (logId: string) => `${prefix}:entries:${logId}`
  return {
    place,
    url,
    sink: (options) => redisSink(url, { body: 'leaf', ...options }),
    source: (options) => redisQueueSource(url, options),
    async damage(logId, index) {
      // Streams do not change: the entry is written anew, with those behind it.
      const all = await place.raw(streamOf(logId))
      const at = all.findIndex(({ id }) => id === `${index}-1`)
      const whole = all[at]?.fields.get('body') as Buffer
      all[at]?.fields.set('body', whole.subarray(0, 20))
      await place.rewrite(streamOf(logId), all)
      return {
        async restore() {
          for (const key of await client.keys(`${prefix}:parked-bodies:*`))
            await client.hSet(key, `${logId}:${index}`, whole)
        },
      }
    },
    async forge({ logId }, entry, index) {
      const { headers, body } = new MessageEncoder({ body: 'leaf' }).encode(entry, 1)
      const fields = { ...headers, 'ct-index': String(index), body: Buffer.from(body) }
      await client.sendCommand(['XADD', streamOf(logId), `${index}-1`, ...Object.entries(fields).flat()])
    },
    async retain(logId, below) {
      await client.xTrim(streamOf(logId), 'MINID', `${below}-0` as never)
    },
    parked: () => openParked(url),
    async missed(group) {
      const found = Object.values(await client.hGetAll(`${prefix}:missed:${group}`))
      return found.map((text) => JSON.parse(text)).map(({ logId, start, end }) => ({ logId, start, end }))
    },
    remove: () => place.remove(),
  }
}
