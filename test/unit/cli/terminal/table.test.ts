import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { ansiStyle, noStyle } from '../../../../src/cli/terminal/style.js'
import { type Column, jsonLines, tableText } from '../../../../src/cli/terminal/table.js'

interface Row {
  readonly name: string
  readonly size?: string
  readonly note?: string
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', text: ({ name }) => name, paint: ansiStyle.red },
  { title: 'SIZE', text: ({ size }) => size, isNumber: true },
  { title: 'NOTE', text: ({ note }) => note ?? '' },
]
const plainColumns = columns.map(({ paint: _, ...column }) => column)

describe('a table', () => {
  it('pads short texts, aligns numbers to the right, and leaves no blanks at the end of a line', () => {
    const rows = [
      { name: 'a', size: '1,000,000' },
      { name: 'çédille', note: 'odd' },
    ]
    expect(tableText(rows, plainColumns, noStyle)).toBe(
      ['NAME          SIZE  NOTE', 'a        1,000,000', 'çédille          -  odd', ''].join('\n'),
    )
  })

  it('pads by visible width, without counting colours', () => {
    const rows = [
      { name: 'a', size: '1' },
      { name: 'long', size: '22' },
    ]
    const coloured = tableText(rows, columns, ansiStyle)
    expect(coloured).toContain('\u001b[31ma\u001b[39m        1')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours themselves
    expect(coloured.replace(/\u001b\[\d+m/g, '').replace(/ +$/gm, '')).toBe(tableText(rows, plainColumns, noStyle))
  })

  it('stays one line a row, whatever a list or a log says', () => {
    const text = tableText([{ name: 'a\nb\u001b[2J\u202e' }], plainColumns, noStyle)
    expect(text.split('\n')).toHaveLength(3)
    expect(text).toContain('a\\x0ab\\x1b[2J\\u{202e}')
  })

  it('is nothing without rows', () => {
    expect(tableText([], plainColumns, noStyle)).toBe('')
  })
})

describe('a table as JSON', () => {
  it('is an array with a line for each row, without control characters', () => {
    const rows = [{ a: 1 }, { b: 'x\u202ey\n' }]
    const text = jsonLines(rows)
    expect(JSON.parse(text)).toEqual(rows)
    expect(text).toBe('[\n{"a":1},\n{"b":"x\\u202ey\\n"}\n]\n')
    expect(JSON.parse(jsonLines([]))).toEqual([])
  })
})

describe('a table on a terminal', () => {
  const long = [
    { name: "Google 'Argon2027h1' log, mirrored", size: '1,234,567', note: 'answered 503 Service Unavailable, twice' },
    { name: '漢字漢字漢字漢字', size: '5' },
  ]
  const widest = (text: string) => Math.max(...text.split('\n').map((line) => stringWidth(line)))

  it('is as wide as it takes without one', () => {
    expect(widest(tableText(long, plainColumns, noStyle))).toBeGreaterThan(80)
  })

  it.each([20, 30, 40, 60, 80, 160])('of %i columns fits, and keeps its numbers', (width) => {
    const text = tableText(long, plainColumns, noStyle, width)
    expect(widest(text)).toBeLessThanOrEqual(width)
    expect(text).toContain('1,234,567')
  })

  it('cuts the longest texts first, and becomes a block a row where that is not enough', () => {
    expect(tableText(long, plainColumns, noStyle, 60)).toMatch(/^NAME +SIZE {2}NOTE\n/)
    const stacked = tableText(long, plainColumns, noStyle, 30).split('\n')
    expect(stacked.slice(0, 3)).toEqual(["Google 'Argon2027h1' log,", 'mirrored', '  SIZE  1,234,567'])
  })

  it('does not cut a column that is needed whole', () => {
    const whole = plainColumns.map((column) => ({ ...column, isWhole: column.title === 'NOTE' }))
    const text = tableText(long, whole, noStyle, 50)
    expect(text.replace(/\s+/g, ' ')).toContain('answered 503 Service Unavailable, twice')
    expect(widest(text)).toBeLessThanOrEqual(50)
  })

  it('loses nothing to wrapping', () => {
    const name = 'x'.repeat(500)
    const text = tableText([{ name, size: name, note: 'a' }], plainColumns, noStyle, 24)
    expect(text.match(/x/g)).toHaveLength(1000)
    expect(widest(text)).toBeLessThanOrEqual(24)
  })
})
