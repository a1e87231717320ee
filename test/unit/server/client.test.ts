import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryBacklog } from '../../../src/server/backlog.js'
import { Client, type ClientOptions } from '../../../src/server/client.js'
import { Issuances } from '../../../src/server/issuances.js'
import { messageId } from '../../../src/server/message-id.js'
import { type ServedEntry, servedEntry } from '../../../src/server/served-entry.js'
import type { Selection } from '../../../src/server/served-page.js'
import { madeCertificates } from '../../support/module-certificates.js'

const entries = madeCertificates(64).map((certificate) => servedEntry(certificate, []))
const selection: Selection = { key: 'domains', format: 'domains', framing: 'sse', matches: undefined }

/** A connection that takes what it is given when the test says so. */
class HeldSink extends Writable {
  private text = ''
  private held: (() => void) | undefined
  isHeld = false

  constructor() {
    super({ highWaterMark: 1 })
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk
    if (this.isHeld) this.held = done
    else done()
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld
    if (isHeld) return
    this.held?.()
    this.held = undefined
  }

  get messages(): { id: string; kind: string; missed?: number; after?: string }[] {
    return this.text
      .split('\n\n')
      .filter((block) => block !== '')
      .map((block) => JSON.parse(block.slice(block.indexOf('data: ') + 6)))
  }
}

function connected(backlog: MemoryBacklog, options: Partial<ClientOptions> = {}) {
  const sink = new HeldSink()
  const { position = backlog.newest, maxQueueBytes = 100, isOpen = () => true } = options
  const failures: unknown[] = []
  const onFailure = (error: unknown) => failures.push(error)
  const client = new Client({ selection, ...options, sink, isOpen, backlog, position, maxQueueBytes, onFailure })
  return { sink, client, failures }
}

/** Everything that needs no time is done. */
async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await setImmediate()
}

describe('a client of a server', () => {
  it('gets each page when it is published', async () => {
    const backlog = new MemoryBacklog()
    const { sink, client } = connected(backlog)
    for (let i = 0; i < 3; i++) client.take(await backlog.add(entries.slice(2 * i, 2 * i + 2)))
    await settle()
    expect(sink.messages.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6].map((n) => messageId(backlog.series, n)))
    expect(client.isLive).toBe(true)
  })

  it('is sent no more than its queue and a page while it does not read, and the rest when it reads', async () => {
    const backlog = new MemoryBacklog()
    const { sink, client } = connected(backlog)
    sink.hold(true)
    let page = 0
    for (let i = 0; i < 8; i++) {
      const added = await backlog.add(entries.slice(i, i + 1))
      page = Math.max(page, added.encode(selection, 0).length)
      client.take(added)
      await settle()
      expect(sink.writableLength).toBeLessThanOrEqual(100 + page)
    }
    expect(client.isLive).toBe(false)
    sink.hold(false)
    await settle()
    expect(sink.messages.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => messageId(backlog.series, n)))
    expect(client.isLive).toBe(true)
  })

  it('gets a message about the gap when entries are no longer kept, and the entries after it', async () => {
    const backlog = new MemoryBacklog()
    const { sink, client } = connected(backlog)
    sink.hold(true)
    for (let i = 0; i < 20; i++) client.take(await backlog.add(entries.slice(i, i + 1)))
    sink.hold(false)
    await settle()
    const { messages } = sink
    const gaps = messages.filter(({ kind }) => kind === 'gap')
    expect(gaps).toHaveLength(1)
    // The memory holds eight pages.
    expect(gaps[0]?.id).toBe(messageId(backlog.series, 12))
    expect(messages.length - 1 + (gaps[0]?.missed ?? 0)).toBe(20)
    expect(messages.at(-1)?.id).toBe(messageId(backlog.series, 20))
  })

  it('that wants each issuance once is not refused a certificate because its precertificate was in a gap', async () => {
    const pairs = madeCertificates(21, { kinds: 'pairs' }).map((certificate) => servedEntry(certificate, []))
    const backlog = new MemoryBacklog()
    const once = { selection: { ...selection, once: () => true }, issuances: new Issuances() }
    const [quick, slow] = [connected(backlog, { ...once, maxQueueBytes: 10_000 }), connected(backlog, once)]
    slow.sink.hold(true)
    for (const entry of pairs) {
      const page = await backlog.add([entry])
      quick.client.take(page)
      slow.client.take(page)
      await settle()
    }
    slow.sink.hold(false)
    await settle()
    const ids = (numbers: number[]) => numbers.map((number) => messageId(backlog.series, number))
    expect(quick.sink.messages.map(({ id }) => id)).toEqual(ids([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21]))
    const gap = slow.sink.messages.findIndex(({ kind }) => kind === 'gap')
    // The memory holds eight pages: the gap ends between the two of an issuance, 13 and 14.
    expect(slow.sink.messages.slice(gap).map(({ id }) => id)).toEqual(ids([13, 14, 15, 17, 19, 21]))
  })

  it('is sent nothing after it has disconnected, and delays nobody', async () => {
    const backlog = new MemoryBacklog()
    const { sink, client, failures } = connected(backlog)
    sink.hold(true)
    for (let i = 0; i < 4; i++) client.take(await backlog.add(entries.slice(i, i + 1)))
    sink.destroy()
    await settle()
    client.take(await backlog.add(entries.slice(0, 1)))
    await settle()
    expect(failures).toEqual([])
    expect(client.position).toBeLessThan(5)
  })

  it('causes no more reads from the file after it disconnected while catching up', async () => {
    const backlog = new MemoryBacklog()
    for (let i = 0; i < 6; i++) await backlog.add(entries.slice(i, i + 1))
    const read: number[] = []
    const pageAfter = backlog.pageAfter.bind(backlog)
    backlog.pageAfter = (number) => {
      read.push(number)
      return pageAfter(number)
    }
    const { sink, client } = connected(backlog, { position: 0, isOpen: () => read.length < 3 })
    client.catchUp()
    await settle()
    expect(read).toEqual([0, 1, 2])
    expect(sink.messages).toHaveLength(2)
    client.take(await backlog.add(entries.slice(6, 7)))
    await settle()
    expect(sink.messages).toHaveLength(2)
  })

  it('is disconnected when the entries it missed cannot be read', async () => {
    const backlog = new MemoryBacklog()
    await backlog.add(entries.slice(0, 1))
    backlog.pageAfter = () => Promise.reject(new Error('unreadable'))
    const { sink, client, failures } = connected(backlog, { position: 0 })
    client.catchUp()
    await settle()
    expect(failures).toMatchObject([{ message: 'unreadable' }])
    expect(sink.destroyed).toBe(true)
  })

  it('gets every entry exactly once, however slowly and irregularly it reads', async () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 5 }) }),
      fc.constant({ hold: true }),
      fc.constant({ hold: false }),
      fc.constant({ settle: true }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 3000 }), async (steps, bytes) => {
        const backlog = new MemoryBacklog()
        const { sink, client } = connected(backlog, { maxQueueBytes: bytes })
        for (const one of steps) {
          if ('add' in one) client.take(await backlog.add(entries.slice(0, one.add) as ServedEntry[]))
          else if ('hold' in one) sink.hold(one.hold)
          else await settle()
        }
        sink.hold(false)
        await settle()
        let expected = 1
        for (const { kind, id, missed } of sink.messages) {
          expected += kind === 'gap' ? (missed as number) : 1
          expect(id).toBe(messageId(backlog.series, expected - 1))
        }
        expect(expected - 1).toBe(backlog.newest)
      }),
      { numRuns: 60 },
    )
  })
})
