import { describe, expect, it, onTestFinished } from 'vitest'
import { amqpAddress } from '../../src/amqp/address.js'
import { AmqpConnection } from '../../src/amqp/connection.js'
import { LOG_HEADER, logHeader } from '../../src/amqp/log-header.js'
import { amqpQueueSource } from '../../src/processors/amqp/index.js'
import { openSink, pump } from '../../src/sinks/index.js'
import { MessageEncoder } from '../../src/sinks/message.js'
import type { TestLog } from '../../src/testing/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { systemClock } from '../../src/util/clock.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { type AbsentQueue, expectPatience } from './absence.js'
import { noAmqp } from './amqp-place.js'
import { amqpQueue } from './amqp-queue.js'
import { ownServer, startedServer } from './own-server.js'
import { range, read, reading, write } from './queue-use.js'
import { ASIDE, expectReadOn, expectSetAside } from './set-aside.js'

const LEASE_MS = 2000

type AmqpPlace = Awaited<ReturnType<typeof amqpQueue>>['place']

const queueOf = async (...groups: string[]) => {
  const queue = await amqpQueue(groups)
  onTestFinished(() => queue.remove())
  return queue
}

/** Publishes some entries of a log, as a sink does. */
async function sender(url: string, log: TestLog) {
  const all: CtCertificate[] = []
  for await (const certificate of backfill(log)) all.push(certificate)
  const encoder = new MessageEncoder({ body: 'leaf' })
  return async (indexes: readonly number[]) => {
    const connection = await AmqpConnection.open(amqpAddress(url), systemClock)
    const messages = indexes.map((index) => {
      const certificate = all[index] as CtCertificate
      const { headers, body } = encoder.encode(certificate, 0)
      return { headers: { ...headers, [LOG_HEADER]: logHeader(certificate.log) }, body }
    })
    await connection.publish(messages)
    connection.close()
  }
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

  it('connects again when its connection ends while it reads watermarks', async () => {
    const queue = await queueOf('g')
    await write(queue.url, await logOf(100)).done
    const { port } = new URL(queue.url)
    const proxy = await TcpProxy.open(Number(port))
    onTestFinished(() => proxy.close())
    // The first basic.get: class 60, method 70.
    proxy.cutsAnswerTo = (sent) => proxy.cuts === 0 && sent.includes(Buffer.from([0, 60, 0, 70]))
    const through = queue.url.replace(`:${port}`, `:${proxy.port}`)
    const source = amqpQueueSource(through, { group: 'g', end: 'head', leaseMs: LEASE_MS })
    onTestFinished(() => source.close())
    expect(await read(source, 1000)).toEqual(range(0, 100))
    expect(proxy.cuts).toBe(1)
  })

  it('knows how far a group is, however often that is read, where a server limits deliveries', async () => {
    const server = await startedServer('amqp')
    // As RabbitMQ 4 does by itself, after 20.
    await server.control('policy', '[.]marks[.]', '{"delivery-limit": 1}')
    const log = await logOf(100)
    const url = `${server.url}?groups=now,beginning`
    await write(url, log).done
    const groups = (['now', 'beginning'] as const).map((start) => ({ group: start, start, leaseMs: LEASE_MS }))
    for (const { group } of groups) {
      const source = amqpQueueSource(url, { group, end: 'head', leaseMs: LEASE_MS })
      expect(await read(source, 60)).toEqual(range(0, 60))
      await source.close()
    }
    for (const options of groups)
      for (let i = 0; i < 4; i++) {
        const source = amqpQueueSource(url, options)
        const page = await source.batches().next()
        expect(page.value?.[0]?.index).toBe(60)
        await source.close()
      }
    await write(url, log).done
    for (const options of groups) {
      const source = amqpQueueSource(url, { ...options, end: 'head' })
      expect([options.group, await read(source, 1000)]).toEqual([options.group, range(60, 100)])
      await source.close()
    }
  }, 120_000)

  it('gives what was refused among others when it comes late', async () => {
    const queue = await queueOf('g')
    const send = await sender(queue.url, await logOf(60))
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
    const open = () => queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    await expectSetAside(queue, log, open, ASIDE)
    await expectReadOn(queue.url, log, open)
    await using parked = await queue.parked()
    await expect(parked.list()).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
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

  it.each<[string, (place: AmqpPlace, queue: string) => Promise<unknown>, RegExp]>([
    [
      'a classic queue',
      ({ channel }, queue) =>
        channel.queueDeclare({ queue, durable: true, arguments: { 'x-single-active-consumer': true } }),
      /entries\.g is no quorum queue: its x-queue-type must be quorum/,
    ],
    [
      'a queue that several may read at a time',
      ({ channel }, queue) => channel.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } }),
      /entries\.g has another x-single-active-consumer than it is made with: delete it/,
    ],
    [
      'an exchange that sends each message to some queues',
      (place) => place.channel.exchangeDeclare({ exchange: place.queue, type: 'direct', durable: true }),
      /the exchange t\w+\.entries has another type than/,
    ],
  ])('refuses %s, and names the setting', async (_, declare, message) => {
    const queue = await queueOf('g')
    await declare(queue.place, `${queue.place.queue}.g`)
    const refused = { code: 'CT_SINK_FAILED', retryable: false, message: expect.stringMatching(message) }
    const source = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    await expect(read(source, 1)).rejects.toMatchObject(refused)
    await source.close()
    await expect(queue.sink().open(undefined)).rejects.toMatchObject(refused)
  })

  it('reads on behind what was deleted unread, and has it when it is written again', async () => {
    const queue = await queueOf('g')
    const send = await sender(queue.url, await logOf(120))
    const open = () => queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    const first = open()
    await send(range(0, 100))
    expect(await read(first, 30)).toEqual(range(0, 30))
    await first.close()
    const { channel, queue: all } = queue.place
    const waiting = async () => (await channel.queueDeclare({ queue: `${all}.g`, passive: true })).messageCount
    // What was on its way to the first one is given back behind its end.
    await expect.poll(waiting, { timeout: 30_000 }).toBe(70)
    await channel.queuePurge({ queue: `${all}.g` })
    await send(range(100, 120))
    const second = open()
    expect(await read(second, 1000)).toEqual(range(100, 120))
    await second.close()
    await send(range(0, 120))
    const third = open()
    expect((await read(third, 1000)).sort((a, b) => a - b)).toEqual(range(30, 100))
    await third.close()
  })

  it('refuses a group that is no part of the name of a queue', () => {
    expect(() => amqpQueueSource('amqp://localhost', { group: 'a group' })).toThrow(/for RabbitMQ a name of 1 to 100/)
  })

  it('waits for a server that is not there yet, and goes on when it is killed and comes back', async () => {
    const server = await ownServer('amqp')
    onTestFinished(() => server.remove())
    const url = `amqp://guest:guest@127.0.0.1:${server.port}?groups=g`
    // RabbitMQ 3.10 keeps the members of a new queue in memory for minutes; killed before, it has the queue, and nobody who leads it.
    await server.start()
    await write(url, await logOf(0)).done
    const maker = amqpQueueSource(url, { group: 'g', end: 'head', leaseMs: LEASE_MS })
    await read(maker, 1)
    await maker.close()
    await server.stop()
    const open: AbsentQueue['open'] = (logger) =>
      amqpQueueSource(url, { group: 'g', leaseMs: LEASE_MS, commitIntervalMs: 50, logger })
    expect(await expectPatience({ server, url, sources: 2, open, awayMs: 2 * LEASE_MS })).toHaveLength(500)
  }, 240_000)
})
