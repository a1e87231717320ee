import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64Into } from '../../../src/wire/base64.js'

const reference = (text: string): string | undefined => {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes.toString('hex') : undefined
}
const decode = (text: string): string | undefined => {
  const out = Buffer.alloc(text.length + 7, 0xee)
  const end = decodeBase64Into(text, out, 3)
  if (end === undefined) return undefined
  expect([...out.subarray(0, 3)]).toEqual([0xee, 0xee, 0xee])
  expect(out[end]).toBe(0xee)
  return Buffer.from(out.subarray(3, end)).toString('hex')
}

describe('decodeBase64Into', () => {
  it('agrees with encoding the result again, for base64 and for text that is nearly base64', () => {
    const alphabet = fc.constantFrom(...'ABCDwxyz0129+/', '=', '-', '_', ' ', '\n', '\\', 'é', '\u0000')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64')
        expect(decode(text)).toBe(Buffer.from(bytes).toString('hex'))
      }),
    )
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 16 }), (characters) => {
        const text = characters.join('')
        expect(decode(text)).toBe(reference(text))
      }),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(), alphabet, (bytes, at, character) => {
        const text = Buffer.from(bytes).toString('base64')
        const place = at % text.length
        const changed = text.slice(0, place) + character + text.slice(place + 1)
        expect(decode(changed)).toBe(reference(changed))
      }),
      { numRuns: 3000 },
    )
  })
})
