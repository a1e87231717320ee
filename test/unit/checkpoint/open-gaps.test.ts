import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openGaps, openPieces, readFromOf } from '../../../src/checkpoint/open-gaps.js'
import type { Gap } from '../../../src/types/checkpoint.js'
import { LOG } from '../../support/memory-log.js'

const OTHER = { ...LOG, id: Buffer.alloc(32, 8).toString('base64') }
const gapOf = (start: number, end: number | undefined, log = LOG): Gap => ({
  log,
  start,
  end,
  reason: 'out of reach',
  recordedAt: 1,
})
const rowOf = (position: number, readFrom: unknown = 0, log = LOG) => ({ log, position, learned: { readFrom } })
const spans = (gaps: readonly Gap[]) => gaps.map(({ start, end }) => [start, end])

describe('openGaps', () => {
  it('keeps unread parts, and leaves out those that a later run delivered', () => {
    const gap = gapOf(768, 2822)
    expect(openGaps([gap], [])).toEqual([gap])
    expect(openGaps([gap], [rowOf(768)])).toEqual([gap])
    expect(openGaps([gap], [rowOf(500)])).toEqual([gap])
    expect(spans(openGaps([gap], [rowOf(1000)]))).toEqual([[1000, 2822]])
    expect(openGaps([gap], [rowOf(2822)])).toEqual([])
    expect(openGaps([gap], [rowOf(9000)])).toEqual([])
    expect(openGaps([gapOf(768, 2822, OTHER), gap], [rowOf(9000)])).toEqual([gapOf(768, 2822, OTHER)])
  })

  it('keeps what a cursor jumped over', () => {
    const gap = gapOf(768, 2822)
    expect(openGaps([gap], [rowOf(9000, 5000)])).toEqual([gap])
    expect(openGaps([gap], [rowOf(9000, 2822)])).toEqual([gap])
    expect(spans(openGaps([gap], [rowOf(9000, 1000)]))).toEqual([[768, 1000]])
    expect(spans(openGaps([gap], [rowOf(2000, 1000)]))).toEqual([
      [768, 1000],
      [2000, 2822],
    ])
    expect(openGaps([gap], [rowOf(1000, 1000)])).toEqual([gap])
  })

  it('keeps all gaps of a log whose first read entry is unknown', () => {
    const gap = gapOf(768, 2822)
    for (const readFrom of [undefined, null, 'x', -1, 1.5, 9001])
      expect(openGaps([gap], [{ log: LOG, position: 9000, learned: { readFrom } }])).toEqual([gap])
  })

  it('ends a gap of unknown length when reading has moved on', () => {
    const gap = gapOf(768, undefined)
    expect(openGaps([gap], [rowOf(768)])).toEqual([gap])
    expect(openGaps([gap], [rowOf(769)])).toEqual([])
    expect(spans(openGaps([gap], [rowOf(9000, 5000)]))).toEqual([[768, 5000]])
    expect(openGaps([gap], [rowOf(5000, 5000)])).toEqual([gap])
  })

  it('tells of the same missing entries once', () => {
    expect(spans(openGaps([gapOf(10, 50), gapOf(20, 50)], [rowOf(30)]))).toEqual([[30, 50]])
  })

  it('is a gap without the range that was read', () => {
    const index = fc.nat(40)
    fc.assert(
      fc.property(index, index, index, index, (start, length, from, read) => {
        const gap = gapOf(start, start + length + 1)
        const left = openGaps([gap], [rowOf(from + read, from)])
        const within = (i: number) => left.some((piece) => i >= piece.start && i < (piece.end as number))
        for (let i = 0; i < 100; i++) {
          const missing = i >= start && i <= start + length && !(i >= from && i < from + read)
          expect(within(i)).toBe(missing)
        }
      }),
    )
  })
})

describe('readFromOf', () => {
  it.each([
    ['a log that was never read', undefined, 700, 700],
    ['a run that goes on where the last one was', rowOf(900, 100), 900, 100],
    ['a cursor into what was read', rowOf(900, 100), 500, 100],
    ['a cursor to before that', rowOf(900, 100), 50, 50],
    ['a cursor past it', rowOf(900, 100), 1000, 1000],
    ['a row that does not say', { position: 900, learned: {} }, 900, 900],
    ['a row that does not say, and a cursor to before it', { position: 900, learned: {} }, 800, 800],
  ])('knows of %s', (_, stored, start, expected) => {
    expect(readFromOf(stored, start)).toBe(expected)
  })
})

describe('openPieces', () => {
  it('leaves out what a retry delivered, from the beginning on', () => {
    const gap = gapOf(768, 2822)
    expect(openPieces({ ...gap, delivered: 1000 }, undefined)).toEqual([{ ...gap, start: 1000 }])
    expect(openPieces({ ...gap, delivered: 2822 }, undefined)).toEqual([])
    expect(spans(openPieces({ ...gap, delivered: 1000 }, rowOf(2500, 2000)))).toEqual([
      [1000, 2000],
      [2500, 2822],
    ])
    expect(spans(openPieces({ ...gapOf(768, undefined), delivered: 1000 }, undefined))).toEqual([[1000, undefined]])
    expect(openPieces({ ...gapOf(768, undefined), delivered: Number.MAX_SAFE_INTEGER }, undefined)).toEqual([])
    expect(openGaps([{ ...gap, delivered: 1000 }], [])).toEqual([{ ...gap, start: 1000 }])
  })
})
