import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { MemoryCheckpointStore } from '../../src/checkpoint/memory.js'
import { pump } from '../../src/sinks/index.js'
import { rabbitMqSink } from '../../src/sinks/rabbitmq.js'
import { backfill, logOf } from '../support/logs.js'
import { sinkContract } from '../support/sink-contract.js'
import { upTo, wholeIndexes } from '../support/whole-messages.js'
import { amqpPlace, noAmqp } from './amqp-place.js'
import { startedServer } from './own-server.js'
import { waitingClock } from './waiting-clock.js'

describe.skipIf(noAmqp)('RabbitMQ', () => {
  sinkContract('RabbitMQ', async () => {
    const place = await amqpPlace()
    return { sink: () => rabbitMqSink(place.url), content: () => place.content(), remove: () => place.remove() }
  })

  it('has whole entries, to stay: each body hashes to its ct-leaf', async () => {
    const place = await amqpPlace()
    const log = await logOf(300, { kind: 'static-ct' })
    await pump({ sink: rabbitMqSink(place.url, { body: 'leaf' }), stream: () => backfill(log) })
    const messages = await place.messages()
    expect(wholeIndexes(messages)).toEqual(new Map([[log.logId, upTo(300)]]))
    expect(new Set(messages.map(({ durable }) => durable))).toEqual(new Set([true]))
    await place.remove()
  })

  it.each([
    [{ durable: true }, /is no quorum queue: its x-queue-type must be quorum/],
    [
      { durable: true, arguments: { 'x-queue-type': 'quorum' as const, 'x-max-length': 10 } },
      /has x-max-length set: set it with a policy/,
    ],
  ])('refuses a queue that is another than it makes: %j', async (declared, message) => {
    const place = await amqpPlace()
    await place.channel.queueDeclare({ queue: place.queue, ...declared })
    await expect(rabbitMqSink(place.url).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringMatching(message),
    })
    await place.remove()
  })

  it('says that its queue is gone, and makes it again when it is opened again', async () => {
    const place = await amqpPlace()
    const log = await logOf(20)
    const pages: Parameters<ReturnType<typeof rabbitMqSink>['write']>[0][] = []
    for await (const page of backfill(log).batches()) pages.push(page)
    const sink = rabbitMqSink(place.url)
    await sink.open(undefined)
    await place.channel.queueDelete({ queue: place.queue })
    await expect(sink.write(pages[0] ?? [])).rejects.toMatchObject({ code: 'CT_SINK_FAILED', retryable: true })
    await sink.open(undefined)
    for (const page of pages) await sink.write(page)
    expect((await place.content()).get(log.logId)).toEqual(upTo(20))
    await sink.close()
    await place.remove()
  })

  it('fills the queue of each group alone, and notices that one of them is gone', async () => {
    const place = await amqpPlace()
    const log = await logOf(40)
    const pages: Parameters<ReturnType<typeof rabbitMqSink>['write']>[0][] = []
    for await (const page of backfill(log).batches()) pages.push(page)
    const before = rabbitMqSink(place.url)
    await before.open(undefined)
    await before.close()
    const sink = rabbitMqSink(`${place.url}&groups=one,two`)
    await sink.open(undefined)
    for (const page of pages) await sink.write(page)
    const countOf = async (queue: string) => (await place.channel.queueDeclare({ queue, passive: true })).messageCount
    expect(await Promise.all([place.queue, `${place.queue}.one`, `${place.queue}.two`].map(countOf))).toEqual([
      0, 40, 40,
    ])
    await place.channel.queueDelete({ queue: `${place.queue}.two` })
    await expect(sink.write(pages[0] ?? [])).rejects.toMatchObject({ code: 'CT_SINK_FAILED', retryable: true })
    await sink.open(undefined)
    for (const page of pages) await sink.write(page)
    expect(await countOf(`${place.queue}.two`)).toBe(40)
    await sink.close()
    for (const group of ['one', 'two']) await place.channel.queueDelete({ queue: `${place.queue}.${group}` })
    await place.remove()
  })

  it('waits while its queue is full, and says so', async () => {
    const server = await startedServer('amqp')
    await server.control('policy', '.*', '{"max-length": 1000, "overflow": "reject-publish"}')
    const place = await amqpPlace(server.url)
    onTestFinished(() => place.close())
    const log = await logOf(3000)
    const store = new MemoryCheckpointStore()
    const said: string[] = []
    await pump({
      sink: rabbitMqSink(place.url),
      stream: () => backfill(log, { checkpoint: store }),
      logger: { info: () => {}, warn: (text) => void said.push(text) },
      // The wait is when somebody takes the messages.
      clock: waitingClock(() => place.messages()),
      random: () => 0,
    })
    expect(said.join()).toContain('the queue refuses messages: it is full (overflow reject-publish)')
    expect([...new Set((await place.content()).get(log.logId))].sort((a, b) => a - b)).toEqual(upTo(3000))
  }, 120_000)

  it.each(['', 'a,,b', 'a b', 'ä', 'x'.repeat(101)])('refuses %j as groups', (groups) => {
    expect(() => rabbitMqSink(`amqp://localhost?groups=${encodeURIComponent(groups)}`)).toThrow(
      /has groups that are not/,
    )
  })

  it('says that no server is there, or that the password is wrong, without it', async () => {
    const clock = { now: () => Date.now(), sleep: () => new Promise<never>(() => undefined) }
    for (const [url, retryable] of [
      ['amqp://user:secret@127.0.0.1:1', true],
      [`${inject('amqp')?.replace('guest:guest', 'guest:secret')}`, false],
      [`${inject('amqp')}/no-such-host`, false],
    ] as const)
      await expect(rabbitMqSink(url, { clock }).open(undefined)).rejects.toMatchObject({
        code: 'CT_SINK_FAILED',
        retryable,
        message: expect.not.stringContaining('secret'),
      })
  })
})
