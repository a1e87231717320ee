import { describe, expect, it } from 'vitest'
import { reversedBounds } from '../../../src/util/reversed-name.js'

describe('reversedBounds', () => {
  it.each([
    ['example.com', 'com.example', 'com.example.', 'com.example/'],
    ['=Example.com.', 'com.example', null, null],
    ['*.example.com', null, 'com.example.', 'com.example/'],
    ['a\\fcb.example', 'example.a\\fcb', 'example.a\\fcb.', 'example.a\\fcb/'],
    ['münchen.de', 'de.xn--mnchen-3ya', 'de.xn--mnchen-3ya.', 'de.xn--mnchen-3ya/'],
    ['=www.MÜNCHEN.de', 'de.xn--mnchen-3ya.www', null, null],
    ['*.例え。jp', null, 'jp.xn--r8jz45g.', 'jp.xn--r8jz45g/'],
  ])('of %s are those of names in a certificate', (pattern, exact, from, to) => {
    expect(reversedBounds(pattern)).toEqual({ exact, from, to })
  })

  it.each(['', '*', 'a b', '*.*.com', 'mün/chen.de', '­.de'])('refuse %s, which no name is', (pattern) => {
    expect(() => reversedBounds(pattern)).toThrow(/option `pattern` must be a name/)
  })
})
