import { describe, expect, it } from 'vitest'
import type { SignedHead } from '../../../src/types/log.js'
import { HeadRegress } from '../../../src/verify/head-regress.js'
import { LOG } from '../../support/memory-log.js'

const headOf = (treeSize: number, timestamp: number): SignedHead => ({
  treeSize,
  timestamp,
  rootHash: new Uint8Array(32),
  signature: new Uint8Array(4),
})
const NEWEST = headOf(4835, 1_000)
const STATIC = { ...LOG, kind: 'static-ct' } as const
const judging = (log: typeof LOG | typeof STATIC = LOG, isSigned = true) => {
  const regress = new HeadRegress()
  const codeAt = (now: number, read: SignedHead) => regress.judge(read, NEWEST, { log, now, isSigned })?.code
  return { regress, codeAt }
}

describe('HeadRegress', () => {
  it('reports an old copy once, when it has lasted for two minutes and three reads', () => {
    const { regress, codeAt } = judging()
    const old = headOf(4467, 900)
    expect(codeAt(0, old)).toBeUndefined()
    expect(codeAt(200_000, old)).toBeUndefined()
    expect(codeAt(200_001, old)).toBe('CT_HEAD_STALE')
    expect(regress.problem?.message).toMatch(/an old copy of 4467 entries, after one of 4835/)
    expect(codeAt(300_000, old)).toBeUndefined()
    expect(codeAt(300_001, NEWEST)).toBeUndefined()
    expect([regress.problem, regress.current, regress.since]).toEqual([undefined, undefined, undefined])
    // From the beginning.
    for (const now of [400_000, 450_000, 500_000]) expect(codeAt(now, old)).toBeUndefined()
    expect(codeAt(520_000, old)).toBe('CT_HEAD_STALE')
  })

  it.each([
    ['static-ct, a millisecond later', STATIC, 1_001, 'CT_HEAD_ROLLBACK'],
    ['static-ct, at the same time', STATIC, 1_000, undefined],
    ['RFC 6962, five minutes later', LOG, 301_000, undefined],
    ['RFC 6962, more than that', LOG, 301_001, 'CT_HEAD_ROLLBACK'],
  ] as const)('knows a log that lost entries: %s', (_, log, timestamp, expected) => {
    expect(judging(log).codeAt(0, headOf(4467, timestamp))).toBe(expected)
  })

  it('takes a front end of an RFC 6962 log that lags for a log that lost entries when it stays so', () => {
    const { codeAt } = judging()
    const codes = [0, 100_000, 200_000, 299_999, 300_000].map((now) => codeAt(now, headOf(4467, 2_000 + now / 10)))
    expect(codes).toEqual([undefined, undefined, 'CT_HEAD_STALE', undefined, 'CT_HEAD_ROLLBACK'])
  })

  it('holds nothing against a log whose signatures are not checked', () => {
    const { codeAt } = judging(STATIC, false)
    for (const now of [0, 1, 400_000]) expect(codeAt(now, headOf(4467, 9_000_000))).not.toBe('CT_HEAD_ROLLBACK')
  })
})
