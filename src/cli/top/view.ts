import type { LogStatus } from '../../types/stream-status.js'
import type { Key } from './keys.js'

/** Orders of the rows; pressing a key again reverses its order. */
export const orders = {
  n: 'name',
  s: 'state',
  l: 'lag',
  r: 'rate',
  e: 'errors',
} as const
export type Order = (typeof orders)[keyof typeof orders]

/** The user's settings of the screen. */
export interface View {
  readonly order: Order
  readonly isReversed: boolean
  /** Only logs with this in their name, operator, URL or state. */
  readonly filter: string
  /** Whether keys go into the filter. */
  readonly isTyping: boolean
  readonly isPaused: boolean
  /** Number of rows above the first visible one. */
  readonly offset: number
}

export const firstView: View = {
  order: 'lag',
  isReversed: false,
  filter: '',
  isTyping: false,
  isPaused: false,
  offset: 0,
}

/** Longest filter. */
const MAX_FILTER_LENGTH = 64

/** How far one can scroll. */
export interface Extent {
  /** Rows that fit the screen. */
  readonly page: number
  /** Rows that there are. */
  readonly rows: number
}

/** The view after a key was pressed; `undefined` to leave. */
export function pressed(view: View, key: Key, { page, rows }: Extent): View | undefined {
  if (key === 'ctrl-c' || key === 'ctrl-d') return undefined
  if (view.isTyping) return typed(view, key)
  const scrolled = (from: View, by: number): View => ({
    ...from,
    offset: Math.max(0, Math.min(from.offset + by, rows - page)),
  })
  const order = orders[key as keyof typeof orders]
  if (order !== undefined) return { ...view, order, isReversed: view.order === order && !view.isReversed }
  switch (key) {
    case 'q':
      return undefined
    case 'p':
    case ' ':
      return { ...view, isPaused: !view.isPaused }
    case '/':
      return { ...view, isTyping: true }
    case 'escape':
      return { ...view, filter: '', offset: 0 }
    case 'up':
    case 'k':
      return scrolled(view, -1)
    case 'down':
    case 'j':
      return scrolled(view, 1)
    case 'page-up':
      return scrolled(view, -page)
    case 'page-down':
      return scrolled(view, page)
    case 'home':
      return scrolled(view, -rows)
    case 'end':
      return scrolled(view, rows)
    default:
      return view
  }
}

function typed(view: View, key: Key): View {
  if (key === 'enter') return { ...view, isTyping: false }
  if (key === 'escape') return { ...view, isTyping: false, filter: '', offset: 0 }
  if (key === 'backspace') return { ...view, filter: [...view.filter].slice(0, -1).join(''), offset: 0 }
  // Keys that have a name instead of a character.
  if ([...key].length > 1 || view.filter.length >= MAX_FILTER_LENGTH) return view
  return { ...view, filter: view.filter + key, offset: 0 }
}

/** Worst first, because users open this screen to see problems. */
const states: Readonly<Record<LogStatus['state'], number>> = {
  misbehaving: 0,
  failed: 1,
  waiting: 2,
  opening: 3,
  'catching-up': 4,
  live: 5,
  finished: 6,
}

const compare: Readonly<Record<Order, (a: LogStatus, b: LogStatus) => number>> = {
  name: (a, b) => a.log.description.localeCompare(b.log.description, 'en'),
  state: (a, b) => states[a.state] - states[b.state],
  lag: (a, b) => (b.lagMs ?? -1) - (a.lagMs ?? -1) || (b.lagEntries ?? -1) - (a.lagEntries ?? -1),
  rate: (a, b) => b.entriesPerSecond - a.entriesPerSecond,
  errors: (a, b) => b.retries - a.retries,
}

/** The logs that pass the view's filter, in its order; equal ones by name. */
export function rowsOf(logs: readonly LogStatus[], view: View): LogStatus[] {
  const wanted = view.filter.toLowerCase()
  const rows = logs.filter(({ log, state }) =>
    [log.description, log.operator, log.url, state].some((text) => text?.toLowerCase().includes(wanted)),
  )
  const sign = view.isReversed ? -1 : 1
  return rows.sort((a, b) => sign * compare[view.order](a, b) || compare.name(a, b))
}
