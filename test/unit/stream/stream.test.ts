import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLog, issueCertificates, type TestLog, type TestLogOptions } from '../../../src/testing/index.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take, takePages } from '../../support/follow.js'

const logOf = async (count: number, options: TestLogOptions = {}) =>
  closing(await createTestLog({ entries: issueCertificates(count, { sign: false }), ...options }))

const backfill = (log: TestLog, options: CtStreamOptions = {}) =>
  ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false, clock: fastClock(), ...options })

it('follows a static-ct log that lets fewer requests through at once than a proof takes', async () => {
  const clock = fastClock(20)
  const log = await logOf(2000, { kind: 'static-ct', clock })
  log.fault({ on: '*', rateLimit: { burst: 2, perSecond: 0.8, by: 'address' } })
  const certificates = await take(backfill(log, { start: { index: 700 }, clock }))
  expect(indexesOf(certificates)).toEqual(range(700, 2000))
  expect(log.requests.filter(({ status }) => status === 429).length).toBeLessThan(10)
})

describe.each(['rfc6962', 'static-ct'] as const)('ctStream over a %s log', (kind) => {
  it('has no position before the log was opened', async () => {
    const log = await logOf(300, { kind })
    const positions: (number | undefined)[] = []
    const stream = backfill(log, { start: { index: 250 } })
    stream.on('log', () => positions.push(stream.status().logs[0]?.position))
    await take(stream)
    expect(positions).not.toContain(0)
  })

  it('streams every entry, in order', async () => {
    const log = await logOf(1000, { kind })
    expect(indexesOf(await take(backfill(log)))).toEqual(range(0, 1000))
    expect(indexesOf(await takePages(backfill(log)))).toEqual(range(0, 1000))
  })

  it.each([0, 1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 511, 512, 513, 998, 999, 1000])(
    'starts at index %i of 1000',
    async (index) => {
      const log = await logOf(1000, { kind })
      expect(indexesOf(await take(backfill(log, { start: { index } })))).toEqual(range(index, 1000))
    },
  )

  it.each([0, 1, 2, 3, 255, 256, 257])('ends with a log of %i entries', async (size) => {
    const log = await logOf(size, { kind })
    expect(indexesOf(await take(backfill(log)))).toEqual(range(0, size))
  })

  it.each([1, 4, 256, 700, 999])('ends before index %i', async (index) => {
    const log = await logOf(1000, { kind })
    expect(indexesOf(await take(backfill(log, { end: { index } })))).toEqual(range(0, index))
  })

  it('begins now by default, and follows the log as it grows', async () => {
    const log = await logOf(300, { kind })
    const stream = ctStream({
      logs: [log.spec],
      checkpoint: false,
      pollIntervalMs: 1000,
      partialTileDelayMs: 0,
      clock: fastClock(100),
    })
    const reading = take(stream, 500)
    await opened(stream)
    const more = [...issueCertificates(500, { sign: false, seed: 'more' })]
    for (let at = 0; at < 500; at += 100) {
      log.add(more.slice(at, at + 100))
      log.publish()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(indexesOf(await reading)).toEqual(range(300, 800))
  })

  it('goes on after a restart where the reader was, without fetching history again', async () => {
    const log = await logOf(1000, { kind })
    const checkpoint = new MemoryCheckpointStore()
    expect(indexesOf(await take(backfill(log, { checkpoint }), 400))).toEqual(range(0, 400))
    const before = log.requests.length
    // The entry the loop was left at was not acknowledged.
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(399, 1000))
    const entries = log.requests
      .slice(before)
      .filter(({ endpoint }) => endpoint === 'get-entries' || endpoint === 'data-tile')
    expect(entries.length).toBeLessThanOrEqual(4)
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual([])
  })

  it('remembers where it began, even when it never delivered anything', async () => {
    const log = await logOf(100, { kind })
    const checkpoint = new MemoryCheckpointStore()
    expect(await take(ctStream({ logs: [log.spec], end: 'head', checkpoint, clock: fastClock() }))).toEqual([])
    log.add(issueCertificates(50, { sign: false, seed: 'more' }))
    log.publish()
    const next = ctStream({ logs: [log.spec], end: 'head', checkpoint, clock: fastClock() })
    expect(indexesOf(await take(next))).toEqual(range(100, 150))
  })

  it('continues after any cursor, whatever the checkpoint says', async () => {
    const log = await logOf(700, { kind })
    const certificates = await take(backfill(log))
    for (const at of [0, 1, 255, 256, 300, 698, 699]) {
      const { cursor } = certificates[at] as { cursor: string }
      expect(indexesOf(await take(backfill(log, { resume: cursor })))).toEqual(range(at + 1, 700))
    }
  })

  it('delivers the same without proofs in the weaker modes', async () => {
    const log = await logOf(600, { kind })
    for (const verify of ['signatures-only', 'none-unverified'] as const)
      expect(indexesOf(await take(backfill(log, { verify, start: { index: 13 } })))).toEqual(range(13, 600))
    expect(log.requests.some(({ endpoint }) => endpoint === 'get-sth-consistency' || endpoint === 'tile')).toBe(false)
  })

  it('checks signatures unless nothing is to be checked', async () => {
    const log = await logOf(300, { kind })
    log.fault({ on: ['get-sth', 'checkpoint'], flipBit: { in: 'signature', byte: -5 } })
    await expect(take(backfill(log, { verify: 'signatures-only' }))).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    expect(indexesOf(await take(backfill(log, { verify: 'none-unverified' })))).toEqual(range(0, 300))
  })

  it('knows what was there before it was opened', async () => {
    const log = await logOf(300, { kind })
    const stream = ctStream({
      logs: [log.spec],
      start: { index: 290 },
      checkpoint: false,
      pollIntervalMs: 100,
      partialTileDelayMs: 0,
      clock: fastClock(100),
    })
    const reading = take(stream, 20)
    await opened(stream)
    log.add(issueCertificates(10, { sign: false, seed: 'more' }))
    log.publish()
    expect((await reading).map(({ historical }) => historical)).toEqual([
      ...Array(10).fill(true),
      ...Array(10).fill(false),
    ])
  })
})

