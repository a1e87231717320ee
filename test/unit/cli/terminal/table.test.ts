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
  it('pads what is short, puts numbers to the right, and leaves no blanks at the end of a line', () => {
    const rows = [
      { name: 'a', size: '1,000,000' },
      { name: 'çédille', note: 'odd' },
    ]
    expect(tableText(rows, plainColumns, noStyle)).toBe(
      ['NAME          SIZE  NOTE', 'a        1,000,000', 'çédille          -  odd', ''].join('\n'),
    )
  })

  it('pads by what is seen, not by colours', () => {
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
