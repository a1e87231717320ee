import type { FeedLog } from '../server/ui/shapes.js'

export type LogColumn = 'name' | 'state' | 'lag' | 'headAge' | 'rate' | 'errors'

export interface Sorting {
  readonly column: LogColumn
  readonly isDescending: boolean
}

/** States of logs, the worst first. */
const states: readonly FeedLog['state'][] = [
  ...(['misbehaving', 'failed', 'waiting', 'opening', 'catching-up', 'live', 'finished'] as const),
]
const keys: Record<LogColumn, (log: FeedLog) => number | string> = {
  name: ({ operator, name }) => `${operator} ${name}`.toLowerCase(),
  state: ({ state }) => states.indexOf(state),
  lag: ({ lagEntries }) => lagEntries ?? -1,
  headAge: ({ headAgeMs }) => headAgeMs ?? -1,
  rate: ({ perSecond }) => perSecond,
  errors: ({ retries }) => retries,
}

/** Sorts logs; equal ones by name, so that rows do not jump about. */
export function sorted(logs: readonly FeedLog[], { column, isDescending }: Sorting): FeedLog[] {
  const compare = (a: number | string, b: number | string) => (a < b ? -1 : a > b ? 1 : 0)
  const sign = isDescending ? -1 : 1
  return [...logs].sort(
    (a, b) => sign * compare(keys[column](a), keys[column](b)) || compare(keys.name(a), keys.name(b)),
  )
}

/** The new order after a press on a column: a second press reverses it, and numbers start with the largest. */
export function pressed(before: Sorting, column: LogColumn): Sorting {
  if (before.column === column) return { column, isDescending: !before.isDescending }
  return { column, isDescending: !(column === 'name' || column === 'state') }
}

/** Whether a log needs attention. */
export function isInTrouble({ state, isHeadLate, troubleMs }: FeedLog): boolean {
  return state === 'misbehaving' || state === 'failed' || isHeadLate || (troubleMs ?? 0) > 10_000
}
