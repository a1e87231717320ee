import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { amqpAddress } from '../../../src/amqp/address.js'
import type { Delivery } from '../../../src/amqp/delivery.js'
import { type ConsumerSettings, GroupConsumer } from '../../../src/amqp/group-consumer.js'
import { LOG_HEADER, logHeader } from '../../../src/amqp/log-header.js'
import { CtStreamError } from '../../../src/errors.js'
import { AmqpEngine } from '../../../src/processors/amqp/engine.js'
import { sourceSettings } from '../../../src/processors/source-settings.js'
import type { LogInfo } from '../../../src/types/log.js'
import { settled, VirtualClock } from '../../support/virtual-clock.js'

const id = Buffer.alloc(32, 1).toString('base64')
const log: LogInfo = { id, description: 'x', operator: 'x', kind: 'rfc6962', url: 'https://x/' }

const entry = (index: number) => ({
  ...{ 'ct-v': '1', 'ct-log': id, 'ct-index': String(index), 'ct-epoch': '1', 'ct-body': 'omitted' },
  ...{ 'ct-leaf': '00'.repeat(32), 'ct-kind': 'certificate', [LOG_HEADER]: logHeader(log) },
})
/** A message that is none of ours, and is set aside. */
const foreign = (name: string) => ({ name })

/** A consumer as the engine sees one. `fails`: setting aside ends it. */
class FakeConsumer {
  readonly waiting = 0
  readonly acknowledged: number[] = []
  readonly parked: unknown[] = []
  isOpen = true
  isClosed = false
  fails = false
  onPark = () => {}
  readonly settings: ConsumerSettings

  constructor(settings: ConsumerSettings) {
    this.settings = settings
  }

  deliver(messages: readonly Readonly<Record<string, string>>[], firstTag = 1): void {
    const deliveries = messages.map(
      (headers, i): Delivery => ({ tag: firstTag + i, headers: Object.entries(headers), body: new Uint8Array(0) }),
    )
    for (const delivery of deliveries) this.settings.onDelivery(delivery)
  }

  end(): void {
    this.isOpen = false
    this.settings.onEnd()
  }

  acknowledge(tag: number): void {
    if (this.isOpen) this.acknowledged.push(tag)
  }

  async park(message: unknown): Promise<void> {
    if (this.fails) this.end()
    if (!this.isOpen) throw new CtStreamError('CT_SINK_FAILED', 'the connection is lost', { retryable: true })
    this.parked.push(message)
    this.onPark()
  }

  async flush() {}
  async count() {
    return 0
  }
  async hasMarks() {
    return false
  }
  async readMarks() {
    return undefined
  }
  async writeMarks() {}

  close(): void {
    this.isOpen = false
    this.isClosed = true
  }
}

/** An engine whose connections take until they are let through. */
function begin() {
  const clock = new VirtualClock()
  const consumers: FakeConsumer[] = []
  const opening: (() => FakeConsumer)[] = []
  const open = vi.spyOn(GroupConsumer, 'open').mockImplementation(
    (settings) =>
      new Promise((resolve) => {
        opening.push(() => {
          const consumer = new FakeConsumer(settings)
          consumers.push(consumer)
          resolve(consumer as unknown as GroupConsumer)
          return consumer
        })
      }),
  )
  onTestFinished(() => open.mockRestore())
  const engine = new AmqpEngine({
    ...sourceSettings({ group: 'g', clock, leaseMs: 600_000 }),
    address: amqpAddress('amqp://localhost'),
  })
  const { signal } = new AbortController()
  return {
    ...{ engine, clock, consumers, opening },
    next: () => engine.next(signal),
    async opened() {
      const opened = engine.open()
      await settled()
      const consumer = opening.shift()?.() as FakeConsumer
      await opened
      return consumer
    },
  }
}

describe('a processor on RabbitMQ', () => {
  it('has one consumer when reading and setting aside both find that it has ended', async () => {
    const { engine, clock, consumers, opening, opened, next } = begin()
    const first = await opened()
    first.deliver([entry(0)])
    expect(await next()).toMatchObject({ kind: 'page', end: 1 })
    const reading = next()
    first.fails = true
    const parking = engine.park([{ by: 'm', message: 'x', logId: id, index: 0, content: undefined }])
    // Meanwhile setting aside is tried again.
    await clock.pass(10_000)
    expect(opening).toHaveLength(1)
    const second = opening.shift()?.()
    await parking
    expect(opening).toHaveLength(0)
    expect(second?.parked).toHaveLength(1)
    second?.deliver([entry(1)])
    expect(await reading).toMatchObject({ kind: 'page', end: 2 })
    await engine.close()
    expect(consumers.map(({ isClosed, isOpen }) => isClosed || !isOpen)).toEqual([true, true])
  })

  it('hands out nothing of a consumer that another one has replaced', async () => {
    const { engine, clock, opening, opened, next } = begin()
    const first = await opened()
    first.end()
    const reading = next()
    await clock.pass(1000)
    const second = opening.shift()?.()
    await settled()
    first.deliver([entry(0), entry(1)])
    second?.deliver([entry(0)])
    const page = await reading
    expect(page).toMatchObject({ kind: 'page', end: 1 })
    if (page?.kind === 'page') await engine.store(new Map([[page.claim, { epoch: 0, next: 1 }]]))
    expect(second?.acknowledged).toEqual([1])
  })

  it('hands out pages of its consumer alone when that was replaced while they were made', async () => {
    const { engine, clock, opening, opened, next } = begin()
    const first = await opened()
    const messages = [foreign('one'), foreign('two'), entry(0)]
    first.onPark = () => first.end()
    first.deliver(messages)
    const reading = next()
    await clock.pass(1000)
    const second = opening.shift()?.()
    await clock.pass(1000)
    second?.deliver(messages)
    const page = await reading
    expect(page).toMatchObject({ kind: 'page', end: 1 })
    expect(engine.claims).toEqual([page?.kind === 'page' && page.claim])
    if (page?.kind === 'page') await engine.store(new Map([[page.claim, { epoch: 0, next: 1 }]]))
    expect(second?.acknowledged.at(-1)).toBe(3)
  })

  it('closes a consumer that is being opened as it is closed', async () => {
    const { engine, consumers, opening } = begin()
    engine.open().catch(() => {})
    await settled()
    let isClosed = false
    const closed = engine.close().then(() => {
      isClosed = true
    })
    await settled()
    expect(isClosed).toBe(false)
    opening.shift()?.()
    await closed
    expect(consumers.map((consumer) => consumer.isClosed)).toEqual([true])
    expect(consumers[0]?.settings.signal.aborted).toBe(true)
  })
})
