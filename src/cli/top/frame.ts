import type { LogStatus, StreamStatus } from '../../types/stream-status.js'
import { harmless } from '../../util/harmless.js'
import { formatCount, formatDuration, formatRate } from '../terminal/quantities.js'
import { counted, statusText } from '../terminal/status-text.js'
import type { Style } from '../terminal/style.js'
import { type Column, tableText } from '../terminal/table.js'
import { truncate } from '../terminal/width.js'
import { type RateHistory, sparkline } from './rate-history.js'
import { rowsOf, type View } from './view.js'

export interface FrameOptions {
  readonly status: StreamStatus
  readonly history: RateHistory
  readonly view: View
  readonly style: Style
  /** Width of the terminal. */
  readonly columns: number
  /** Height of the terminal. */
  readonly lines: number
  /** The last message. */
  readonly message: string | undefined
  /** Text in place of the table while there are no logs. */
  readonly beginning: string
}

/** Lines outside of the table's rows: totals, plot, heading, message, keys. */
const OTHER_LINES = 5

/** Rows of the table that fit a terminal. */
export function pageRows(lines: number): number {
  return Math.max(1, lines - OTHER_LINES)
}

const KEYS = 'q quit · p pause · / filter · sort: n name s state l lag r rate e errors · ↑↓ scroll'

/** The whole screen: a text for each line of the terminal, none wider than it. */
export function frameOf({ status, history, view, style, columns, lines, message, beginning }: FrameOptions): string[] {
  const rows = rowsOf(status.logs, view)
  const page = pageRows(lines)
  const offset = Math.min(view.offset, Math.max(0, rows.length - page))
  const shown = rows.slice(offset, offset + page)
  const [heading = '', ...table] = tableText(shown, columnsFor(columns, history, style), style, columns).split('\n')
  const body =
    shown.length === 0
      ? ['', truncate(status.logs.length === 0 ? harmless(beginning) : noRows(view), columns)]
      : [heading, ...table.slice(0, page)]
  const frame = [
    style.bold(truncate(`${view.isPaused ? 'PAUSED · ' : ''}${statusText(status)}`, columns)),
    style.cyan(plotLine(history, columns)),
    ...body,
  ]
  while (frame.length < lines - 2) frame.push('')
  return [
    ...frame.slice(0, Math.max(0, lines - 2)),
    style.yellow(truncate(harmless(message ?? ''), columns)),
    style.dim(truncate(footer(view, { offset, shown: shown.length, of: rows.length }), columns)),
  ].slice(-lines)
}

function plotLine(history: RateHistory, columns: number): string {
  const width = Math.max(1, Math.min(120, columns - 16))
  const rates = history.of().slice(-width)
  return truncate(`${sparkline(rates, width)} max ${formatRate(Math.max(0, ...rates))}`, columns)
}

function noRows(view: View): string {
  return `no log has "${harmless(view.filter)}" in it`
}

function footer(view: View, rows: { readonly offset: number; readonly shown: number; readonly of: number }): string {
  if (view.isTyping) return `filter: ${harmless(view.filter)}█ (enter keeps it, escape clears it)`
  const part = rows.shown < rows.of ? `${rows.offset + 1} to ${rows.offset + rows.shown} of ${rows.of} · ` : ''
  const filter = view.filter === '' ? '' : `filter "${harmless(view.filter)}" · `
  return `${part}${filter}by ${view.order}${view.isReversed ? ' (reversed)' : ''} · ${KEYS}`
}

/** The columns for a width. Each appears from a certain width on, the most important ones always. */
function columnsFor(width: number, history: RateHistory, style: Style): readonly Column<LogStatus>[] {
  const plot = width >= 140 ? 30 : 16
  const all: readonly (Column<LogStatus> & { readonly from: number })[] = [
    { from: 0, title: 'LOG', text: ({ log }) => log.description },
    {
      from: 0,
      title: 'STATE',
      text: ({ state }) => state,
      isWhole: true,
      paint: (text, { state }) => style[colours[state]](text),
    },
    { from: 100, title: 'POSITION', text: ({ position }) => optional(position, formatCount), isNumber: true },
    { from: 44, title: 'LAG', text: lagText, isNumber: true },
    { from: 34, title: 'RATE', text: ({ entriesPerSecond }) => formatRate(entriesPerSecond), isNumber: true },
    { from: 76, title: 'LAST MINUTES', isWhole: true, text: ({ log }) => sparkline(history.of(log.id), plot) },
    { from: 60, title: 'ERRORS', text: ({ retries }) => formatCount(retries), isNumber: true },
    { from: 120, title: 'LAST ERROR', text: ({ lastError }) => lastError && `${lastError.code} ${lastError.message}` },
  ]
  return all.filter(({ from }) => width >= from)
}

const colours: Readonly<Record<LogStatus['state'], keyof Style>> = {
  live: 'green',
  'catching-up': 'cyan',
  opening: 'cyan',
  waiting: 'yellow',
  misbehaving: 'red',
  failed: 'red',
  finished: 'dim',
}

function lagText({ lagMs, lagEntries }: LogStatus): string | undefined {
  if (lagMs !== undefined) return formatDuration(lagMs)
  return lagEntries === undefined ? undefined : counted(lagEntries, 'entry', 'entries')
}

function optional<T>(value: T | undefined, text: (value: T) => string): string | undefined {
  return value === undefined ? undefined : text(value)
}
