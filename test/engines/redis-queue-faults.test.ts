import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { queueSource } from '../../src/processors/index.js'
import { pump } from '../../src/sinks/index.js'
import type { QueueSourceOptions } from '../../src/types/queue.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { upTo } from '../support/whole-messages.js'
import { type AbsentQueue, expectPatience } from './absence.js'
import { ownServer, startedServer } from './own-server.js'
import { range, read, reading, write } from './queue-use.js'
import { noRedis } from './redis-place.js'
import { redisQueue } from './redis-queue.js'
import { expectSetAside } from './set-aside.js'

/** Many leases. Milliseconds. */
const AWAY_MS = 8000
const leaseMs = 600

describe.skipIf(noRedis)('a queue in Redis, when something is wrong', () => {
  const begin = async (server?: string) => {
    const queue = await redisQueue(server)
    onTestFinished(() => queue.remove().catch(() => {}))
    const open = (options: Partial<QueueSourceOptions> = {}) => {
      const source = queue.source({ group: 'g', end: 'head', leaseMs, commitIntervalMs: 20, ...options })
      onTestFinished(() => source.close())
      return source
    }
    return { queue, open }
  }

  it('sets aside foreign messages, damaged ones and those of another version, and reads the others', async () => {
    const { queue, open } = await begin()
    const log = await logOf(60)
    await write(queue.url, log).done
    const stream = `${queue.place.prefix}:entries:${log.logId}`
    const [ours] = await queue.place.raw(stream)
    const put = (id: string, fields: Record<string, string | Buffer>) =>
      queue.place.client.sendCommand(['XADD', stream, id, ...Object.entries(fields).flat()])
    const valid = Object.fromEntries(ours?.fields ?? [])
    await put('60-1', { amount: '3' })
    await put('61-1', { ...valid, 'ct-index': '61', 'ct-v': '2' })
    await put('62-1', { ...valid, 'ct-index': '62', body: 'no leaf' })
    await put('63-1', { ...valid, 'ct-index': '63', 'ct-log': Buffer.alloc(32, 7).toString('base64') })
    await put('64-1', { ...valid, 'ct-index': '5' })
    await put('65-1', { ...valid, 'ct-index': '65', body: '' })
    await put('65-7', { other: '\u001b[31m' })
    await expectSetAside(queue, log, open, [
      [undefined, 'not a message of ct-stream'],
      [60, 'not a message of ct-stream'],
      [61, 'ct-v is 2'],
      [62, 'not one TileLeaf'],
      [63, 'another log'],
      [64, 'its id is not that of index 5'],
      [65, ''],
    ])
  })

  describe('where retention has taken what the group has read, and a filter left out what follows', () => {
    const filled = async (passes: (index: number) => boolean) => {
      const { queue, open } = await begin()
      const log = await logOf(300)
      const fill = (match = (_: { readonly index: number }) => true) =>
        pump({
          sink: queue.sink(),
          stream: (checkpoint) =>
            backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', filter: { match } }),
        })
      await fill()
      const first = open()
      expect(await read(first, 1000)).toEqual(range(0, 300))
      await first.close()
      grow(log, 700)
      await fill(({ index }) => passes(index))
      return { queue, open, log }
    }

    it('misses nothing', async () => {
      const { queue, open, log } = await filled((index) => index >= 990)
      await queue.retain?.(log.logId, 300)
      expect(await read(open(), 1000)).toEqual(range(990, 1000))
      expect(await queue.missed('g')).toEqual([])
    })

    it('misses what was trimmed unread, up to the last entry that was written', async () => {
      const { queue, open, log } = await filled((index) => index < 350 || index >= 990)
      await queue.retain?.(log.logId, 400)
      expect(await read(open(), 1000)).toEqual(range(990, 1000))
      expect(await queue.missed('g')).toEqual([{ logId: log.logId, start: 300, end: 350 }])
    })

    it('misses all up to the next entry where somebody has deleted the stream', async () => {
      const { queue, open, log } = await filled((index) => index < 350)
      await queue.place.client.del(`${queue.place.prefix}:entries:${log.logId}`)
      grow(log, 10)
      await write(queue.url, log).done
      expect(await read(open(), 1000)).toEqual(range(1000, 1010))
      expect(await queue.missed('g')).toEqual([{ logId: log.logId, start: 300, end: 350 }])
    })
  })

  it('says that messages hold no whole entry', async () => {
    const { queue, open } = await begin()
    await write(`${queue.url}&body=json`, await logOf(10)).done
    await expect(read(open(), 1)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('body=leaf'),
    })
  })

  it('reads what collectors with leases wrote, and replays what was set aside of it', async () => {
    const { queue, open } = await begin()
    const log = await logOf(50)
    await pump({
      sink: queue.sink(),
      lease: { unit: 'operator "one"', epoch: 3, until: Number.POSITIVE_INFINITY },
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
    const first = open()
    const found: number[] = []
    for await (const certificate of first) {
      found.push(certificate.index)
      if (certificate.index === 20) await first.park(certificate, { by: 'test', message: 'no' })
      first.acknowledge(certificate)
    }
    await first.close()
    expect(found).toEqual(upTo(50))
    await using parked = await queue.parked()
    expect(await parked.replay('g', ['no such key'])).toBe(0)
    expect(await parked.replay('g', [`${log.logId}:20`])).toBe(1)
    expect(await read(open(), 1000)).toEqual([20])
  })

  it('notices logs that are new, and hands all over at once when it is closed', async () => {
    const { queue, open } = await begin()
    const logs = [await logOf(30), await logOf(30)] as const
    await write(queue.url, logs[0]).done
    // Nothing expires here: only what the other one says makes room.
    const first = open({ end: 'never', leaseMs: 30_000 })
    const one = reading(first)
    while (one.found.length < 30) await wait(20)
    const second = open({ end: 'never', leaseMs: 3000 })
    const two = reading(second)
    await write(queue.url, logs[1]).done
    while (one.found.length + two.found.length < 60) await wait(20)
    await first.close()
    const closed = performance.now()
    while (second.status().logs.length < 2) await wait(20)
    expect(performance.now() - closed).toBeLessThan(2000)
    // Of each index two, one of each log.
    expect([...one.found, ...two.found].sort((a, b) => a - b)).toEqual(upTo(60).map((i) => i >> 1))
  })

  it('waits for a server that is not there yet, and goes on when it comes back after many leases', async () => {
    const server = await ownServer('redis')
    onTestFinished(() => server.remove())
    const url = `redis://127.0.0.1:${server.port}`
    const open: AbsentQueue['open'] = (logger) =>
      queueSource(url, { group: 'g', leaseMs, commitIntervalMs: 20, logger })
    const found = await expectPatience({ server, url, sources: 1, open, awayMs: AWAY_MS })
    expect(found).toEqual(upTo(500))
  }, 120_000)

  it('goes on where it was when the server has lost its last second, and says so', async () => {
    const server = await startedServer('redis')
    const log = await logOf(100)
    const said: string[] = []
    const logger = { info: () => {}, warn: (text: string) => void said.push(text) }
    const options = { group: 'g', leaseMs, commitIntervalMs: 20, logger }
    const source = await queueSource(server.url, options)
    onTestFinished(() => source.close())
    const { found } = reading(source)
    await write(server.url, log).done
    while (found.length < 100) await wait(20)
    await source.commit()
    const folder = join(server.folder, 'data', 'appendonlydir')
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof')) ?? '')
    const { size } = statSync(file)
    // By two writers one after the other: those behind have lower epochs.
    for (let i = 0; i < 2; i++) {
      grow(log, 50)
      await write(server.url, log).done
    }
    while (found.length < 200) await wait(20)
    await source.commit()
    await server.kill()
    // As after a power cut with `appendfsync everysec`.
    truncateSync(file, size)
    await server.start()
    const isSaid = () => said.some((text) => text.includes('the server has 100 entries less of'))
    while (!isSaid()) await wait(20)
    grow(log, 50)
    await write(server.url, log).done
    while (found.length < 250) await wait(20)
    expect(found).toEqual(upTo(250))
    // Another processor of the group has nothing left to do.
    await source.close()
    const next = await queueSource(server.url, { ...options, end: 'head' })
    expect(await read(next, 1)).toEqual([])
    await next.close()
  }, 120_000)

  it('finishes with what it reads on a server that is full, and sets aside when there is room', async () => {
    const server = await startedServer('redis')
    const { queue, open } = await begin(server.url)
    const { client } = queue.place
    await write(queue.url, await logOf(200)).done
    await client.configSet('maxmemory', '1mb')
    await expect(client.set('more', 'x')).rejects.toThrow('OOM')
    const said: string[] = []
    const source = open({ logger: { info: () => {}, warn: (text) => void said.push(text) } })
    const found: number[] = []
    for await (const certificate of source) {
      found.push(certificate.index)
      if (certificate.index === 150) {
        const parking = source.park(certificate, { by: 'test', message: 'no' })
        await source.commit()
        while (said.length === 0) await wait(20)
        expect(said.join()).toContain('the server is full (maxmemory): give it more')
        await client.configSet('maxmemory', '0')
        await parking
        await client.configSet('maxmemory', '1mb')
      }
      source.acknowledge(certificate)
    }
    await source.close()
    expect(found).toEqual(upTo(200))
    expect(Object.values(await client.hGetAll(`${queue.place.prefix}:marks:g`))).toEqual([
      expect.stringMatching(/ 200$/),
    ])
    await using parked = await queue.parked()
    expect(await parked.list()).toMatchObject([{ index: 150 }])
    await client.configSet('maxmemory', '0')
  }, 120_000)

  it('records all of a gap that grew after a processor had recorded it, and was killed', async () => {
    const { queue, open } = await begin()
    const { client, prefix } = queue.place
    const log = await logOf(500)
    await write(queue.url, log).done
    const marks = `${prefix}:marks:g`
    const stream = `${prefix}:entries:${log.logId}`
    const missed = () => queue.missed('g')
    const first = open()
    await read(first, 100)
    await first.close()
    expect(await client.hGet(marks, stream)).toBe('0 100')
    await queue.retain?.(log.logId, 300)
    const killed = open()
    for await (const _ of killed.batches()) break
    await killed.close()
    expect(await missed()).toEqual([{ logId: log.logId, start: 100, end: 300 }])
    // A process that is killed leaves its watermark where it was.
    await client.hSet(marks, stream, '0 100')
    await queue.retain?.(log.logId, 450)
    expect(await read(open(), 50)).toHaveLength(50)
    expect(await missed()).toEqual([{ logId: log.logId, start: 100, end: 450 }])
  })

  it('refuses a server that throws keys out', async () => {
    const server = await startedServer('redis')
    const { queue, open } = await begin(server.url)
    await write(queue.url, await logOf(10)).done
    await queue.place.client.configSet('maxmemory-policy', 'allkeys-lru')
    await expect(read(open(), 1)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('set maxmemory-policy noeviction, it is allkeys-lru'),
    })
  })
})
