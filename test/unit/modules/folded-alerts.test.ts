import { describe, expect, it } from 'vitest'
import { TestClock } from '../../../src/module-testing/test-clock.js'
import { FoldedAlerts } from '../../../src/modules/folded-alerts.js'
import { ReportedAlerts } from '../../../src/modules/reported-alerts.js'
import type { Keepsake } from '../../../src/modules/threads/keepsake.js'

const FOLD_MS = 1000
const REMEMBER_MS = 5000
const reported = { kind: 'report', foldedBefore: 0 }

function folding(keepsake?: Keepsake, startedAt = 0) {
  const clock = new TestClock(startedAt)
  const elapsed = clock.elapsed
  const alerts = new FoldedAlerts(
    FOLD_MS,
    elapsed,
    new ReportedAlerts({ ttlMs: REMEMBER_MS, clock, elapsed, keepsake }),
  )
  const take = (id: string, severity: 'low' | 'medium' | 'high') => alerts.take({ subject: 'one', id, severity })
  return { clock, alerts, take }
}

describe('FoldedAlerts', () => {
  it('lets every alert of the period through that comes again, and counts it as none of those in between', async () => {
    const { clock, alerts, take } = folding()
    expect(take('a', 'low')).toEqual(reported)
    expect(take('b', 'high')).toEqual(reported)
    expect(take('c', 'medium')).toEqual({ kind: 'folded' })
    // Such as one whose delivery failed, and whose entry is replayed.
    for (const again of ['a', 'b', 'a']) expect(take(again, 'low')).toEqual(reported)
    expect(alerts.count).toBe(1)
    await clock.pass(FOLD_MS)
    // As late as that, too: it begins no period, and does not say how many were folded.
    expect(take('a', 'low')).toEqual(reported)
    expect(take('d', 'low')).toEqual({ kind: 'report', foldedBefore: 1 })
    expect(take('c', 'low')).toEqual({ kind: 'folded' })
  })

  it('counts an issuance once, however many of its entries come: precertificate and certificate, of several logs', async () => {
    const { clock, alerts, take } = folding()
    take('a', 'low')
    for (let i = 0; i < 6; i++) take('b', 'low')
    for (let i = 0; i < 2; i++) take('c', 'low')
    take('b', 'low')
    expect(alerts.count).toBe(2)
    await clock.pass(FOLD_MS)
    expect(take('d', 'low')).toEqual({ kind: 'report', foldedBefore: 2 })
    // Late copies of what was counted then.
    take('b', 'low')
    take('e', 'low')
    await clock.pass(FOLD_MS)
    expect(take('f', 'low')).toEqual({ kind: 'report', foldedBefore: 1 })
  })

  it('knows an alert for as long as the run may drop it, counted from the last time it came', async () => {
    const { clock, take } = folding()
    take('a', 'low')
    await clock.pass(REMEMBER_MS - 1)
    take('a', 'low')
    await clock.pass(REMEMBER_MS - 1)
    expect(take('a', 'low')).toEqual(reported)
    expect(take('b', 'low')).toEqual(reported)
    await clock.pass(REMEMBER_MS)
    expect(take('a', 'low')).toEqual(reported)
    expect(take('c', 'low')).toEqual({ kind: 'folded' })
  })

  it('knows alerts of the thread before it, and for no longer than that would have', async () => {
    const kept = new Map<string, Uint8Array>()
    const keepsake: Keepsake = { before: kept, keep: (key, bytes) => void kept.set(key, bytes) }
    const first = folding(keepsake)
    first.take('a', 'low')
    await first.clock.pass(FOLD_MS)
    first.take('b', 'low')
    const next = folding(keepsake, REMEMBER_MS)
    expect(next.take('b', 'low')).toEqual(reported)
    // `a` is no repeat any more, so that it begins a period.
    expect(next.take('a', 'low')).toEqual(reported)
    expect(next.take('c', 'low')).toEqual({ kind: 'folded' })
  })
})
