import { describe, expect, it } from 'vitest'
import {
  booleanOption,
  choiceOption,
  dateOption,
  integerOption,
  objectOption,
  optionError,
} from '../../../src/util/options.js'
import { suggest } from '../../../src/util/suggest.js'

describe('option checks', () => {
  it('names the option, the bound, the value and its type', () => {
    expect(optionError('start', 'a thing', [1])).toMatchObject({
      code: 'CT_OPTION_INVALID',
      message: 'option `start` must be a thing, got [ 1 ] (object)',
    })
  })

  it('says what was given in one line, however much that was', () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `name ${i}`)
    expect(optionError('names', 'fewer', names).message).toBe(
      "option `names` must be fewer, got [ 'name 0', 'name 1', 'name 2', ... 99997 more items ] (object)",
    )
  })

  it.each([0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null, 11, 2 ** 60])(
    'refuses %s as an integer from 1 to 10',
    (value) => {
      expect(() => integerOption('n', value, 1, 10, 5)).toThrow(/option `n` must be an integer from 1 to 10/)
    },
  )

  it('takes the default for undefined only', () => {
    expect(integerOption('n', undefined, 1, 10, 5)).toBe(5)
    expect(choiceOption('c', undefined, ['a', 'b'], 'b')).toBe('b')
    expect(booleanOption('b', undefined, true)).toBe(true)
    expect(() => booleanOption('b', 0, true)).toThrow(/true or false/)
    expect(() => choiceOption('c', 'x', ['a', 'b'], 'b')).toThrow("one of 'a', 'b'")
  })

  it('refuses an invalid date', () => {
    expect(() => dateOption('d', new Date(Number.NaN))).toThrow(/a valid Date/)
    expect(dateOption('d', new Date(5))).toBe(5)
  })

  it('refuses unknown keys with a suggestion', () => {
    expect(() => objectOption('options', { pollIntervallMs: 1 }, ['pollIntervalMs', 'end'] as never)).toThrow(
      'option `pollIntervallMs` does not exist, did you mean `pollIntervalMs`?',
    )
    expect(() => objectOption('commit', { xyz: 1 }, ['everyMs'] as never)).toThrow(
      'option `commit.xyz` does not exist; there are everyMs',
    )
    for (const value of [null, 5, 'x', []]) expect(() => objectOption('o', value, [])).toThrow(/must be an object/)
  })

  it('suggests only similar names', () => {
    expect(suggest('sart', ['start', 'end'])).toBe('start')
    expect(suggest('zzz', ['start', 'end'])).toBeUndefined()
  })
})
