import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { LogRequests } from '../../../src/poll/log-requests.js'
import { PagePlanner } from '../../../src/poll/page-planner.js'
import { type FetchedBatch, RangeReader } from '../../../src/poll/range-reader.js'
import { ByteBudget } from '../../../src/util/byte-budget.js'
import { steppingClock } from '../../support/fast-clock.js'
import { batchOf, stubClient } from '../../support/memory-log.js'

const turns = async (n: number) => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve))
}

function readerOver(
  [start, end]: [number, number],
  entries: (start: number, end: number) => Promise<ReturnType<typeof batchOf>>,
  { budget = new ByteBudget(1e9), inFlight = 4 } = {},
) {
  const stop = new AbortController()
  const clock = steppingClock()
  const requests = new LogRequests(stubClient({ entries }), {
    schedule: (request) => request(),
    clock,
    random: () => 0.5,
    signal: stop.signal,
    onFailure: () => {},
    onRecovery: () => {},
  })
  const reader = new RangeReader(start, end, {
    requests,
    planner: new PagePlanner(),
    budget,
    inFlight,
    asking: () => ({ priority: 0, fresh: false }),
    signal: stop.signal,
    bytesPerEntry: { value: 100 },
  })
  return { reader, stop, budget, clock }
}

async function drain(reader: RangeReader): Promise<number[]> {
  const indexes: number[] = []
  for (;;) {
    const next = await reader.next(true)
    if (next === undefined) return indexes
    const { batch, lease } = next as FetchedBatch
    for (let i = 0; i < batch.length; i++) indexes.push(batch.start + i)
    lease.release()
  }
}

const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i)

describe('RangeReader', () => {
  it('hands pages on in order, whatever the order and length of the answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 35 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.array(fc.record({ turns: fc.nat(6), short: fc.integer({ min: 1, max: 300 }), fails: fc.boolean() }), {
          minLength: 1,
          maxLength: 20,
        }),
        fc.integer({ min: 1, max: 6 }),
        async (start, length, moods, inFlight) => {
          let turn = 0
          const { reader } = readerOver(
            [start, start + length],
            async (from, to) => {
              const mood = moods[turn++ % moods.length] as (typeof moods)[number]
              await turns(mood.turns)
              if (mood.fails && turn % 3 === 0) throw new CtStreamError('CT_HTTP_NETWORK', 'cut', { retryable: true })
              return batchOf(from, Math.min(to - from, mood.short))
            },
            { inFlight },
          )
          expect(await drain(reader)).toEqual(range(start, start + length))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('never asks past its end', async () => {
    const asked: number[] = []
    const { reader } = readerOver([10, 700], async (from, to) => {
      asked.push(to)
      return batchOf(from, to - from)
    })
    await drain(reader)
    expect(Math.max(...asked)).toBe(700)
  })

  it('advances by what was received, not by what was asked', async () => {
    const asked: [number, number][] = []
    const { reader } = readerOver(
      [0, 256],
      async (from, to) => {
        asked.push([from, to])
        return batchOf(from, Math.min(100, to - from))
      },
      { inFlight: 1 },
    )
    expect(await drain(reader)).toEqual(range(0, 256))
    expect(asked).toEqual([
      [0, 256],
      [100, 256],
      [200, 256],
    ])
  })

  it('continues when its end moves', async () => {
    const { reader } = readerOver([0, 100], async (from, to) => batchOf(from, to - from))
    expect(await drain(reader)).toEqual(range(0, 100))
    reader.extend(300)
    expect(await drain(reader)).toEqual(range(100, 300))
  })

  it.each([1, 2, 4])(
    'continues when its end is told again before each page, with %i requests in flight',
    async (inFlight) => {
      const { reader } = readerOver([0, 1000], async (from, to) => batchOf(from, to - from), { inFlight })
      const starts: number[] = []
      for (;;) {
        reader.extend(1000)
        const next = await reader.next(true)
        if (next === undefined) break
        starts.push((next as FetchedBatch).batch.start)
      }
      expect(starts).toEqual([0, 256, 512, 768])
    },
  )

  it('keeps the budget: reading stops when it is full and goes on when room is given back', async () => {
    const budget = new ByteBudget(256 * 100 * 2)
    let asked = 0
    const { reader } = readerOver(
      [0, 256 * 10],
      async (from, to) => {
        asked++
        return batchOf(from, to - from)
      },
      { budget },
    )
    const first = (await reader.next(true)) as FetchedBatch
    const second = (await reader.next(true)) as FetchedBatch
    await turns(10)
    expect(asked).toBe(2)
    expect(budget.used).toBeLessThanOrEqual(budget.limit)
    expect(await reader.next(false)).toBe('starved')
    first.lease.release()
    second.lease.release()
    expect((await drain(reader)).length).toBe(256 * 8)
    expect(budget.used).toBe(0)
  })

  it('reads a page larger than the whole budget', async () => {
    const { reader } = readerOver([0, 600], async (from, to) => batchOf(from, to - from), {
      budget: new ByteBudget(10),
    })
    expect(await drain(reader)).toEqual(range(0, 600))
  })

  it('gives back everything when stopped, and whoever waits is told', async () => {
    const { reader, budget } = readerOver([0, 10_000], async (from, to) => {
      await turns(3)
      return batchOf(from, to - from)
    })
    const waiting = reader.next(true)
    reader.stop()
    await expect(waiting).rejects.toBeDefined()
    await turns(10)
    expect(budget.used).toBe(0)
  })

  it('passes a disproof on instead of asking for ever', async () => {
    const { reader } = readerOver([0, 10], () => Promise.reject(new CtStreamError('CT_ROOT_MISMATCH', 'no')))
    await expect(reader.next(true)).rejects.toMatchObject({ code: 'CT_ROOT_MISMATCH' })
  })
})
