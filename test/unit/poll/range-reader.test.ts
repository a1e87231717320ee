import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CtErrorCode, CtStreamError } from '../../../src/errors.js'
import type { RequestOptions } from '../../../src/logs/client.js'
import { EntryWeight } from '../../../src/poll/entry-weight.js'
import { LogRequests } from '../../../src/poll/log-requests.js'
import { PagePlanner } from '../../../src/poll/page-planner.js'
import { type FetchedBatch, RangeReader } from '../../../src/poll/range-reader.js'
import type { Clock } from '../../../src/types/clock.js'
import { ByteBudget } from '../../../src/util/byte-budget.js'
import { steppingClock } from '../../support/fast-clock.js'
import { batchOf, LOG, stubClient } from '../../support/memory-log.js'
import { VirtualClock } from '../../support/virtual-clock.js'

/** For requests that are never late. */
const patient = {
  sleep: (_ms: number, signal?: AbortSignal) =>
    new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
}

const turns = async (n: number) => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve))
}

function readerOver(
  [start, end]: [number, number],
  entries: (start: number, end: number, options?: RequestOptions) => Promise<ReturnType<typeof batchOf>>,
  {
    budget = new ByteBudget(1e9),
    inFlight = 4,
    weight = new EntryWeight(100),
    clock = patient as Pick<Clock, 'sleep'>,
    log = LOG,
  } = {},
) {
  const stop = new AbortController()
  const requests = new LogRequests(stubClient({ entries, log }), {
    schedule: (request) => request(),
    clock: steppingClock(),
    random: () => 0.5,
    signal: stop.signal,
    keyHasVerified: true,
    onAnswer: () => {},
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
    clock,
    weight,
  })
  return { reader, stop, budget }
}

