import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { pump } from '../../src/sinks/index.js'
import { redisSink } from '../../src/sinks/redis.js'
import { sampleGap } from '../../src/testing/store-samples.js'
import { epochContract } from '../support/epoch-contract.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { sinkContract } from '../support/sink-contract.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { upTo, wholeIndexes } from '../support/whole-messages.js'
import { interrupted, run } from './fault-rows.js'
import { startedServer } from './own-server.js'
import { noRedis, redisPlace } from './redis-place.js'
import { waitingClock } from './waiting-clock.js'

describe.skipIf(noRedis)('Redis', () => {
  sinkContract('Redis, alone', async () => {
    const place = await redisPlace()
    return {
      sink: () => redisSink(place.url),
      content: () => place.content(),
      keep: () => place.keep(),
      remove: () => place.remove(),
    }
  })

  sinkContract('Redis, with leases', async () => {
    const place = await redisPlace()
    let epoch = 0
    return {
      sink: () => redisSink(place.url),
      content: () => place.content(),
      lease: async () => ({ unit: 'one', epoch: ++epoch, until: Number.POSITIVE_INFINITY }),
      keep: () => place.keep(),
      remove: () => place.remove(),
    }
  })

  epochContract(async () => {
    const place = await redisPlace()
    return { sink: () => redisSink(place.url), content: () => place.content(), remove: () => place.remove() }
  })

  const fill = (url: string, log: Awaited<ReturnType<typeof logOf>>, options = {}) =>
    pump({
      sink: redisSink(url, options),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })

  it('has entries under their index, whole: each body hashes to its ct-leaf', async () => {
    const place = await redisPlace()
    const log = await logOf(300, { kind: 'static-ct' })
    await fill(place.url, log, { body: 'leaf' })
    const messages = await place.messages()
    expect(messages.map(({ id }) => id)).toEqual(upTo(300).map((index) => `${index}-1`))
    expect(wholeIndexes(messages)).toEqual(new Map([[log.logId, upTo(300)]]))
    await place.remove()
  })

  it('keeps as many entries as maxlen says, and goes on behind them', async () => {
    const place = await redisPlace()
    const log = await logOf(900)
    const url = `${place.url}&maxlen=200`
    await fill(url, log)
    const kept = (await place.content()).get(log.logId) ?? []
    expect(kept.length).toBeLessThan(500)
    expect(kept.at(-1)).toBe(899)
    await fill(url, log)
    expect((await place.content()).get(log.logId)).toEqual(kept)
    await place.remove()
  })

  it('ends when another process took over, and says so', async () => {
    const place = await redisPlace()
    const first = redisSink(place.url)
    await first.open(undefined)
    const second = redisSink(place.url)
    await second.open(undefined)
    await expect(first.store?.addGap(sampleGap(1, 3, 7))).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_CONFLICT',
    })
    await first.close()
    await second.close()
    await place.remove()
  })

  it('refuses a server that throws keys out, and waits for one that is full', async () => {
    const place = await redisPlace((await startedServer('redis')).url)
    const log = await logOf(50)
    const { client } = place
    await client.configSet('maxmemory-policy', 'allkeys-lru')
    await expect(redisSink(place.url).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('set maxmemory-policy noeviction, it is allkeys-lru'),
    })
    await client.configSet('maxmemory-policy', 'noeviction')
    const said: string[] = []
    await client.configSet('maxmemory', '1mb')
    await pump({
      sink: redisSink(place.url),
      logger: { warn: (text) => void said.push(text), info: () => {} },
      // The wait is when room is made.
      clock: waitingClock(() => client.configSet('maxmemory', '0')),
      random: () => 0,
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
    expect(said).toEqual([expect.stringContaining('the server is full (maxmemory): give it more')])
    expect((await place.content()).get(log.logId)).toHaveLength(50)
    await place.remove()
  })

  it('writes again what a replica has not had that takes the place of its primary', async () => {
    const primary = await startedServer('redis')
    const replica = await startedServer('redis', ['--replicaof', '127.0.0.1', String(primary.port)])
    const log = await logOf(300)
    await fill(primary.url, log)
    const place = await redisPlace(replica.url, 'ct')
    onTestFinished(() => place.close())
    await expect.poll(async () => (await place.content()).get(log.logId)?.length, { timeout: 30_000 }).toBe(300)
    // It hears nothing from here on, and knows nothing of that.
    await place.client.sendCommand(['REPLICAOF', 'NO', 'ONE'])
    grow(log, 3500)
    const proxy = await TcpProxy.open(primary.port)
    onTestFinished(() => proxy.close())
    const promote = async () => {
      await primary.kill()
      proxy.target = replica.port
    }
    const sink = interrupted(redisSink(`redis://127.0.0.1:${proxy.port}`), new Map([[12, promote]]))
    await run(sink, log)
    expect((await place.content()).get(log.logId)).toEqual(upTo(3800))
  }, 120_000)

  it('refuses what is not its own', async () => {
    const place = await redisPlace()
    const { client, prefix, url } = place
    await client.hSet(`${prefix}:state:alone`, 'cart', 'apples')
    await expect(redisSink(url).open(undefined)).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
    await client.del(`${prefix}:state:alone`)
    await client.set(`${prefix}:state:alone`, 'text')
    await expect(redisSink(url).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('another prefix'),
    })
    await client.del(`${prefix}:state:alone`)
    const log = await logOf(5)
    await client.xAdd(`${prefix}:entries:${log.logId}`, '1700000000000-0', { other: 'program' })
    await expect(fill(url, log)).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      message: expect.stringContaining('another prefix'),
    })
    await place.remove()
  })

  it('says that no server is there, without the password', async () => {
    for (const [url, retryable] of [
      ['redis://user:secret@127.0.0.1:1', true],
      [inject('redis')?.replace('redis://', 'redis://nobody:secret@') ?? '', false],
    ] as const)
      await expect(redisSink(url).open(undefined)).rejects.toMatchObject({
        code: 'CT_SINK_FAILED',
        retryable,
        message: expect.not.stringContaining('secret'),
      })
  })
})
