import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClaimProgress } from '../../../src/processors/claim-progress.js'
import { judge } from '../../../src/processors/watermark.js'
import { logNamed } from '../../support/module-certificates.js'

const claimAt = (next: number, epoch = 0) => new ClaimProgress({ log: logNamed('one'), mark: { epoch, next } })

/** Reads entries as a source does: judged, and handed out together. */
function handOut(progress: ClaimProgress, epoch: number, indexes: readonly number[]): void {
  for (const index of indexes) expect(progress.judge({ epoch, index }).kind).toBe('accept')
  progress.handOut(epoch, indexes.at(-1) ?? 0)
}

describe('the progress of a claim', () => {
  it('moves behind what was acknowledged, and over what was left out behind it', () => {
    const progress = claimAt(10)
    handOut(progress, 1, [10, 12, 15])
    progress.pass(40)
    expect(progress.unstored).toBeUndefined()
    progress.acknowledge(12)
    expect(progress.unstored).toEqual({ epoch: 1, next: 13 })
    progress.acknowledge(15)
    expect(progress.unstored).toEqual({ epoch: 1, next: 40 })
    progress.store({ epoch: 1, next: 40 })
    expect(progress.unstored).toBeUndefined()
    progress.pass(60)
    expect(progress.unstored).toEqual({ epoch: 1, next: 60 })
  })

  it('never stores the epoch of what was only read: what comes before it would be stale after a restart', () => {
    const progress = claimAt(0)
    handOut(progress, 1, [0, 1, 2])
    handOut(progress, 2, [3, 4])
    progress.acknowledge(1)
    const stored = progress.unstored
    expect(stored).toEqual({ epoch: 1, next: 2 })
    expect(judge(stored ?? { epoch: 9, next: 9 }, { epoch: 1, index: 2 }).kind).toBe('accept')
    progress.acknowledge(4)
    expect(progress.unstored).toEqual({ epoch: 2, next: 5 })
  })

  it('is never beyond what is acknowledged, whatever was acknowledged twice or long ago', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(60)), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(steps, (rounds) => {
        const progress = claimAt(0)
        const read: number[] = []
        let acknowledged = -1
        for (const [count, acknowledges] of rounds) {
          const next = (read.at(-1) ?? -1) + 1
          const page = Array.from({ length: count }, (_, i) => next + i)
          handOut(progress, 1, page)
          read.push(...page)
          const index = Math.min(acknowledges, read.at(-1) ?? 0)
          progress.acknowledge(index)
          acknowledged = Math.max(acknowledged, index)
          expect(progress.unstored?.next ?? 0).toBe(acknowledged + 1)
        }
      }),
    )
  })
})
