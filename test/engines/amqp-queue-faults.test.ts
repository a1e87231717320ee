import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { amqpAddress } from '../../src/amqp/address.js'
import { AmqpConnection } from '../../src/amqp/connection.js'
import { LOG_HEADER, logHeader } from '../../src/amqp/log-header.js'
import { amqpQueueSource } from '../../src/processors/amqp/index.js'
import { openSink, pump } from '../../src/sinks/index.js'
import { MessageEncoder } from '../../src/sinks/message.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { systemClock } from '../../src/util/clock.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { noAmqp } from './amqp-place.js'
import { amqpQueue } from './amqp-queue.js'
import { ownServer } from './own-server.js'
import { range, read, reading, write } from './queue-use.js'

const LEASE_MS = 2000

const queueOf = async (...groups: string[]) => {
  const queue = await amqpQueue(groups)
  onTestFinished(() => queue.remove())
  return queue
}

describe.skipIf(noAmqp)('a queue in RabbitMQ, when something is wrong', () => {
  it('has one of two processors work, and the other one go on when it ends', async () => {
    const queue = await queueOf('g')
    const log = await logOf(200)
    await write(queue.url, log).done
    const [first, second] = [0, 1].map(() => queue.source({ group: 'g', leaseMs: LEASE_MS, commitIntervalMs: 20 }))
    if (first === undefined || second === undefined) throw new TypeError('two were made')
    onTestFinished(() => second.close())
    const one = reading(first)
    await expect.poll(() => one.found.length).toBe(200)
    const other = reading(second)
    grow(log, 100)
    await write(queue.url, log).done
    await expect.poll(() => one.found.length).toBe(300)
    expect(other.found).toEqual([])
    expect([first, second].map((source) => source.status().logs.length)).toEqual([1, 0])
    await first.close()
    grow(log, 100)
    await write(queue.url, log).done
    await expect.poll(() => other.found.length).toBe(100)
    expect(other.found).toEqual(range(300, 400))
    expect(second.status().repeated).toBe(300)
  })

  it('gives what was refused among others when it comes late', async () => {
    const queue = await queueOf('g')
    const log = await logOf(60)
    const all: CtCertificate[] = []
    for await (const certificate of backfill(log)) all.push(certificate)
    const encoder = new MessageEncoder({ body: 'leaf' })
    const send = async (indexes: readonly number[]) => {
      const connection = await AmqpConnection.open(amqpAddress(queue.url), systemClock)
      const messages = indexes.map((index) => {
        const certificate = all[index] as CtCertificate
        const { headers, body } = encoder.encode(certificate, 0)
        return { headers: { ...headers, [LOG_HEADER]: logHeader(certificate.log) }, body }
      })
      await connection.publish(messages)
      connection.close()
    }
    await send([...range(0, 20), ...range(23, 40)])
    const first = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(first, 1000)).toEqual([...range(0, 20), ...range(23, 40)])
    await first.close()
    // That window again, and more.
    await send(range(10, 60))
    const next = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect((await read(next, 1000)).sort((a, b) => a - b)).toEqual([20, 21, 22, ...range(40, 60)])
    await next.close()
    await send(range(0, 60))
    const last = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(last, 1000)).toEqual([])
    await last.close()
  })

  it('sets aside foreign messages, damaged ones and those of another version, and reads the others', async () => {
    const queue = await queueOf('g')
    const log = await logOf(60)
    await write(queue.url, log).done
    const [first] = await (async () => {
      for await (const page of backfill(log).batches()) return page
      return []
    })()
    const { headers: encoded, body } = new MessageEncoder({ body: 'leaf' }).encode(first as CtCertificate, 0)
    const valid = { ...encoded, [LOG_HEADER]: logHeader((first as CtCertificate).log) }
    const put = (headers: Record<string, string>, value: unknown = Buffer.from(body)) =>
      queue.place.channel.basicPublish({ exchange: queue.place.queue, durable: true, headers }, value as Buffer)
    await put({}, { amount: 3 })
    await put({ ...valid, 'ct-index': '60', 'ct-v': '2' })
    await put({ ...valid, 'ct-index': '61' }, 'no leaf')
    // Far beyond the end of the log: the entries up to there are still to come.
    await put({ ...valid, 'ct-index': '9000000' }, 'no leaf')
    await put({ ...valid, 'ct-index': '62', 'ct-log': Buffer.alloc(32, 7).toString('base64'), [LOG_HEADER]: '[]' })
    const source = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(source, 1000)).toEqual(range(0, 60))
    expect(source.status().parked).toBe(5)
    await source.close()
    await using parked = await queue.parked()
    const reasons = (await parked.list({ group: 'g' })).map(({ index, message }) => [index, message])
    expect(reasons.sort((a, b) => Number(a[0] ?? 0) - Number(b[0] ?? 0))).toEqual([
      [undefined, expect.stringContaining('not a message of ct-stream')],
      [60, expect.stringContaining('ct-v is 2')],
      [61, expect.stringContaining('not one TileLeaf')],
      [62, expect.stringContaining('no collector of this prefix has described its log')],
      [9_000_000, expect.stringContaining('not one TileLeaf')],
    ])
    // They fail again, and are there once.
    expect(await parked.replay('g')).toBe(5)
    expect(await parked.list({ group: 'g' })).toEqual([])
    const again = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(again, 1000)).toEqual([])
    await again.close()
    expect((await parked.list({ group: 'g' })).map(({ failures, isReplayed }) => [failures, isReplayed])).toEqual(
      range(0, 5).map(() => [2, false]),
    )
    await expect(parked.list()).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
    const [one] = await parked.list({ group: 'g', limit: 1 })
    expect(await parked.drop('g', [one?.key ?? ''])).toBe(1)
    expect(await parked.drop('g')).toBe(4)
    expect(await parked.list({ group: 'g' })).toEqual([])
    grow(log, 20)
    await write(queue.url, log).done
    const later = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(later, 1000)).toEqual(range(60, 80))
    await later.close()
  })

  it('says that messages hold no whole entry', async () => {
    const queue = await queueOf('g')
    const log = await logOf(10)
    await pump({ sink: await openSink(queue.url), stream: () => backfill(log) })
    const source = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    await expect(read(source, 1)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('body=leaf'),
    })
    await source.close()
  })

  it('refuses a group that is no part of the name of a queue', () => {
    expect(() => amqpQueueSource('amqp://localhost', { group: 'a group' })).toThrow(/for RabbitMQ a name of 1 to 100/)
  })

  it('waits for a server that is not there yet, and goes on when it is killed and comes back', async () => {
    const server = await ownServer('amqp')
    onTestFinished(() => server.remove())
    const url = `amqp://guest:guest@127.0.0.1:${server.port}?groups=g`
    const log = await logOf(300)
    // RabbitMQ 3.10 keeps the members of a new queue in memory for minutes; killed before, it has the queue, and nobody who leads it.
    await server.start()
    await write(url, await logOf(0)).done
    const maker = amqpQueueSource(url, { group: 'g', end: 'head', leaseMs: LEASE_MS })
    await read(maker, 1)
    await maker.close()
    await server.stop()
    const said: string[] = []
    const logger = { info: (text: string) => said.push(text), warn: (text: string) => said.push(text) }
    const sources = [0, 1].map(() =>
      amqpQueueSource(url, { group: 'g', leaseMs: LEASE_MS, commitIntervalMs: 50, logger }),
    )
    const readers = sources.map(reading)
    onTestFinished(() => Promise.all(sources.map((source) => source.close())).then(() => {}))
    const found = () => readers.flatMap((reader) => reader.found)
    await wait(1000)
    await server.start()
    await write(url, log).done
    await expect.poll(() => found().length, { timeout: 30_000 }).toBe(300)
    for (const source of sources) await source.commit()
    await server.kill()
    grow(log, 200)
    await wait(2 * LEASE_MS)
    expect(said.join()).toMatch(/the queue cannot be reached/)
    await server.start()
    await write(url, log).done
    await expect.poll(() => new Set(found()).size, { timeout: 60_000 }).toBe(500)
    // What was acknowledged is not given again.
    expect(found()).toHaveLength(500)
  }, 240_000)
})
