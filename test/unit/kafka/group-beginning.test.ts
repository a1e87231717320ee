import { describe, expect, it } from 'vitest'
import { parseOffsets } from '../../../src/kafka/group-beginning.js'
import { code } from '../wire/samples.js'

describe('where a group began', () => {
  it('is read by partition', () => {
    expect(parseOffsets('marks', '[[0,"12"],[3,"9223372036854775807"]]')).toEqual(
      new Map([
        [0, 12n],
        [3, 9_223_372_036_854_775_807n],
      ]),
    )
    expect(parseOffsets('marks', '[]').size).toBe(0)
  })

  it.each([
    '',
    'null',
    '{}',
    '7',
    '[null]',
    '[[0]]',
    '[[0,null]]',
    '[["0","1"]]',
    '[[-1,"1"]]',
    '[[0,"-1"]]',
    '[[0,1]]',
    '[[0,"1e3"]]',
  ])('is no foreign error for %j', (value) => {
    expect(code(() => parseOffsets('marks', value))).toBe('CT_CHECKPOINT_UNUSABLE')
  })
})
