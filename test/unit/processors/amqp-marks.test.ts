import { describe, expect, it } from 'vitest'
import { higherMarks, marksFrom, marksText } from '../../../src/processors/amqp/marks.js'

describe('watermarks in RabbitMQ', () => {
  const marks = new Map([
    ['a', { next: 5, holes: [[1, 2] as const] }],
    ['b', { next: 9, holes: [] }],
  ])

  it('are read as they were written', () => {
    expect(marksFrom(marksText(marks))).toEqual(marks)
  })

  it.each(['', '{"a":{}}', '{"a":{"next":"1","holes":[]}}', '{"a":{"next":1,"holes":[[0,1.5]]}}', 'null'])(
    'are refused when another program wrote them: %j',
    (text) => {
      expect(() => marksFrom(text)).toThrow(expect.objectContaining({ code: 'CT_CHECKPOINT_UNUSABLE' }))
    },
  )

  it('are the higher ones of two, each with its own holes', () => {
    const other = new Map([
      ['a', { next: 6, holes: [] }],
      ['b', { next: 8, holes: [[7, 8] as const] }],
      ['c', { next: 1, holes: [] }],
    ])
    expect(higherMarks(marks, other)).toEqual(
      new Map([
        ['a', { next: 6, holes: [] }],
        ['b', { next: 9, holes: [] }],
        ['c', { next: 1, holes: [] }],
      ]),
    )
  })
})
