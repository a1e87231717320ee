import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteBudget, type Lease } from '../../../src/util/byte-budget.js'

const never = new AbortController().signal
const settled = async <T>(promise: Promise<T>): Promise<T | undefined> => {
  let value: T | undefined
  promise.then(
    (v) => {
      value = v
    },
    () => {},
  )
  await new Promise((resolve) => setImmediate(resolve))
  return value
}

describe('ByteBudget', () => {
  it('grants what fits, makes the rest wait, serves in order', async () => {
    const budget = new ByteBudget(100)
    const first = await budget.reserve(60, 0, never)
    const second = budget.reserve(60, 0, never)
    const third = budget.reserve(10, 0, never)
    expect(await settled(second)).toBeUndefined()
    expect(await settled(third)).toBeUndefined() // it would fit, but is not to overtake
    first.release()
    expect(await settled(second)).toBeDefined()
    expect(await settled(third)).toBeDefined()
    expect(budget.used).toBe(70)
  })

  it('serves a live log before a backlog', async () => {
    const budget = new ByteBudget(100)
    const first = await budget.reserve(100, 0, never)
    const backlog = budget.reserve(100, 0, never)
    const live = budget.reserve(100, 1, never)
    first.release()
    expect(await settled(live)).toBeDefined()
    expect(await settled(backlog)).toBeUndefined()
  })

  it('grants a reservation larger than the whole budget when nothing else is held', async () => {
    const budget = new ByteBudget(10)
    const lease = await budget.reserve(1000, 0, never)
    expect(await settled(budget.reserve(1, 0, never))).toBeUndefined()
    lease.release()
    expect(budget.used).toBe(1) // the one that waited
  })

  it('forgets a waiter that aborts, and serves the one behind it', async () => {
    const budget = new ByteBudget(100)
    await budget.reserve(90, 0, never)
    const stop = new AbortController()
    const large = budget.reserve(50, 0, stop.signal)
    const small = budget.reserve(10, 0, never)
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(large).rejects.toBe(reason)
    expect(await settled(small)).toBeDefined()
    await expect(budget.reserve(1, 0, stop.signal)).rejects.toBe(reason)
  })

  it('grants a share no more than its own limit, and no more than the rest of the whole', async () => {
    const whole = new ByteBudget(100)
    const [one, other] = [new ByteBudget(60, whole), new ByteBudget(60, whole)]
    const first = await one.reserve(50, 0, never)
    expect(one.fits(20)).toBe(false)
    const beyondOwn = one.reserve(20, 0, never)
    const second = await other.reserve(45, 0, never)
    expect(other.fits(10)).toBe(false)
    const beyondWhole = other.reserve(10, 0, never)
    expect([await settled(beyondOwn), await settled(beyondWhole), whole.used]).toEqual([undefined, undefined, 95])
    first.release()
    expect(await settled(beyondOwn)).toBeDefined()
    expect(await settled(beyondWhole)).toBeDefined()
    expect([one.used, other.used, whole.used]).toEqual([20, 55, 75])
    second.resize(0)
    expect([other.used, whole.used]).toEqual([10, 30])
  })

  it('grants a reservation at once that was said to fit, whatever others reserve in the same tick', async () => {
    const whole = new ByteBudget(100)
    const [one, other] = [new ByteBudget(70, whole), new ByteBudget(70, whole)]
    for (const share of [one, other]) await share.reserve(10, 0, never)
    expect(one.fits(60)).toBe(true)
    const first = one.reserve(60, 0, never)
    expect(other.fits(60)).toBe(false)
    const second = other.reserve(60, 0, never)
    expect([await settled(first), await settled(second)]).toEqual([expect.anything(), undefined])
  })

  it('holds nothing for a reservation that was aborted while it waited for the whole', async () => {
    const whole = new ByteBudget(100)
    const share = new ByteBudget(60, whole)
    await whole.reserve(80, 0, never)
    await share.reserve(10, 0, never)
    const stop = new AbortController()
    const waiting = share.reserve(50, 0, stop.signal)
    expect(await settled(waiting)).toBeUndefined()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect([share.used, whole.used]).toEqual([10, 90])
  })

  it('lets every share hold one answer, however much the others hold', async () => {
    const whole = new ByteBudget(100)
    const [one, other] = [new ByteBudget(60, whole), new ByteBudget(60, whole)]
    await whole.reserve(100, 0, never)
    const first = await one.reserve(50, 0, never)
    // Only one: the next waits, until the first is given back.
    const second = one.reserve(20, 0, never)
    expect(await settled(second)).toBeUndefined()
    expect(await settled(other.reserve(30, 0, never))).toBeDefined()
    first.release()
    expect(await settled(second)).toBeDefined()
    expect([one.used, other.used, whole.used]).toEqual([20, 30, 150])
  })

  it('lets a share of which several reservations wait for the whole go on, the first in order first', async () => {
    const whole = new ByteBudget(100)
    const share = new ByteBudget(60, whole)
    await whole.reserve(100, 0, never)
    const first = await share.reserve(5, 0, never)
    const [next, rest] = [share.reserve(5, 0, never), share.reserve(5, 0.5, never)]
    expect([await settled(next), await settled(rest)]).toEqual([undefined, undefined])
    first.release()
    const granted = await settled(rest)
    expect([granted?.bytes, await settled(next), whole.used]).toEqual([5, undefined, 105])
    granted?.release()
    expect(await settled(next)).toBeDefined()
  })

  it('holds nothing for a reservation that was aborted between its part of the share and that of the whole', async () => {
    const whole = new ByteBudget(100)
    const share = new ByteBudget(60, whole)
    const first = await share.reserve(50, 0, never)
    await whole.reserve(50, 0, never)
    const stop = new AbortController()
    const waiting = share.reserve(30, 0, stop.signal)
    const reason = waiting.catch((error) => error.message)
    const other = share.reserve(10, 0, never)
    first.resize(30) // room in the share, not in the whole
    stop.abort(new Error('enough'))
    expect(await settled(reason)).toBe('enough')
    expect(await settled(other)).toBeDefined()
    expect([share.used, whole.used]).toEqual([40, 90])
  })

  it('is scarce when more than half of the whole is held', async () => {
    const whole = new ByteBudget(100)
    const share = new ByteBudget(60, whole)
    const lease = await whole.reserve(50, 0, never)
    expect(share.isScarce).toBe(false)
    lease.resize(51)
    expect([share.isScarce, whole.isScarce]).toEqual([true, true])
  })

  it.each([false, true])('adds up, whatever happens to the leases; as a share: %s', async (isShare) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(50), fc.nat(80), fc.nat(3)), { maxLength: 60 }), async (steps) => {
        const whole = new ByteBudget(100)
        const budget = isShare ? new ByteBudget(80, whole) : whole
        const leases: Lease[] = []
        for (const [reserve, resize, what] of steps) {
          if (what === 0) void budget.reserve(reserve, 0, never).then((lease) => leases.push(lease))
          if (what === 1) leases.at(-1)?.resize(resize)
          if (what === 2) leases.shift()?.release()
          if (what === 3) leases.at(0)?.release()
          for (let i = 0; i < 8; i++) await Promise.resolve()
          expect(whole.used).toBe(budget.used)
          expect(budget.used).toBe(leases.reduce((sum, lease) => sum + lease.bytes, 0))
        }
      }),
    )
  })

  it('keeps no share waiting that holds nothing, and holds no more than the whole and one answer a share', async () => {
    const LARGEST = 50
    const step = fc.record({
      share: fc.nat(2),
      what: fc.constantFrom('reserve', 'reserve', 'reserve', 'release', 'abort', 'release and abort', 'empty'),
      bytes: fc.integer({ min: 1, max: LARGEST }),
      priority: fc.constantFrom(0, 0.5, 1),
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 60, 100), fc.array(step, { maxLength: 60 }), async (others, steps) => {
        const whole = new ByteBudget(100)
        whole.take(others)
        const shares = [0, 1, 2].map(() => ({
          budget: new ByteBudget(60, whole),
          leases: [] as Lease[],
          waiting: new Set<AbortController>(),
        }))
        const quiet = async () => {
          for (let i = 0; i < 16; i++) await Promise.resolve()
        }
        const check = () => {
          for (const { budget, leases, waiting } of shares) {
            const held = leases.reduce((sum, { bytes }) => sum + bytes, 0)
            if (waiting.size > 0) expect(held).toBeGreaterThan(0)
            else expect(budget.used).toBe(held)
          }
          const all = shares.flatMap(({ leases }) => leases)
          expect(whole.used).toBe(all.reduce<number>((sum, { bytes }) => sum + bytes, others))
          expect(whole.used).toBeLessThanOrEqual(whole.limit + shares.length * LARGEST)
        }
        for (const { share, what, bytes, priority } of steps) {
          const { budget, leases, waiting } = shares[share] as (typeof shares)[number]
          if (what === 'reserve') {
            const stop = new AbortController()
            waiting.add(stop)
            budget
              .reserve(bytes, priority, stop.signal)
              .then((lease) => leases.push(lease))
              .catch(() => {})
              .finally(() => waiting.delete(stop))
          }
          if (what.startsWith('release')) leases.shift()?.release()
          if (what === 'empty') leases[0]?.resize(0)
          if (what.endsWith('abort')) [...waiting][0]?.abort()
          await quiet()
          check()
        }
        // Everything that waits gets its turn in the end.
        for (let i = 0; i < steps.length; i++) {
          for (const { leases } of shares) leases.shift()?.release()
          await quiet()
        }
        expect(shares.map(({ budget, waiting }) => [budget.used, waiting.size])).toEqual(shares.map(() => [0, 0]))
        expect(whole.used).toBe(others)
      }),
      { numRuns: 300 },
    )
  })
})
