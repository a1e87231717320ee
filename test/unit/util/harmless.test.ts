import { expect, it } from 'vitest'
import { harmless } from '../../../src/util/harmless.js'

it('escapes a character alone or among others when it is a control, a format character, a surrogate or a separator of lines', () => {
  const isDangerous = /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]$/u
  const wrong: number[] = []
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code)
    const hex = code.toString(16)
    const escaped = hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`
    const expected = isDangerous.test(character) ? escaped : character
    if (harmless(character) !== expected || harmless(`a${character}~`) !== `a${expected}~`) wrong.push(code)
  }
  expect(wrong).toEqual([])
})
