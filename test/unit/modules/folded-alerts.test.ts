import { describe, expect, it } from 'vitest'
import { FoldedAlerts } from '../../../src/modules/folded-alerts.js'

describe('FoldedAlerts', () => {
  it('lets every alert of the period through that comes again, and counts it as none of those in between', () => {
    let now = 0
    const alerts = new FoldedAlerts(1000, () => now)
    const take = (id: string, severity: 'low' | 'medium' | 'high') => alerts.take({ subject: 'one', id, severity })
    const reported = { kind: 'report', foldedBefore: 0 }
    expect(take('a', 'low')).toEqual(reported)
    expect(take('b', 'high')).toEqual(reported)
    expect(take('c', 'medium')).toEqual({ kind: 'folded' })
    // Such as one whose delivery failed, and whose entry is replayed.
    for (const again of ['a', 'b', 'a']) expect(take(again, 'low')).toEqual(reported)
    expect(alerts.count).toBe(1)
    now = 1000
    expect(take('d', 'low')).toEqual({ kind: 'report', foldedBefore: 1 })
    expect(take('a', 'low')).toEqual({ kind: 'folded' })
  })
})
