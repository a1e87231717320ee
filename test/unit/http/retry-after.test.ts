import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_MS, parseHttpDate, parseRetryAfter } from '../../../src/util/retry-after.js'

const now = Date.UTC(1994, 10, 6, 8, 49, 0)

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['999999999999', MAX_RETRY_AFTER_MS],
    // The example of RFC 9110 section 5.6.7, and the zones seen in the wild.
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
    ['Sun, 06 Nov 1994 08:49:37 UTC', 37_000],
    ['Sun, 06 Nov 1994 08:49:37 +0000', 37_000],
    ['Sun, 6 nov 1994 08:49:37 GMT', 37_000],
    ['Sun, 06 Nov 1994 08:48:00 GMT', 0],
    ['Sun, 06 Nov 1999 08:49:37 GMT', MAX_RETRY_AFTER_MS],
    [undefined, undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['1e3', undefined],
    ['9'.repeat(400), undefined],
    ['Sun, 06 Nov 1994 08:49:37 PST', undefined],
    ['Sun, 31 Feb 1994 08:49:37 GMT', undefined],
    ['Sun, 06 Foo 1994 08:49:37 GMT', undefined],
  ])('%j is %j ms', (value, want) => {
    expect(parseRetryAfter(value, now)).toBe(want)
  })

  it('reads every date that Date.toUTCString writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        expect(parseHttpDate(new Date(seconds * 1000).toUTCString())).toBe(seconds * 1000)
      }),
    )
  })

  it('never throws, and never waits longer than its bound', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (value, at) => {
        const wait = parseRetryAfter(value, at)
        expect(wait === undefined || (wait >= 0 && wait <= MAX_RETRY_AFTER_MS)).toBe(true)
      }),
    )
  })
})
