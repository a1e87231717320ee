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

  it('grants what is larger than all of it when nothing else is held', async () => {
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

  it('adds up, whatever happens to the leases', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(50), fc.nat(80), fc.nat(3)), { maxLength: 60 }), async (steps) => {
        const budget = new ByteBudget(100)
        const leases: Lease[] = []
        for (const [reserve, resize, what] of steps) {
          if (what === 0) void budget.reserve(reserve, 0, never).then((lease) => leases.push(lease))
          if (what === 1) leases.at(-1)?.resize(resize)
          if (what === 2) leases.shift()?.release()
          if (what === 3) leases.at(0)?.release()
          await Promise.resolve()
          expect(budget.used).toBe(leases.reduce((sum, lease) => sum + lease.bytes, 0))
        }
      }),
    )
  })
})
