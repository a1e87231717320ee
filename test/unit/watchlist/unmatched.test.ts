import { describe, expect, it } from 'vitest'
import { Unmatched } from '../../../src/watchlist/unmatched.js'

describe('names that met no rule', () => {
  it('are remembered for a while, and never more than 32,768 of them', () => {
    const unmatched = new Unmatched()
    const remembered = (count: number) => {
      let found = 0
      for (let i = 0; i < count; i++) if (unmatched.has(`h${i}.example.net`)) found++
      return found
    }
    let forgotten = 0
    for (let i = 0; i < 200_000; i++) {
      unmatched.add(`h${i}.example.net`)
      if (!unmatched.has(`h${i}.example.net`)) forgotten++
    }
    expect(forgotten).toBe(0)
    const found = remembered(200_000)
    expect(found).toBeGreaterThan(16_384)
    expect(found).toBeLessThanOrEqual(32_768)
    expect(unmatched.has('other.example.net')).toBe(false)
  })

  it('are not remembered when they are long', () => {
    const unmatched = new Unmatched()
    unmatched.add('x'.repeat(101))
    expect(unmatched.has('x'.repeat(101))).toBe(false)
  })
})
