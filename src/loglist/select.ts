import type { LogKind } from '../types/log.js'
import type { ListedLog, ListedState, LogSelection, LogType } from '../types/log-list.js'
import { choiceOption, objectOption, optionError } from '../util/options.js'
import { isMeant, type NamedLog } from './log-name.js'

/** The states whose logs are read unless the selection names others: those that Chrome's policy counts. */
export const readStates: readonly ListedState[] = Object.freeze(['qualified', 'usable', 'readonly'])

const allStates: readonly ListedState[] = [
  'pending',
  'qualified',
  'usable',
  'readonly',
  'retired',
  'rejected',
  'unlisted',
]
const allKinds: readonly LogKind[] = ['rfc6962', 'static-ct']
const allTypes: readonly LogType[] = ['prod', 'test', 'monitoring_only']

/**
 * How long after the end of its interval a shard is still read, beside its merge delay: a week, as long as Sunlight logs
 * go on accepting; whoever was late, and clocks that are wrong, are inside it.
 */
export const SHARD_MARGIN_MS = 7 * 24 * 60 * 60_000

/**
 * The logs to read, in the order given. Read-only logs that are already finished are the poller's business: the list does
 * not know how far anybody has read.
 *
 * @param now - Epoch milliseconds, for `shards: 'growing'`.
 */
export function selectLogs(logs: Iterable<ListedLog>, selection: LogSelection, now: number): ListedLog[] {
  const { states = readStates, kinds = allKinds, logTypes = ['prod'], shards = 'growing', names, match } = selection
  const operators = selection.operators?.map(folded)
  return [...logs].filter(
    (log) =>
      states.includes(log.state) &&
      kinds.includes(log.kind) &&
      logTypes.includes(log.logType ?? 'prod') &&
      (operators === undefined || operators.includes(folded(log.operator))) &&
      (names === undefined || names.some((name) => isMeant(name, named(log)))) &&
      (shards === 'all' || canGrow(log, now)) &&
      (match === undefined || match(log)),
  )
}

/** Whether a shard may still get entries: its interval has not ended, or not longer ago than merge delay and margin. */
export function canGrow(log: Pick<ListedLog, 'temporalInterval' | 'mmd'>, now: number): boolean {
  return (
    log.temporalInterval === undefined || now < log.temporalInterval.end.getTime() + log.mmd * 1000 + SHARD_MARGIN_MS
  )
}

/** The states of logs that take no more entries. */
const lastStates: readonly ListedState[] = ['readonly', 'retired', 'rejected']

/**
 * Whether the selection has the log, or had it until its shard expired, or until it took no more entries.
 *
 * @param before - The state in which it was read. Where that is unknown, or one of the last, `states` does not count for a log which takes
 * no more entries.
 */
export function hasOrHad(
  selection: LogSelection,
  log: ListedLog,
  before: ListedState | undefined,
  now: number,
): boolean {
  const { states = readStates } = selection
  const isKnown = before !== undefined && allStates.includes(before) && !lastStates.includes(before)
  const had = isKnown ? states.includes(before) : lastStates.includes(log.state)
  return selectLogs([log], { ...selection, shards: 'all', states: had ? allStates : states }, now).length > 0
}

/** The operators a selection names that no log has: a misspelling, which would otherwise select nothing in silence. */
export function unknownOperators(logs: Iterable<ListedLog>, selection: LogSelection): string[] {
  const known = new Set([...logs].map((log) => folded(log.operator)))
  return (selection.operators ?? []).filter((name) => !known.has(folded(name)))
}

/** The names in a selection that no log has. */
export function unknownNames(logs: Iterable<ListedLog>, { names = [] }: LogSelection): string[] {
  const known = [...logs].map(named)
  return names.filter((name) => !known.some((log) => isMeant(name, log)))
}

function named(log: ListedLog): NamedLog {
  const urls = log.kind === 'rfc6962' ? [log.url] : [log.monitoringUrl, log.submissionUrl]
  return { id: log.id, description: log.description, urls }
}

/**
 * Checks a selection as the caller gave it, and copies it.
 *
 * @param name - Of the option, for the message.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for an unknown member, an empty array, or a value that does not exist.
 */
export function selectionOption(name: string, value: unknown): LogSelection {
  if (value === undefined) return {}
  const given = objectOption<LogSelection>(name, value, [
    'operators',
    'names',
    'states',
    'kinds',
    'logTypes',
    'shards',
    'match',
  ])
  if (given.match !== undefined && typeof given.match !== 'function')
    throw optionError(`${name}.match`, 'a function', given.match)
  return {
    operators: namesOption(`${name}.operators`, given.operators, 'operator names'),
    names: namesOption(`${name}.names`, given.names, 'names of logs'),
    states: choicesOption(`${name}.states`, given.states, allStates),
    kinds: choicesOption(`${name}.kinds`, given.kinds, allKinds),
    logTypes: choicesOption(`${name}.logTypes`, given.logTypes, allTypes),
    shards: choiceOption<'growing' | 'all'>(`${name}.shards`, given.shards, ['growing', 'all'], 'growing'),
    match: given.match,
  }
}

function namesOption(name: string, value: unknown, what: string): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === 'string' && item !== ''))
    throw optionError(name, `an array of ${what}, at least one`, value)
  return [...(value as string[])]
}

function choicesOption<T extends string>(
  name: string,
  value: unknown,
  choices: readonly T[],
): readonly T[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => choices.includes(item as T)))
    throw optionError(name, `a non-empty array of ${choices.map((choice) => `'${choice}'`).join(', ')}`, value)
  return [...(value as T[])]
}

const folded = (name: string) => name.toLowerCase()
