import { on } from 'node:events'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLogList, type TestLog } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { CtStream } from '../../../src/types/stream.js'
import { closing } from '../../support/closing.js'
import { backfill, grow, logOf } from '../../support/logs.js'
import { VirtualClock } from '../../support/virtual-stream.js'

const lengthsOf = async (batches: AsyncIterable<readonly CtCertificate[]>): Promise<number[]> => {
  const lengths = []
  for await (const batch of batches) lengths.push(batch.length)
  return lengths
}
/** A stream that goes on, on a clock that moves only when it is told to. */
async function following(log: TestLog, clock: VirtualClock): Promise<CtStream> {
  await import('../../../src/stream/engine.js')
  const options = { start: 'beginning', checkpoint: false, pollIntervalMs: 10_000, random: () => 0.5, clock } as const
  return closing(ctStream({ ...options, logs: [log.spec] }))
}
const busy = expect.objectContaining({ code: 'CT_READER_BUSY' })
const closed = expect.objectContaining({ code: 'CT_CLOSED' })

describe('a reader that was never begun', () => {
  it('keeps nobody else from reading', async () => {
    const stream = backfill(await logOf(20))
    stream.batches()
    stream[Symbol.asyncIterator]()
    stream.readable()
    expect(await lengthsOf(stream.batches())).toEqual([20])
  })

  it('closes nothing when it is returned or disposed of, and gives nothing afterwards', async () => {
    const stream = backfill(await logOf(20))
    const dropped = stream.batches()
    await dropped[Symbol.asyncDispose]()
    expect(await dropped.next()).toEqual({ done: true, value: undefined })
    await stream.batches().return?.()
    expect(await lengthsOf(stream.batches())).toEqual([20])
  })

  it('is refused at its first read when another has begun, which goes on undisturbed', async () => {
    const stream = backfill(await logOf(20))
    const [first, second] = [stream[Symbol.asyncIterator](), stream[Symbol.asyncIterator]()]
    expect((await first.next()).value?.index).toBe(0)
    await expect(second.next()).rejects.toEqual(busy)
    await second.return?.()
    expect((await first.next()).value?.index).toBe(1)
    await first.return?.()
    await expect(second.next()).resolves.toEqual({ done: true, value: undefined })
    expect(() => stream.batches()).toThrow(closed)
  })

  it('leaves it to the one that reads what acknowledges', async () => {
    const checkpoint = new MemoryCheckpointStore()
    const log = await logOf(20)
    const stream = backfill(log, { checkpoint })
    // Acknowledges by its Writable, which it has not got.
    stream.readable()
    expect(await lengthsOf(stream.batches())).toEqual([20])
    expect(await lengthsOf(backfill(log, { checkpoint }).batches())).toEqual([])
  })
})

describe('an iterator', () => {
  it('closes the stream when it is disposed of after its first read', async () => {
    const stream = backfill(await logOf(20))
    {
      await using certificates = stream[Symbol.asyncIterator]()
      await certificates.next()
    }
    expect(() => stream.batches()).toThrow(closed)
  })
})

describe('batches({ maxEntries })', () => {
  it('are pages in parts, each acknowledged when the next is asked for', async () => {
    const checkpoint = new MemoryCheckpointStore()
    const log = await logOf(600)
    const stream = backfill(log, { checkpoint, commit: 'manual' })
    const batches = stream.batches({ maxEntries: 100 })
    expect((await batches.next()).value?.map(({ index }: CtCertificate) => index)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    )
    expect(stream.status().logs[0]?.position).toBe(0)
    await batches.next()
    expect(stream.status().logs[0]?.position).toBe(100)
    expect(await lengthsOf(batches)).toEqual([56, 100, 100, 56, 88])
  })
})

