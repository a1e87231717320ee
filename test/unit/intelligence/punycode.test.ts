import { domainToASCII } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePunycode } from '../../../src/intelligence/punycode.js'

describe('decodePunycode', () => {
  // RFC 3492 section 7.1, in lower case.
  it.each([
    ['egbpdaj6bu4bxfgehfvwxn', 'ليهمابتكلموشعربي؟'],
    ['ihqwcrb4cv8a8dqg056pqjye', '他们为什么不说中文'],
    ['proprostnemluvesky-uyb24dma41a', 'pročprostěnemluvíčesky'],
    ['3b-ww4c5e180e575a65lsy2b', '3年b組金八先生'],
    ['d9juau41awczczp', 'そのスピードで'],
    ['-> $1.00 <--', undefined],
    ['bcher-kva', 'bücher'],
  ])('%s', (text, decoded) => {
    expect(decodePunycode(text)).toBe(decoded)
  })

  it.each(['', 'a-!', '999999999999', 'zzzzzzzz', '12311613412431243', 'ab-c', 'a'.repeat(64)])(
    'refuses %s',
    (text) => {
      expect(decodePunycode(text)).toBeUndefined()
    },
  )

  it('agrees with what Node encodes', () => {
    const letters = fc.constantFrom(...'abcäöüßéèαβγδабвгдежあいうえお漢字中文한국어')
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 12 }), (parts) => {
        const text = parts.join('').normalize('NFC')
        const encoded = domainToASCII(`${text}.example`).split('.')[0] ?? ''
        fc.pre(encoded.startsWith('xn--'))
        expect(decodePunycode(encoded.slice(4))).toBe(text)
      }),
    )
  })

  it('never throws, and gives text that can be encoded', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9-]{0,63}$/), (text) => {
        const decoded = decodePunycode(text)
        if (decoded !== undefined) expect(decoded).not.toMatch(/\p{Cs}/u)
      }),
    )
  })
})
