import { sanitize, sanitizeJson } from './sanitize.js'
import type { Style } from './style.js'

/** One column of a table for people. */
export interface Column<T> {
  readonly title: string
  /** Not yet sanitized; `undefined` shows as `-`. */
  readonly text: (row: T) => string | undefined
  readonly isNumber?: boolean
  /** Colours a cell, padding left out. */
  readonly paint?: (text: string, row: T) => string
}

/** Whole lines: the titles, then a line for each row; nothing without rows. */
export function tableText<T>(rows: readonly T[], columns: readonly Column<T>[], style: Style): string {
  if (rows.length === 0) return ''
  const cells = rows.map((row) => columns.map(({ text }) => sanitize(text(row) ?? '-')))
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((line) => lengthOf(line[i] ?? ''))))
  const lineOf = (line: readonly string[], paint: (text: string, column: number) => string) =>
    line.map((text, i) => padded(text, widths[i] ?? 0, columns, i, paint(text, i))).join('  ')
  const lines = [
    lineOf(
      columns.map(({ title }) => title),
      (text) => style.bold(text),
    ),
    ...rows.map((row, n) => lineOf(cells[n] ?? [], (text, i) => columns[i]?.paint?.(text, row) ?? text)),
  ]
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

/** A JSON array, a line for each element. */
export function jsonLines(rows: readonly object[]): string {
  if (rows.length === 0) return '[]\n'
  return `[${rows.map((row) => `\n${sanitizeJson(JSON.stringify(row))}`).join(',')}\n]\n`
}

function padded<T>(text: string, width: number, columns: readonly Column<T>[], i: number, painted: string): string {
  const room = ' '.repeat(width - lengthOf(text))
  if (columns[i]?.isNumber === true) return `${room}${painted}`
  return i === columns.length - 1 ? painted : `${painted}${room}`
}

/** In characters, as a terminal counts most of them. */
function lengthOf(text: string): number {
  return [...text].length
}
