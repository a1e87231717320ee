import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataTilePath, hashTilePath, issuerPath, tileIndexPath } from '../../../src/wire/tile-path.js'
import { code } from './samples.js'

describe('tile paths', () => {
  it('are those of C2SP static-ct-api', () => {
    const indexes: [number, string][] = [
      [0, '000'],
      [12, '012'],
      [999, '999'],
      [1000, 'x001/000'],
      [52123, 'x052/123'],
      [999001, 'x999/001'],
      [1234067, 'x001/x234/067'],
      [15999001, 'x015/x999/001'],
      [2 ** 40, 'x001/x099/x511/x627/776'],
    ]
    for (const [index, path] of indexes) expect(tileIndexPath(index)).toBe(path)
    expect(hashTilePath(0, 1234067)).toBe('tile/0/x001/x234/067')
    expect(hashTilePath(1, 0, 1)).toBe('tile/1/000.p/1')
    expect(hashTilePath(0, 273, 112)).toBe('tile/0/273.p/112')
    expect(dataTilePath(1234)).toBe('tile/data/x001/234')
    expect(dataTilePath(1, 44)).toBe('tile/data/001.p/44')
    expect(dataTilePath(1, 256)).toBe('tile/data/001')
    expect(issuerPath(Uint8Array.of(0xab, 0x01))).toBe('issuer/ab01')
  })

  it('read back as the same index, for any', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (index) => {
        const path = tileIndexPath(index)
        expect(path).toMatch(/^(x\d{3}\/)*\d{3}$/)
        expect(path).not.toMatch(/^x000/)
        expect(Number(path.replace(/\D/g, ''))).toBe(index)
      }),
    )
  })

  it('refuse impossible tiles', () => {
    for (const index of [-1, 1.5, Number.NaN, 2 ** 53])
      expect(code(() => dataTilePath(index))).toBe('CT_OPTION_INVALID')
    for (const width of [0, 257, -1, 1.5, Number.NaN])
      expect(code(() => hashTilePath(0, 0, width))).toBe('CT_OPTION_INVALID')
    for (const level of [-1, 64, 0.5]) expect(code(() => hashTilePath(level, 0))).toBe('CT_OPTION_INVALID')
  })
})
