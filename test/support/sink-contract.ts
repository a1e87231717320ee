import { afterEach, describe, expect, it } from 'vitest'
import { CtStreamError } from '../../src/errors.js'
import { pump } from '../../src/sinks/index.js'
import { ctStream } from '../../src/stream/ct-stream.js'
import { CERTIFICATE_SHAPES, issueCertificates, type TestLog } from '../../src/testing/index.js'
import { sampleEvidence } from '../../src/testing/store-samples.js'
import type { CheckpointStore, Evidence } from '../../src/types/checkpoint.js'
import type { Lease, Sink } from '../../src/types/cluster.js'
import type { CtStreamOptions } from '../../src/types/stream-options.js'
import { fastClock } from './fast-clock.js'
import { certificates, grow, logOf } from './logs.js'

/** An empty place in an engine, for one test. */
export interface SinkPlace {
  /** A sink over this place, not opened: for the next process, and for a rival. */
  sink(): Sink
  /** Indexes as the engine itself has them, by base64 log id, in the order in which they were written where it has one. */
  content(): Promise<ReadonlyMap<string, readonly number[]>>
  /** Whether it takes no entry behind a later one, and keeps no positions: those of its streams are in an `ordered` store. */
  readonly ordered?: boolean
  /** The next lease of the unit; `undefined` for an engine without fencing. */
  lease?(): Promise<Lease>
  /** Takes the engine back to what it had when this was called last; the first call only keeps that. */
  keep?(): Promise<{ restore(): Promise<void> }>
  remove?(): Promise<void>
}