describe('starting at a time', () => {
  it('finds the first entry that is not earlier', async () => {
    const log = closing(await createTestLog({ kind: 'both' }))
    const certificates = [...issueCertificates(900, { sign: false })]
    for (const [i, certificate] of certificates.entries())
      log.add([certificate], { timestamp: 1_700_000_000_000 + i * 1000 })
    log.publish()
    for (const spec of log.specs) {
      for (const [ms, first] of [
        [-5, 0],
        [0, 0],
        [1, 1],
        [500_000, 500],
        [499_001, 500],
        [899_000, 899],
        [899_001, 900],
      ] as const) {
        const start = { time: new Date(1_700_000_000_000 + ms) }
        const stream = ctStream({ logs: [spec], start, end: 'head', checkpoint: false, clock: fastClock() })
        expect([ms, indexesOf(await take(stream))]).toEqual([ms, range(first, 900)])
      }
    }
  })

  it('allows for entries that were merged late', async () => {
    const log = await logOf(0)
    const certificates = [...issueCertificates(600, { sign: false })]
    // Every tenth entry waited two minutes before it was merged.
    for (const [i, c] of certificates.entries())
      log.add([c], { timestamp: 1_700_000_000_000 + i * 1000 - (i % 10 === 3 ? 120_000 : 0) })
    log.publish()
    const time = new Date(1_700_000_000_000 + 300_000)
    const got = new Set(indexesOf(await take(backfill(log, { start: { time } }))))
    const wanted = range(0, 600).filter((i) => i * 1000 - (i % 10 === 3 ? 120_000 : 0) >= 300_000)
    expect(wanted.filter((index) => !got.has(index))).toEqual([])
    expect(Math.min(...got)).toBe(300)
  })

  it('ends at a time', async () => {
    const log = await logOf(0)
    const certificates = [...issueCertificates(500, { sign: false })]
    for (const [i, c] of certificates.entries()) log.add([c], { timestamp: 1_700_000_000_000 + i * 1000 })
    log.publish()
    const end = { time: new Date(1_700_000_000_000 + 250_000) }
    expect(indexesOf(await take(backfill(log, { end })))).toEqual(range(0, 250))
  })
})

