import { harmless, harmlessJson } from '../../util/harmless.js'
import type { CliOutput } from '../io.js'
import type { Style } from './style.js'
import { truncate, widthOf, wrap } from './width.js'

/** One column of a table for people. */
export interface Column<T> {
  readonly title: string
  /** Text of a cell, not escaped yet; `undefined` is shown as `-`. */
  readonly text: (row: T) => string | undefined
  readonly isNumber?: boolean
  /** Whether it is never cut, like numbers: where it does not fit, the table is stacked. */
  readonly isWhole?: boolean
  /** Colours a cell without its padding. */
  readonly paint?: (text: string, row: T) => string
}

/** Least width of a cut column. */
const LEAST_WIDTH = 12
const GAP = 2

/**
 * A table as whole lines: the titles, then a line for each row; nothing without rows. On a narrow terminal long texts are cut; if that is
 * not enough, each row becomes a block with a line for each column.
 *
 * @param columns - Width of the terminal; `undefined` for any width.
 */
export function tableText<T>(rows: readonly T[], columns: readonly Column<T>[], style: Style, width?: number): string {
  if (rows.length === 0) return ''
  const cells = rows.map((row) => columns.map(({ text }) => harmless(text(row) ?? '-')))
  const natural = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((line) => widthOf(line[i] ?? ''))))
  const widths = fitted(natural, columns, width)
  if (widths === undefined) return stackText(rows, cells, columns, style, width ?? 0)
  const lineOf = (line: readonly string[], paint: (text: string, column: number) => string) =>
    line
      .map((text, i) => {
        const shown = truncate(text, widths[i] ?? 0)
        return padded(shown, widths[i] ?? 0, columns, i, paint(shown, i))
      })
      .join(' '.repeat(GAP))
  const lines = [
    lineOf(
      columns.map(({ title }) => title),
      (text) => style.bold(text),
    ),
    ...rows.map((row, n) => lineOf(cells[n] ?? [], (text, i) => columns[i]?.paint?.(text, row) ?? text)),
  ]
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

/** Column widths that fit, the widest columns cut first; `undefined` when they cannot fit. */
function fitted<T>(
  natural: readonly number[],
  columns: readonly Column<T>[],
  width: number | undefined,
): readonly number[] | undefined {
  const widths = [...natural]
  let excess = widths.reduce((sum, one) => sum + one + GAP, -GAP) - (width || Number.POSITIVE_INFINITY)
  while (excess > 0) {
    const cuttable = widths.map((one, i) => (columns[i]?.isNumber || columns[i]?.isWhole ? 0 : one))
    const widest = Math.max(...cuttable)
    const least = Math.max(LEAST_WIDTH, columns[cuttable.indexOf(widest)]?.title.length ?? 0)
    if (widest <= least) return undefined
    widths[cuttable.indexOf(widest)] = widest - 1
    excess -= 1
  }
  return widths
}

/** For narrow terminals: a block for each row, the first column as its heading. */
function stackText<T>(
  rows: readonly T[],
  cells: readonly (readonly string[])[],
  columns: readonly Column<T>[],
  style: Style,
  width: number,
): string {
  const [, ...rest] = columns
  const labels = Math.max(...rest.map(({ title }) => title.length))
  const room = Math.max(LEAST_WIDTH, width - labels - 2 * GAP)
  return rows
    .map((row, n) => {
      const [heading = '', ...values] = cells[n] ?? []
      const lines = values.flatMap((value, i) =>
        wrap(value, room).map((part, k) => {
          const label = style.dim((k === 0 ? (rest[i]?.title ?? '') : '').padEnd(labels))
          return `  ${label}  ${rest[i]?.paint?.(part, row) ?? part}\n`
        }),
      )
      return [...wrap(heading, Math.max(LEAST_WIDTH, width)).map((part) => `${style.bold(part)}\n`), ...lines].join('')
    })
    .join('')
}

/** Width for a table: that of the terminal; `undefined` for a file or pipe. */
export function widthFor({ isTTY, columns }: CliOutput): number | undefined {
  return isTTY ? columns || undefined : undefined
}

/** A JSON array, a line for each element. */
export function jsonLines(rows: readonly object[]): string {
  if (rows.length === 0) return '[]\n'
  return `[${rows.map((row) => `\n${harmlessJson(row)}`).join(',')}\n]\n`
}

function padded<T>(text: string, width: number, columns: readonly Column<T>[], i: number, painted: string): string {
  const room = ' '.repeat(width - widthOf(text))
  if (columns[i]?.isNumber === true) return `${room}${painted}`
  return i === columns.length - 1 ? painted : `${painted}${room}`
}
