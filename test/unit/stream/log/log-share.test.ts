import { describe, expect, it } from 'vitest'
import { shareOf } from '../../../../src/stream/log/log-share.js'
import { ByteBudget } from '../../../../src/util/byte-budget.js'

const MIB = 1024 * 1024

describe('the share of a log', () => {
  it.each([
    [1024 * MIB, 256 * MIB],
    [64 * MIB, 16 * MIB],
    [32 * MIB, 16 * MIB],
    [8 * MIB, 8 * MIB],
    [65_536, 65_536],
  ])('of %i bytes is %i', (whole, share) => {
    expect(shareOf(new ByteBudget(whole)).limit).toBe(share)
  })
})