/** What every sink must do, whichever engine it writes to. */
export function sinkContract(name: string, makePlace: () => Promise<SinkPlace>): void {
  describe(`a sink to ${name}`, () => {
    let place: SinkPlace | undefined
    let store: CheckpointStore | undefined
    let pumped: Promise<void> | undefined
    afterEach(async () => {
      await place?.remove?.()
      place = undefined
      store = undefined
    })
    const begin = async () => {
      place = await makePlace()
      // Of a sink without positions: they outlive its process.
      const { MemoryCheckpointStore } = await import('../../src/checkpoint/memory.js')
      store = Object.assign(new MemoryCheckpointStore(), { ordered: place.ordered ?? false })
      return place
    }
    const run = async (sink: Sink, logs: readonly TestLog[], more: CtStreamOptions = {}, lease?: Lease) =>
      pump({
        sink,
        ...(lease !== undefined && { lease }),
        clock: fastClock(20_000),
        stream: (own) =>
          streamOf(logs, {
            checkpoint: own ?? store ?? false,
            // Beside a sink without positions the stream commits by itself.
            ...(own === undefined && { commit: { everyMs: 1000, everyEntries: 10_000 } }),
            ...more,
          }),
      })
    const lease = () => place?.lease?.() ?? Promise.resolve(undefined)
    const expectAll = async (logs: readonly TestLog[], guarantee: Sink['guarantee']) => {
      const content = await place?.content()
      for (const log of logs) {
        const found = content?.get(log.logId) ?? []
        const all = Array.from({ length: log.head.treeSize }, (_, index) => index)
        // Order first: repetitions go back, and nothing is skipped.
        expect([...new Set(found)]).toEqual(all)
        if (guarantee === 'exactly-once') expect(found).toHaveLength(all.length)
      }
    }

    it('has every entry of logs of both kinds, in order and without a hole', async () => {
      const { sink } = await begin()
      const logs = [await logOf(600), await logOf(600, { kind: 'static-ct' })]
      const one = sink()
      await run(one, logs, {}, await lease())
      await expectAll(logs, one.guarantee)
    })

    it('goes on where it was after it was closed and opened again', async () => {
      const { sink } = await begin()
      const logs = [await logOf(300), await logOf(300, { kind: 'static-ct' })]
      for (let round = 0; round < 3; round++) {
        const one = sink()
        await run(one, logs, {}, await lease())
        await expectAll(logs, one.guarantee)
        for (const log of logs) grow(log, 100 + round)
      }
    })

    it('has every entry before the end of a run, also behind a later one, and the rest with the next run', async () => {
      const { sink } = await begin()
      const time = Date.now() - 10 * 86_400_000
      const log = await logOf(0)
      for (const [count, offset] of [
        [100, -10_000],
        [1, 5_000],
        [300, -5_000],
        [20, 10_000],
      ] as const)
        log.add(certificates(count), { timestamp: time + offset })
      log.publish()
      const first = sink()
      await run(first, [log], { end: { time: new Date(time) } }, await lease())
      const before = Array.from({ length: 401 }, (_, index) => index).filter((index) => index !== 100)
      expect((await place?.content())?.get(log.logId)).toEqual(expect.arrayContaining(before))
      const second = sink()
      await run(second, [log], {}, await lease())
      const found = (await place?.content())?.get(log.logId) ?? []
      expect([...new Set(found)].sort((a, b) => a - b)).toEqual(Array.from({ length: 421 }, (_, index) => index))
      if (second.guarantee === 'exactly-once') expect(found).toHaveLength(421)
    })

    it('does not lose what was staged when the process died before it was committed', async () => {
      const { sink } = await begin()
      const logs = [await logOf(700)]
      const one = sink()
      await one.open(await lease())
      let pages = 0
      await expect(
        pumpUntil(one, streamOf(logs, { checkpoint: one.store ?? store ?? false }), () => ++pages === 2),
      ).rejects.toThrow('died')
      await one.close()
      const next = sink()
      await run(next, logs, {}, await lease())
      await expectAll(logs, next.guarantee)
    })

    /** Positions as the next process finds them, by log id. */
    const positions = async () => {
      const next = place?.sink()
      await next?.open(await lease())
      try {
        await next?.store?.open()
        const rows = (await next?.store?.load()) ?? []
        return new Map(rows.map(({ log, position }) => [log.id, position]))
      } finally {
        await next?.close()
      }
    }
    const filter = { domains: ['nothing.example'] }

    it('has the position behind what the filter dropped at the end', async ({ skip }) => {
      const { sink } = await begin()
      const logs = [await logOf(300), await logOf(300, { kind: 'static-ct' })]
      const one = sink()
      if (!('store' in one)) return skip()
      await run(one, logs, { filter }, await lease())
      expect(await positions()).toEqual(new Map(logs.map(({ logId }) => [logId, 300])))
      expect((await place?.content())?.size).toBe(0)
      for (const log of logs) grow(log, 50)
      await run(sink(), logs, { filter }, await lease())
      expect(await positions()).toEqual(new Map(logs.map(({ logId }) => [logId, 350])))
    })

    it('has the position behind what the filter dropped while the stream runs', async ({ skip }) => {
      const { sink } = await begin()
      const log = await logOf(300)
      const one = sink()
      const first = await lease()
      if (!('store' in one) || first === undefined) return skip()
      let stored = 0
      const stop = new AbortController()
      const isStored = new Promise<void>((resolve) => {
        const open = (own: CheckpointStore | undefined) => {
          const stream = streamOf([log], { checkpoint: own ?? false, end: 'never', filter })
          return stream.on('commit', ({ entries }) => {
            stored += entries
            if (stored === 300) resolve()
          })
        }
        const pumping = pump({ sink: one, lease: first, signal: stop.signal, clock: fastClock(20_000), stream: open })
        pumped = pumping.catch(() => {}) // The next owner takes its lease.
      })
      await isStored
      expect(await positions()).toEqual(new Map([[log.logId, 300]]))
      stop.abort()
      await pumped
    })

    it('takes what can hardly be parsed', async () => {
      const { sink } = await begin()
      const shapes = [...issueCertificates(2 * CERTIFICATE_SHAPES.length, { sign: false, seed: 'sink contract' })]
      const log = await logOf(0)
      log.add([...shapes, { leafInput: Uint8Array.of(0, 0, 1), extraData: new Uint8Array(3) }])
      log.add([{ leafInput: new Uint8Array(40).fill(0xff), extraData: Uint8Array.of(1) }, ...certificates(3)])
      log.publish()
      const one = sink()
      await run(one, [log], {}, await lease())
      await expectAll([log], one.guarantee)
    })

    it('keeps the largest evidence, and goes on', async ({ skip }) => {
      const { sink } = await begin()
      const one = sink()
      await one.open(await lease())
      const own = one.store
      if (own === undefined) {
        await one.close()
        return skip()
      }
      const evidence = largestEvidence()
      await own.open()
      await own.addEvidence(evidence)
      await one.close()
      const logs = [await logOf(100)]
      const next = sink()
      await next.open(await lease())
      await next.store?.open()
      expect(await next.store?.evidence()).toEqual([evidence])
      await next.close()
      await run(sink(), logs, {}, await lease())
      await expectAll(logs, one.guarantee)
    })

    it('refuses an owner whose lease another one has', async ({ skip }) => {
      const { sink } = await begin()
      const first = await lease()
      if (first === undefined) return skip()
      const logs = [await logOf(600)]
      const zombie = sink()
      await zombie.open(first)
      let pages = 0
      await expect(
        pumpUntil(zombie, streamOf(logs, { checkpoint: zombie.store ?? store ?? false }), async () => {
          if (++pages !== 2) return false
          const next = sink()
          await next.open(await lease())
          await next.close()
          return false
        }),
      ).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
      await zombie.close()
      const next = sink()
      await run(next, logs, {}, await lease())
      await expectAll(logs, next.guarantee)
    })

    it('says that the engine was rolled back, and fills it again', async ({ skip }) => {
      const { sink, keep } = await begin()
      if (keep === undefined) return skip()
      const logs = [await logOf(300)]
      const first = sink()
      await run(first, logs, {}, await lease())
      const kept = await keep()
      for (const log of logs) grow(log, 300)
      const held = await lease()
      const second = sink()
      await second.open(held)
      let pages = 0
      await expect(
        pumpUntil(second, streamOf(logs, { checkpoint: second.store ?? store ?? false }), async () => {
          if (++pages === 2) await kept.restore()
          return false
        }),
      ).rejects.toSatisfy(
        (error) => CtStreamError.is(error) && ['CT_SINK_ROLLED_BACK', 'CT_LEASE_LOST'].includes(error.code),
      )
      await second.close()
      const third = sink()
      await run(third, logs, {}, await lease())
      await expectAll(logs, third.guarantee)
    })
  })
}

function streamOf(logs: readonly TestLog[], options: CtStreamOptions) {
  return ctStream({
    logs: logs.map(({ spec }) => spec),
    start: 'beginning',
    end: 'head',
    commit: 'manual',
    partialTileDelayMs: 0,
    clock: fastClock(20_000),
    endPatienceMs: 86_400_000,
    ...options,
  })
}

/** As the pump, over a sink that is open, until `dies` says so: then nothing is committed or closed in order. */
async function pumpUntil(sink: Sink, stream: ReturnType<typeof ctStream>, dies: () => boolean | Promise<boolean>) {
  try {
    for await (const page of stream.batches({ maxEntries: 128 })) {
      await sink.write(page)
      if (await dies()) throw new Error('died')
      stream.acknowledge()
      await stream.commit()
    }
  } finally {
    await stream.close().catch(() => {})
  }
}

/** As long as `verify/evidence.ts` makes it at most, which has to fit into one message. */
function largestEvidence(): Evidence {
  const { detail: _, ...rest } = sampleEvidence(1)
  const room = 768 * 1024 - JSON.stringify({ ...rest, detail: { leaves: '' } }).length
  return { ...rest, detail: { leaves: 'A'.repeat(room) } }
}
