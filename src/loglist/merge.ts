import type { ListedLog, ListedState, ListProblem, LogAddress } from '../types/log-list.js'
import type { ListEntry } from './list-entry.js'
import type { ParsedList } from './schema.js'

/** Lists made into one. */
export interface MergedLists {
  /** By id, in the order in which the lists name them. */
  readonly logs: ReadonlyMap<string, ListedLog>
  readonly problems: readonly ListProblem[]
}

/**
 * The union of lists by log id. A log is wanted as much as the list that wants it most:
 *
 * - *State*: qualified, usable and readonly (all three are read) go before pending, that before retired, rejected,
 *   unlisted: whether a log that one list dropped is still wanted is a matter of opinion. That a log is read-only is a
 *   fact, and such a log never comes back, so a list that has it retired or rejected is only further along and is
 *   followed (Oak2026h2 was off for months while another list still called it readonly). Among lists of the same
 *   opinion the earlier one is quoted, with its time and final tree head.
 * - *Everything else*: from the first list that says it. So with the default order Chrome's addresses, names and merge
 *   delays stand. No minimum of the merge delays is taken: where Apple's differ (86400 for logs that promise 60), they
 *   are out of date, and the stricter one would be wrong the other way round.
 *
 * A log that no list gives an address for cannot be read: it is a problem, not a log.
 *
 * @param lists - The most trusted one first.
 */
export function mergeLists(lists: readonly ParsedList[]): MergedLists {
  const logs = new Map<string, ListedLog>()
  const problems: ListProblem[] = []
  for (const id of new Set(lists.flatMap((list) => [...list.entries.keys()]))) {
    const naming = lists.filter((list) => list.entries.has(id))
    const log = mergeEntries(
      naming.map((list) => list.entries.get(id) as ListEntry),
      naming.map((list) => list.name),
    )
    if (log !== undefined) logs.set(id, log)
    else {
      const list = naming.map(({ name }) => name).join(', ')
      problems.push({ list, kind: 'skipped', log: id, message: 'no list says where it is' })
    }
  }
  return { logs, problems }
}

const wanted: Readonly<Record<ListedState, number>> = {
  qualified: 4,
  usable: 4,
  readonly: 4,
  pending: 3,
  retired: 2,
  rejected: 1,
  unlisted: 0,
}

/** RFC 6962 logs have a day by custom, static-ct logs a minute by Chrome's policy. */
export const defaultMmd: Readonly<Record<LogAddress['kind'], number>> = { rfc6962: 86400, 'static-ct': 60 }

function mergeEntries(entries: readonly ListEntry[], lists: readonly string[]): ListedLog | undefined {
  const addressed = entries.find(({ address }) => address !== undefined)
  const [head] = entries
  if (addressed?.address === undefined || head === undefined) return undefined
  const { address, addressFrom } = addressed
  const quoted = quotedEntry(entries) ?? head
  const url = address.kind === 'rfc6962' ? address.url : address.monitoringUrl
  return {
    id: head.id,
    key: head.key,
    ...address,
    description: first(entries, 'description') ?? url,
    operator: first(entries, 'operator') ?? new URL(url).hostname,
    mmd: first(entries, 'mmd') ?? defaultMmd[address.kind],
    state: quoted.state,
    stateSince: quoted.stateSince,
    finalTreeHead: quoted.finalTreeHead,
    temporalInterval: first(entries, 'temporalInterval'),
    logType: first(entries, 'logType'),
    addressFrom,
    lists: [...new Set(lists)],
  }
}

/** The entry whose state stands. */
function quotedEntry(entries: readonly ListEntry[]): ListEntry | undefined {
  const quoted = mostWanted(entries)
  if (quoted?.state !== 'readonly') return quoted
  return mostWanted(entries.filter(({ state }) => state === 'retired' || state === 'rejected')) ?? quoted
}

function mostWanted(entries: readonly ListEntry[]): ListEntry | undefined {
  const most = Math.max(...entries.map(({ state }) => wanted[state]))
  return entries.find(({ state }) => wanted[state] === most)
}

function first<K extends keyof ListEntry>(entries: readonly ListEntry[], field: K): ListEntry[K] | undefined {
  return entries.find((entry) => entry[field] !== undefined)?.[field]
}
