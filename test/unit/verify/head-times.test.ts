import { describe, expect, it } from 'vitest'
import type { SignedHead } from '../../../src/types/log.js'
import { HeadTimes, isPremature } from '../../../src/verify/head-times.js'
import { LOG } from '../../support/memory-log.js'

const NOW = 1_790_000_000_000
const MMD = 60_000
const EVERY = 10_000
/** The oldest a head may be: its maximum merge delay, a minute for caches, and a poll. */
const DUE = MMD + 60_000 + EVERY

const headAt = (timestamp: number, treeSize = 10): SignedHead => ({
  treeSize,
  timestamp,
  rootHash: new Uint8Array(32),
  signature: new Uint8Array(4),
})
const context = { log: LOG, now: NOW, mmdMs: MMD as number | undefined, everyMs: EVERY }
const begins = (read: number, newest = read, given = context) =>
  new HeadTimes().begins(headAt(read), headAt(newest), given)?.code

describe('HeadTimes', () => {
  it('finds a head too old that is older than its merge delay, a minute and a poll', () => {
    expect(begins(NOW)).toBeUndefined()
    expect(begins(NOW - DUE)).toBeUndefined()
    expect(begins(NOW - DUE - 1)).toBe('CT_HEAD_STALE')
    expect(begins(NOW - DUE - 1, NOW - DUE - 1, { ...context, everyMs: EVERY + 1 })).toBeUndefined()
    expect(begins(NOW - DUE - 1, NOW - DUE - 1, { ...context, mmdMs: MMD + 1 })).toBeUndefined()
  })

  it('finds no head too old of a log that need not sign any', () => {
    expect(begins(0, 0, { ...context, mmdMs: undefined })).toBeUndefined()
  })

  it('does not hold it against a log that one of its replicas lags', () => {
    expect(begins(NOW - 86_400_000, NOW - DUE)).toBeUndefined()
    expect(begins(NOW - DUE, NOW - 86_400_000)).toBeUndefined()
  })

  it('finds a head that is signed more than five minutes ahead', () => {
    expect(begins(NOW + 300_000)).toBeUndefined()
    expect(begins(NOW + 300_001)).toBe('CT_HEAD_FUTURE')
    expect(begins(NOW + 300_001, NOW + 300_001, { ...context, mmdMs: undefined })).toBe('CT_HEAD_FUTURE')
    expect([isPremature(headAt(NOW + 300_000), NOW), isPremature(headAt(NOW + 300_001), NOW)]).toEqual([false, true])
  })

  it('does not take a head of the future for a fresh one', () => {
    expect(begins(NOW - DUE - 1, NOW + 86_400_000)).toBe('CT_HEAD_STALE')
    expect(begins(NOW - DUE, NOW + 86_400_000)).toBeUndefined()
  })

  it('tells of it once, until it is over', () => {
    const times = new HeadTimes()
    const at = (now: number, signed: number) => times.begins(headAt(signed), headAt(signed), { ...context, now })?.code
    expect(at(NOW, NOW)).toBeUndefined()
    expect(at(NOW + DUE + 1, NOW)).toBe('CT_HEAD_STALE')
    expect(at(NOW + 2 * DUE, NOW)).toBeUndefined()
    expect(times.problem?.actual).toBe(DUE + 1)
    expect(at(NOW + 2 * DUE, NOW + 2 * DUE)).toBeUndefined()
    expect(times.problem).toBeUndefined()
    expect(at(NOW + 4 * DUE, NOW + 2 * DUE)).toBe('CT_HEAD_STALE')
    // One kind of trouble may follow another.
    expect(at(NOW + 4 * DUE, NOW + 9 * DUE)).toBe('CT_HEAD_FUTURE')
    expect(times.problem?.code).toBe('CT_HEAD_FUTURE')
  })

  it('names the log, the age and the merge delay', () => {
    const signed = headAt(NOW - 3_600_000)
    const stale = new HeadTimes().begins(signed, signed, context)
    expect(stale).toMatchObject({
      message: `${LOG.url}: the newest head was signed 3600 s ago, the maximum merge delay is 60 s`,
      retryable: true,
      logId: LOG.id,
      url: LOG.url,
      expected: MMD,
      actual: 3_600_000,
    })
    const future = headAt(NOW + 7_200_000)
    expect(new HeadTimes().begins(future, future, context)?.message).toBe(
      `${LOG.url}: the head of 10 entries is signed 7200 s ahead of this machine's clock`,
    )
  })
})
