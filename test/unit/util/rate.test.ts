import { describe, expect, it } from 'vitest'
import { Rate } from '../../../src/util/rate.js'

describe('Rate', () => {
  it('is 0 before anything happened', () => expect(new Rate().perSecond(5)).toBe(0))

  it.each([2, 30, 600])('is right after %i seconds of a steady rate', (seconds) => {
    const rate = new Rate()
    for (let ms = 0; ms <= seconds * 1000; ms += 100) rate.add(5, ms)
    expect(rate.perSecond(seconds * 1000)).toBeGreaterThan(45)
    expect(rate.perSecond(seconds * 1000)).toBeLessThan(58)
  })

  it('falls when nothing happens any more, by half in each half-life', () => {
    const rate = new Rate(1000)
    for (let ms = 0; ms <= 60_000; ms += 100) rate.add(5, ms)
    expect(rate.perSecond(61_000)).toBeCloseTo(rate.perSecond(60_000) / 2, 5)
  })
})
