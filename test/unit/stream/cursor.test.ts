import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cursorKey, decodeCursor, encodeCursor } from '../../../src/stream/cursor.js'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((id) => cursorKey(Buffer.from(id).toString('base64')))

describe('a cursor', () => {
  it('says the position of every log, however large', () => {
    const positions = fc.array(fc.tuple(key, fc.maxSafeNat()), { maxLength: 90 }).map((pairs) => new Map(pairs))
    fc.assert(
      fc.property(positions, (positions) => {
        expect(decodeCursor(encodeCursor(positions))).toEqual(positions)
      }),
    )
    const largest = new Map([[cursorKey(Buffer.alloc(32, 1).toString('base64')), Number.MAX_SAFE_INTEGER]])
    expect(decodeCursor(encodeCursor(largest))).toEqual(largest)
  })

  it('that is anything else is refused by its own error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.uint8Array().map((b) => Buffer.from(b).toString('base64url')),
        ),
        (text) => {
          expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: 'CT_CURSOR_INVALID' }))
        },
      ),
    )
  })

  it('with one bit changed is refused', () => {
    const cursor = Buffer.from(encodeCursor([[cursorKey(Buffer.alloc(32, 1).toString('base64')), 1234]]), 'base64url')
    for (let bit = 0; bit < cursor.length * 8; bit++) {
      const changed = Buffer.from(cursor)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => decodeCursor(changed.toString('base64url'))).toThrow(
        expect.objectContaining({ code: 'CT_CURSOR_INVALID' }),
      )
    }
  })
})