describe('batches({ maxEntries, maxWaitMs })', () => {
  it('gather the pages of several logs, lose nothing, and acknowledge a batch as a whole', async () => {
    const logs = [await logOf(300), await logOf(300), await logOf(17)]
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(logs[0] as never, { logs: logs.map(({ spec }) => spec), checkpoint, commit: 'manual' })
    const seen = new Set<string>()
    const positions = () => stream.status().logs.map(({ position }) => position ?? 0)
    let before = 0
    for await (const batch of stream.batches({ maxEntries: 250, maxWaitMs: 3_600_000 })) {
      // What was given before is acknowledged, and nothing of this one.
      expect(positions().reduce((sum, position) => sum + position, 0)).toBe(before)
      expect(batch.length).toBeLessThanOrEqual(250)
      for (const cert of batch) seen.add(`${cert.log.id} ${cert.index}`)
      before += batch.length
    }
    expect(seen.size).toBe(617)
    expect(before).toBe(617)
  })

  it('wait for more no longer than asked after the first entry came', async () => {
    const clock = new VirtualClock()
    const log = await logOf(10, { clock })
    const stream = await following(log, clock)
    const batches = stream.batches({ maxEntries: 1000, maxWaitMs: 30_000 })
    const first = batches.next()
    let isGiven = false
    const given = first.then(() => {
      isGiven = true
    })
    await clock.pass(14_000)
    grow(log, 5)
    await clock.pass(12_000)
    expect(isGiven).toBe(false)
    await clock.pass(10_000)
    await given
    expect((await first).value?.map(({ index }: CtCertificate) => index)).toEqual(
      Array.from({ length: 15 }, (_, i) => i),
    )
    const second = batches.next()
    grow(log, 3)
    await clock.pass(60_000)
    expect((await second).value?.map(({ index }: CtCertificate) => index)).toEqual([15, 16, 17])
  })

  it('give what there is before they fail, and acknowledge it', async () => {
    const log = await logOf(300)
    const match = ({ index }: CtCertificate) => {
      if (index === 280) throw new Error('of the caller')
      return true
    }
    const stream = backfill(log, { filter: { match } })
    const batches = stream.batches({ maxEntries: 1000, maxWaitMs: 3_600_000 })
    await expect(batches.next()).rejects.toThrow('of the caller')
    await expect(stream.commit()).rejects.toEqual(closed)
  })

  it('give what they have when the stream is closed, and end', async () => {
    const clock = new VirtualClock()
    const log = await logOf(10, { clock })
    const stream = await following(log, clock)
    const batches = stream.batches({ maxWaitMs: 60_000 })
    const first = batches.next()
    await clock.pass(4_000)
    await stream.close()
    expect((await first).value?.length).toBe(10)
    expect((await batches.next()).done).toBe(true)
  })

  it('acknowledge nothing by themselves with `acknowledge: manual`', async () => {
    const stream = backfill(await logOf(600), { acknowledge: 'manual' })
    const batches = stream.batches({ maxEntries: 300, maxWaitMs: 3_600_000 })
    const { value } = await batches.next()
    await batches.next()
    expect(stream.status().logs[0]?.position).toBe(0)
    stream.acknowledge(value?.at(-1) as CtCertificate)
    expect(stream.status().logs[0]?.position).toBe(300)
    await stream.close()
  })

  it.each([
    [{ maxEntries: 0 }, 'batches.maxEntries'],
    [{ maxEntries: 1.5 }, 'batches.maxEntries'],
    [{ maxWaitMs: -1 }, 'batches.maxWaitMs'],
    [{ maxWaitMs: Number.POSITIVE_INFINITY }, 'batches.maxWaitMs'],
    [{ maxWait: 1 }, 'did you mean `maxWaitMs`'],
  ])('refuse %j', (options, text) => {
    const stream = ctStream({ checkpoint: false })
    expect(() => stream.batches(options as object)).toThrow(text)
  })
})

describe('logs()', () => {
  it('are those named by hand, with their keys', async () => {
    const [log, other] = [await logOf(5), await logOf(5, { kind: 'static-ct' })]
    const stream = backfill(log, { logs: [log.spec, other.spec] })
    expect(stream.logs()).toEqual([])
    await lengthsOf(stream.batches())
    expect(stream.logs().map(({ id, key, kind }) => ({ id, key, kind }))).toEqual([
      { id: log.logId, key: log.key, kind: 'rfc6962' },
      { id: other.logId, key: other.key, kind: 'static-ct' },
    ])
  })

  it('are those of the lists, and do for verifyScts()', async () => {
    const log = await logOf(5)
    const stream = backfill(log, { logs: {}, logList: createTestLogList([log]) })
    for await (const cert of stream) {
      expect(stream.logs()).toMatchObject([{ id: log.logId, key: log.key }])
      const found = await cert.verifyScts([
        ...stream.logs(),
        ...cert.scts.map(({ logId: id }) => ({ id, key: log.key })),
      ])
      expect(found.map(({ status }) => status)).toEqual(cert.scts.map(() => 'unverifiable'))
    }
  })
})

describe('events', () => {
  it("are taken and left by Node's events.on()", async () => {
    const log = await logOf(5)
    const stream = backfill(log)
    const abort = new AbortController()
    const heads = on(stream as never, 'head', { signal: abort.signal })
    await lengthsOf(stream.batches())
    const { value } = await heads.next()
    expect(value[0]).toMatchObject({ log: { id: log.logId }, head: { treeSize: 5 } })
    await heads.return?.()
  })
})
