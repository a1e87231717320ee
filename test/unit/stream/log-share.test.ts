import { describe, expect, it } from 'vitest'
import { LogShare } from '../../../src/stream/log-share.js'
import { ByteBudget } from '../../../src/util/byte-budget.js'

const MIB = 1024 * 1024
const { signal } = new AbortController()

describe('the share of a log', () => {
  it.each([
    [1024 * MIB, 256 * MIB],
    [64 * MIB, 16 * MIB],
    [32 * MIB, 16 * MIB],
    [8 * MIB, 8 * MIB],
    [65_536, 65_536],
  ])('of %i bytes is %i', (whole, share) => {
    expect(new LogShare(new ByteBudget(whole)).limit).toBe(share)
  })

  it('gives what is reserved to others while the log gives no answer, and takes it back, room or not', async () => {
    const whole = new ByteBudget(1000)
    const [dead, alive] = [new LogShare(whole), new LogShare(whole)]
    const reserved = await dead.reserve(900, 0, signal)
    const page = dead.take(50)
    let granted = false
    const waiting = alive.reserve(800, 0, signal).then((lease) => {
      granted = true
      return lease
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(granted).toBe(false)

    dead.lend()
    const other = await waiting
    // What was received stays held.
    expect([whole.used, dead.used]).toEqual([850, 50])
    reserved.resize(600)
    expect(whole.used).toBe(850)

    dead.reclaim()
    expect([whole.used, dead.used, reserved.bytes]).toEqual([1450, 650, 600])
    for (const lease of [reserved, page, other, reserved]) lease.release()
    expect([whole.used, dead.used]).toEqual([0, 0])
  })

  it('forgets what was released while it was lent', async () => {
    const whole = new ByteBudget(1000)
    const share = new LogShare(whole)
    const reserved = await share.reserve(500, 0, signal)
    share.lend()
    reserved.release()
    share.reclaim()
    expect(whole.used).toBe(0)
  })

  it('is not waited for after the abort', async () => {
    const whole = new ByteBudget(1000)
    const share = new LogShare(whole)
    const held = await share.reserve(1000, 0, signal)
    const stop = new AbortController()
    const waiting = share.reserve(10, 0, stop.signal)
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    held.release()
    expect(whole.used).toBe(0)
  })
})