async function drain(reader: RangeReader): Promise<number[]> {
  const indexes: number[] = []
  for (;;) {
    const next = await reader.next('all')
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

  it('never requests entries past its end', async () => {
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

  describe('of a log that fails on more than 32 entries', () => {
    const error = (code: CtErrorCode, context = {}) => new CtStreamError(code, 'no', { retryable: true, ...context })

    it.each([
      ['a timeout', error('CT_HTTP_TIMEOUT')],
      ['a cut connection', error('CT_HTTP_NETWORK')],
      ['504', error('CT_HTTP_STATUS', { status: 504 })],
      ['400', error('CT_HTTP_STATUS', { status: 400, retryable: false })],
      ['nonsense', error('CT_RESPONSE_MALFORMED')],
    ])('asks for fewer: %s', async (_, failure) => {
      const asked: number[] = []
      const { reader, budget } = readerOver([7, 5000], async (from, to) => {
        asked.push(to - from)
        await turns(1)
        if (to - from > 32) throw failure
        return batchOf(from, to - from)
      })
      expect(await drain(reader)).toEqual(range(7, 5000))
      expect(asked.filter((count) => count > 32).length).toBeLessThan(40)
      expect(budget.used).toBe(0)
    })

    it.each([
      ['too many requests', 'rfc6962', error('CT_HTTP_STATUS', { status: 429 })],
      ['nothing there', 'rfc6962', error('CT_HTTP_STATUS', { status: 404 })],
      ['a replica that lags behind', 'rfc6962', error('CT_HTTP_STATUS', { status: 400 })],
      ['a failure of a log of tiles', 'static-ct', error('CT_HTTP_STATUS', { status: 504 })],
    ] as const)('asks for no fewer where they are not too many: %s', async (_, kind, failure) => {
      const asked: number[] = []
      const entries = async (from: number, to: number) => {
        asked.push(to - from)
        if (asked.length < 4) throw failure
        return batchOf(from, to - from)
      }
      const { reader } = readerOver([0, 512], entries, { inFlight: 1, log: { ...LOG, kind } })
      expect(await drain(reader)).toEqual(range(0, 512))
      expect(asked).toEqual([256, 256, 256, 256, 256])
    })

    it('reserves room for what it asks for after fewer came because it had asked for fewer', async () => {
      let failures = 3
      const weight = new EntryWeight(100)
      const entries = async (from: number, to: number) => {
        if (failures-- > 0) throw error('CT_HTTP_TIMEOUT')
        return batchOf(from, to - from)
      }
      const { reader } = readerOver([0, 256], entries, { weight })
      expect(((await reader.next('all')) as FetchedBatch).batch.length).toBe(32)
      expect(weight.ofAnswer(256)).toBe(25_600)
      reader.stop()
    })
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
        const next = await reader.next('all')
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
    const first = (await reader.next('all')) as FetchedBatch
    const second = (await reader.next('all')) as FetchedBatch
    await turns(10)
    expect(asked).toBe(2)
    expect(budget.used).toBeLessThanOrEqual(budget.limit)
    expect(await reader.next('some')).toBe('starved')
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

  it('gives back everything when stopped, and rejects the pending read', async () => {
    const { reader, budget } = readerOver([0, 10_000], async (from, to) => {
      await turns(3)
      return batchOf(from, to - from)
    })
    const waiting = reader.next('all')
    reader.stop()
    await expect(waiting).rejects.toBeDefined()
    await turns(10)
    expect(budget.used).toBe(0)
  })

  it('passes a disproof on instead of asking for ever', async () => {
    const { reader } = readerOver([0, 10], () => Promise.reject(new CtStreamError('CT_ROOT_MISMATCH', 'no')))
    await expect(reader.next('all')).rejects.toMatchObject({ code: 'CT_ROOT_MISMATCH' })
  })

  it('holds no more than the budget and one answer, whatever the entries weigh', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ entries: fc.integer({ min: 1, max: 300 }), bytes: fc.constantFrom(10, 100, 20_000, 900_000) }),
          {
            minLength: 1,
            maxLength: 12,
          },
        ),
        fc.integer({ min: 1, max: 4 }),
        async (moods, inFlight) => {
          const budget = new ByteBudget(1_000_000)
          let turn = 0
          let largest = 0
          const { reader } = readerOver(
            [0, 2000],
            async (from, to) => {
              const { entries, bytes } = moods[turn++ % moods.length] as (typeof moods)[number]
              await turns(turn % 3)
              const batch = batchOf(from, Math.min(to - from, entries), undefined, bytes)
              largest = Math.max(largest, batch.byteLength)
              return batch
            },
            { budget, inFlight, weight: new EntryWeight() },
          )
          const indexes: number[] = []
          const held: FetchedBatch[] = []
          let most = 0
          for (;;) {
            const next = await reader.next(held.length === 0 ? 'all' : held.length < 3 ? 'some' : 'none')
            most = Math.max(most, budget.used)
            if (next === undefined) break
            if (next !== 'starved') {
              held.push(next)
              for (let i = 0; i < next.batch.length; i++) indexes.push(next.batch.start + i)
            }
            // As a session does: what is held is let go when nothing else can be read.
            if (next === 'starved' || held.length > 5) for (const { lease } of held.splice(0)) lease.release()
          }
          for (const { lease } of held) lease.release()
          expect(indexes).toEqual(range(0, 2000))
          expect(budget.used).toBe(0)
          // In flight may be what was asked for when entries were small.
          expect(most).toBeLessThanOrEqual(budget.limit + inFlight * largest)
          if (inFlight === 1) expect(most).toBeLessThanOrEqual(budget.limit + largest)
        },
      ),
      { numRuns: 150 },
    )
  })

  describe('an answer that grows beyond what was reserved for it', () => {
    it('counts in the budget as it grows, and no more when the attempt fails', async () => {
      const grow: ((held: number) => void)[] = []
      const ends: { resolve: (batch: ReturnType<typeof batchOf>) => void; reject: (error: unknown) => void }[] = []
      const { reader, budget } = readerOver([0, 256], (_from, _to, options) => {
        grow.push((held) => options?.onBytes?.(held))
        return new Promise((resolve, reject) => ends.push({ resolve, reject }))
      })
      await turns(3)
      expect(budget.used).toBe(25_600)
      grow[0]?.(10_000)
      expect(budget.used).toBe(25_600)
      grow[0]?.(40_000_000)
      expect(budget.used).toBe(40_000_000)
      ends[0]?.reject(new CtStreamError('CT_HTTP_NETWORK', 'cut', { retryable: true }))
      await turns(5)
      expect(budget.used).toBe(25_600)
      grow[1]?.(70_000)
      expect(budget.used).toBe(70_000)
      ends[1]?.resolve(batchOf(0, 256))
      expect((await drain(reader)).length).toBe(256)
      expect(budget.used).toBe(0)
    })

    it('counts when it is late, too', async () => {
      const clock = new VirtualClock()
      let grow = (_held: number) => {}
      let answer = () => {}
      const { reader, budget } = readerOver(
        [0, 256],
        (from, to, options) => {
          grow = (held) => options?.onBytes?.(held)
          return new Promise((resolve) => {
            answer = () => resolve(batchOf(from, to - from))
          })
        },
        { clock },
      )
      await turns(3)
      await clock.pass(1_000)
      expect(budget.used).toBe(0)
      grow(100)
      expect(budget.used).toBe(100)
      grow(90_000)
      expect(budget.used).toBe(90_000)
      answer()
      expect((await drain(reader)).length).toBe(256)
      expect(budget.used).toBe(0)
    })

    it('leaves no room for others that grow: they are read again when their turn comes', async () => {
      // Four pages are asked for as those of small entries, and all turn out to be as large as the budget.
      const budget = new ByteBudget(1_000_000)
      const grow = new Map<number, (held: number) => void>()
      const answers = new Map<number, () => void>()
      const asked: number[] = []
      const { reader } = readerOver(
        [0, 1024],
        (from, to, options) => {
          asked.push(from)
          grow.set(from, (held) => options?.onBytes?.(held))
          return new Promise((resolve) => answers.set(from, () => resolve(batchOf(from, to - from, undefined, 3_900))))
        },
        { budget },
      )
      await turns(3)
      expect(asked).toEqual([0, 256, 512, 768])
      let most = 0
      for (let held = 100_000; held <= 1_000_000; held += 100_000)
        for (const from of [768, 512, 256, 0]) {
          grow.get(from)?.(held)
          most = Math.max(most, budget.used)
          await turns(1)
        }
      expect(most).toBeLessThanOrEqual(budget.limit + 1_000_000)
      // The next one in order is the one that is left.
      expect(budget.used).toBe(1_000_000)
      answers.get(0)?.()
      const indexes: number[] = []
      for (let next = await reader.next('all'); next !== undefined; next = await reader.next('all')) {
        const { batch, lease } = next as FetchedBatch
        indexes.push(...range(batch.start, batch.start + batch.length))
        lease.release()
        await turns(3)
        most = Math.max(most, budget.used)
        for (const answer of answers.values()) answer()
      }
      expect(indexes).toEqual(range(0, 1024))
      expect(most).toBeLessThanOrEqual(budget.limit + 1_000_000)
      expect(budget.used).toBe(0)
    })

    it('is requested once more at most, where the page before was taken and the next one is slow', async () => {
      // Room for four answers as expected, of which all but the first turn out to be three times as large.
      const budget = new ByteBudget(120_000)
      const asked: number[] = []
      let finish = () => {}
      const isFinished = new Promise<void>((resolve) => {
        finish = resolve
      })
      const entries = async (from: number, to: number, options?: RequestOptions) => {
        asked.push(from)
        if (from === 0) return batchOf(from, to - from)
        for (let held = 20_000; held <= 60_000; held += 10_000) {
          await turns(1)
          options?.onBytes?.(held)
        }
        if (from === 256) await isFinished
        options?.onBytes?.(80_000)
        return batchOf(from, to - from, undefined, 310)
      }
      const { reader } = readerOver([0, 1280], entries, { budget })
      const first = (await reader.next('all')) as FetchedBatch
      await turns(100)
      finish()
      await turns(10)
      first.lease.release()
      expect(await drain(reader)).toEqual(range(256, 1280))
      // The next one in order went on.
      expect(asked.filter((from) => from === 256)).toEqual([256])
      for (const start of [512, 768, 1024]) expect(asked.filter((from) => from === start).length).toBeLessThan(3)
      expect(budget.used).toBe(0)
    })

    it('is not given up for others as long as there is room, nor for a little more than was expected', async () => {
      const budget = new ByteBudget(110_000)
      const signals: (AbortSignal | undefined)[] = []
      const grow: ((held: number) => void)[] = []
      const { reader } = readerOver(
        [0, 1024],
        (_from, _to, options) => {
          signals.push(options?.signal)
          grow.push((held) => options?.onBytes?.(held))
          return new Promise(() => {})
        },
        { budget },
      )
      await turns(3)
      expect(grow.length).toBe(4)
      for (const one of grow) one(30_000) // 120,000, of which 17,600 were not expected
      expect(budget.used).toBe(120_000)
      expect(signals.some((signal) => signal?.aborted)).toBe(false)
      reader.stop()
    })
  })

  it('asks for one page alone until it knows what an entry weighs', async () => {
    const answers: (() => void)[] = []
    const { reader } = readerOver(
      [0, 2000],
      (from, to) => new Promise((resolve) => answers.push(() => resolve(batchOf(from, to - from)))),
      { weight: new EntryWeight() },
    )
    await turns(3)
    expect(answers.length).toBe(1)
    answers[0]?.()
    await turns(3)
    // The page that waits for its reader is not in flight any more.
    expect(answers.length).toBe(1 + 4)
    reader.stop()
  })

  it('asks for the next page when an answer is complete, while it is unpacked and read', async () => {
    const received: (() => void)[] = []
    const fail: ((error: unknown) => void)[] = []
    const { reader } = readerOver([0, 10_000], (_from, _to, options) => {
      received.push(() => options?.onReceived?.())
      return new Promise((_, reject) => fail.push(reject))
    })
    await turns(3)
    expect(received.length).toBe(4)
    received[2]?.()
    await turns(3)
    expect(received.length).toBe(5)
    // It could not be read, and is asked for again: that takes the place of the one after it.
    fail[2]?.(new CtStreamError('CT_RESPONSE_MALFORMED', 'cut', { retryable: true }))
    await turns(5)
    expect(received.length).toBe(6)
    received[3]?.()
    await turns(3)
    expect(received.length).toBe(6)
    received[4]?.()
    await turns(3)
    expect(received.length).toBe(7)
    reader.stop()
  })

  it('asks once for each page, however many are unpacked at once, where the budget is full', async () => {
    const budget = new ByteBudget(300_000)
    const asked: number[] = []
    const { reader } = readerOver(
      [0, 256 * 60],
      async (from, to, options) => {
        asked.push(from)
        // As a packed body does that is unpacked beside itself.
        options?.onReceived?.()
        options?.onBytes?.(40_000)
        await turns(3)
        options?.onBytes?.(25_600)
        return batchOf(from, to - from)
      },
      { budget, inFlight: 16 },
    )
    const held: FetchedBatch[] = []
    let read = 0
    for (;;) {
      const next = await reader.next(held.length === 0 ? 'all' : 'some')
      if (next === undefined) break
      if (next !== 'starved') held.push(next)
      else for (const { lease } of held.splice(0)) lease.release()
      if (next !== 'starved') read += next.batch.length
    }
    expect(read).toBe(256 * 60)
    // The first ones taught how much that takes.
    expect(asked.length).toBeLessThanOrEqual(60 + 16)
  })

  it('expects no more of the next answers where most of one belonged to others, as a tile does of which six entries are new', async () => {
    const weight = new EntryWeight(100)
    const { reader } = readerOver(
      [0, 6],
      async (from, to, options) => {
        options?.onBytes?.(50_000)
        return { ...batchOf(from, to - from), pageLength: 250 }
      },
      { weight },
    )
    expect((await drain(reader)).length).toBe(6)
    expect(weight.bytesPerEntry).toBe(200)
  })

  it('reads a few pages ahead of one that does not come, not as many as there is room for', async () => {
    let asked = 0
    const { reader } = readerOver([0, 256 * 100], (from, to) => {
      asked++
      return from === 0 ? new Promise(() => {}) : Promise.resolve(batchOf(from, to - from))
    })
    await turns(300)
    expect(asked).toBe(8)
    reader.stop()
  })

  it('reads the rest of a window from the room that was reserved for all of it, and gives up none of the next ones', async () => {
    // Room for two pages: one is cut in two, the other waits for it, and a third one for room.
    const budget = new ByteBudget(2 * 25_600)
    const asked: number[] = []
    const { reader } = readerOver(
      [0, 768],
      async (from, to) => {
        asked.push(from)
        await turns(from === 256 ? 1 : 4)
        return batchOf(from, Math.min(to - from, from === 0 ? 128 : 256))
      },
      { budget },
    )
    expect(await drain(reader)).toEqual(range(0, 768))
    expect(asked).toEqual([0, 256, 128, 512])
  })

  it('says that there is no room while answers are on their way, to those who hold much', async () => {
    const budget = new ByteBudget(3 * 25_600)
    const answers: (() => void)[] = []
    const { reader } = readerOver(
      [0, 2560],
      (from, to) => new Promise((resolve) => answers.push(() => resolve(batchOf(from, to - from)))),
      { budget },
    )
    await turns(3)
    answers[0]?.()
    const first = (await reader.next('all')) as FetchedBatch
    expect(first.batch.start).toBe(0)
    expect(await reader.next('none')).toBe('starved')
    const patient = reader.next('some')
    answers[1]?.()
    expect(((await patient) as FetchedBatch).batch.start).toBe(256)
    reader.stop()
  })

  it('holds no room for an answer that is late, and reads it when it comes', async () => {
    const clock = new VirtualClock()
    let answer = () => {}
    const { reader, budget } = readerOver(
      [0, 256],
      (from, to) =>
        new Promise((resolve) => {
          answer = () => resolve(batchOf(from, to - from))
        }),
      { clock },
    )
    await turns(3)
    expect(budget.used).toBe(25_600)
    await clock.pass(1_000)
    expect(budget.used).toBe(0)
    answer()
    expect((await drain(reader)).length).toBe(256)
    expect([budget.used, clock.sleeping]).toEqual([0, 0])
  })

  it('asks a late log for one page at a time while others need the room', async () => {
    const clock = new VirtualClock()
    const budget = new ByteBudget(1e9)
    const answers: (() => void)[] = []
    const { reader } = readerOver(
      [0, 10_000],
      (from, to) => new Promise((resolve) => answers.push(() => resolve(batchOf(from, to - from)))),
      { clock, budget },
    )
    await turns(3)
    expect(answers.length).toBe(4)
    await clock.pass(1_000)
    const others = budget.take(6e8)
    for (const answer of answers.splice(0)) answer()
    await turns(3)
    for (let i = 0; i < 4; i++) ((await reader.next('all')) as FetchedBatch).lease.release()
    const waiting = reader.next('all')
    await turns(3)
    expect(answers.length).toBe(1)
    others.release()
    answers[0]?.()
    expect(((await waiting) as FetchedBatch).batch.start).toBe(1024)
    reader.stop()
  })
})