describe('reading', () => {
  it('refuses a second reader, and any reader after the end', async () => {
    const log = await logOf(10)
    const stream = backfill(log)
    const first = stream[Symbol.asyncIterator]()
    await first.next()
    expect(() => stream[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'CT_READER_BUSY' }))
    expect(() => stream.batches()).toThrow(expect.objectContaining({ code: 'CT_READER_BUSY' }))
    await first.return?.()
    expect(() => stream.batches()).toThrow(expect.objectContaining({ code: 'CT_CLOSED' }))
    const other = backfill(log)
    await other.close()
    expect(() => other.batches()).toThrow(expect.objectContaining({ code: 'CT_CLOSED' }))
  })

  it('serves calls of next() that do not wait for each other in order', async () => {
    const log = await logOf(20)
    const iterator = backfill(log)[Symbol.asyncIterator]()
    const results = await Promise.all(range(0, 25).map(() => iterator.next()))
    expect(results.map(({ value }) => value?.index)).toEqual([...range(0, 20), ...Array(5).fill(undefined)])
  })

  it('acknowledges the last entry by acknowledge()', async () => {
    const log = await logOf(10)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint })
    for await (const { index } of stream) {
      if (index < 4) continue
      stream.acknowledge()
      break
    }
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(5, 10))
  })

  it('commits only by commit() in manual mode', async () => {
    const log = await logOf(10)
    const checkpoint = new MemoryCheckpointStore()
    const first = backfill(log, { checkpoint, commit: 'manual' })
    expect(indexesOf(await take(first))).toEqual(range(0, 10))
    await first.close()
    const stream = backfill(log, { checkpoint, commit: 'manual' })
    for await (const { index } of stream) if (index === 6) await stream.commit()
    await stream.close()
    expect(indexesOf(await take(backfill(log, { checkpoint, commit: 'manual' })))).toEqual(range(6, 10))
  })

  it('commits at once after so many entries', async () => {
    const log = await logOf(600)
    const checkpoint = new MemoryCheckpointStore()
    const commits: number[] = []
    const stream = backfill(log, { checkpoint, commit: { everyEntries: 100, everyMs: 3_600_000 } })
    stream.on('commit', ({ entries }) => commits.push(entries))
    await take(stream)
    expect(commits.length).toBeGreaterThan(2)
    expect(commits.reduce((sum, n) => sum + n, 0)).toBe(600)
  })

  it('closes on throw, with the error of the loop body', async () => {
    const log = await logOf(10)
    const stream = backfill(log)
    const reading = (async () => {
      for await (const _ of stream) throw new Error('mine')
    })()
    await expect(reading).rejects.toThrow('mine')
    expect(() => stream.batches()).toThrow(expect.objectContaining({ code: 'CT_CLOSED' }))
  })

  it('closes with await using', async () => {
    const log = await logOf(10)
    let stream: ReturnType<typeof backfill>
    {
      await using scoped = backfill(log)
      stream = scoped
    }
    expect(() => stream.batches()).toThrow(expect.objectContaining({ code: 'CT_CLOSED' }))
  })

  it('rejects the pending read with the reason of the signal', async () => {
    const log = await logOf(10)
    const stop = new AbortController()
    const stream = ctStream({ logs: [log.spec], checkpoint: false, signal: stop.signal })
    const reading = take(stream)
    await opened(stream)
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(reading).rejects.toBe(reason)
    await expect(take(ctStream({ logs: [log.spec], checkpoint: false, signal: stop.signal }))).rejects.toBe(reason)
  })

  it('ends a pending read when closed', async () => {
    const log = await logOf(10)
    const stream = ctStream({ logs: [log.spec], checkpoint: false })
    const reading = take(stream)
    await opened(stream)
    await stream.close()
    await stream.close()
    expect(await reading).toEqual([])
    await expect(stream.commit()).rejects.toMatchObject({ code: 'CT_CLOSED' })
  })

  it('is a source for Node streams, with backpressure', async () => {
    const log = await logOf(700)
    const indexes: number[] = []
    for await (const { index } of Readable.from(backfill(log))) indexes.push(index)
    expect(indexes).toEqual(range(0, 700))
  })

  it('has a connection for every request that its operator may get', async () => {
    const log = await logOf(7000)
    // The first answer tells what an entry weighs; from then on as much is asked for at once as is allowed.
    log.fault({ on: 'get-entries', hang: true, after: 1 })
    const concurrency = { perLog: 24, perOperator: 24, total: 24 }
    const stream = backfill(log, { concurrency, maxBufferedBytes: 2 ** 30 })
    const reading = take(stream)
    const pending = () => log.requests.filter(({ status }) => status === undefined).length
    await expect.poll(pending, { timeout: 30_000 }).toBe(24)
    await stream.close()
    await reading
  })

  it('keeps unacknowledged bytes within the bound, however slow the reader', async () => {
    const log = await logOf(3000)
    const stream = backfill(log, { maxBufferedBytes: 3_000_000, concurrency: { perLog: 8 } })
    let most = 0
    let count = 0
    for await (const _ of stream) {
      most = Math.max(most, stream.status().bufferedBytes)
      if (++count % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(count).toBe(3000)
    // One answer may turn out larger than its estimate; nothing is ever far above.
    expect(most).toBeLessThan(3_000_000 * 1.5)
    expect(stream.status().bufferedBytes).toBe(0)
  })

  it('interleaves logs, so that a backlog does not delay live entries', async () => {
    const backlog = await logOf(5000, { operator: 'A' })
    const live = await logOf(10, { operator: 'B' })
    const stream = ctStream({
      logs: [{ ...backlog.spec, description: 'backlog' } as never, { ...live.spec, description: 'live' } as never],
      start: 'beginning',
      end: 'head',
      checkpoint: false,
    })
    const order: string[] = []
    for await (const { log } of stream) order.push(log.description)
    expect(order).toHaveLength(5010)
    expect(order.indexOf('live')).toBeLessThan(2000)
  })

  it('has been seen, in the words of CertStream, when it is given to the reader', async () => {
    const log = await logOf(300)
    const at = Date.UTC(2030, 0, 1)
    const clock = { ...fastClock(), now: () => at }
    const [certificate] = await take(backfill(log, { clock }), 1)
    expect(certificate?.toCertStream('full').data).toMatchObject({ seen: at / 1000 })
  })

  it('reports states, heads and commits', async () => {
    const log = await logOf(300)
    const stream = backfill(log)
    const seen: string[] = []
    stream.on('log', ({ previous, state }) => seen.push(`${previous} > ${state}`))
    stream.on('head', ({ head }) => seen.push(`head ${head.treeSize}`))
    await take(stream)
    expect(seen).toEqual(['head 300', 'opening > catching-up', 'catching-up > finished'])
    expect(stream.status()).toMatchObject({
      entries: 300,
      bufferedBytes: 0,
      gaps: 0,
      logs: [
        {
          state: 'finished',
          position: 300,
          headSize: 300,
          lagEntries: 0,
          lagMs: 0,
          verifiedSize: 300,
          entries: 300,
          pageSize: 256,
        },
      ],
    })
  })

  it('opens nothing before the first read', async () => {
    const log = await logOf(10)
    const stream = backfill(log)
    expect(stream.status().logs).toEqual([])
    await stream.close()
    expect(log.requests).toEqual([])
  })
})

const opened = (stream: ReturnType<typeof ctStream>): Promise<void> =>
  new Promise((resolve) => {
    stream.on('log', ({ state }) => {
      if (state === 'live' || state === 'catching-up') resolve()
    })
  })
