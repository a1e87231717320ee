import { hasOrHad } from '../loglist/select.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'
import type { ListedLog, LogSelection } from '../types/log-list.js'
import { listedBefore } from './listed-before.js'

/**
 * Whether the selection has a log of a row that no list names, or had it. Compares what is known of the log.
 *
 * @param known - As the lists had it; `undefined` where the row does not say enough.
 * @param now - Epoch milliseconds.
 * @returns `undefined` where only `match` refuses it, which was asked without knowing all of it.
 */
export function wasSelected(
  selection: LogSelection,
  { log, learned }: Pick<LogCheckpoint, 'log' | 'learned'>,
  known: ListedLog | undefined,
  now: number,
): boolean | undefined {
  const before = listedBefore({ log, learned })?.state
  if (known !== undefined) return hasOrHad(selection, known, before, now)
  const { match, logTypes: _, ...told } = selection
  const described = asListed(log)
  if (!hasOrHad(told, described, before, now)) return false
  return match === undefined || match(described) || undefined
}

/** A log of which only the row tells, as one that is gone. */
function asListed({ id, kind, url, description, operator }: LogInfo): ListedLog {
  return {
    ...{ id, description, operator, key: '', mmd: 0 },
    ...(kind === 'rfc6962' ? { kind, url } : { kind, monitoringUrl: url, submissionUrl: url }),
    state: 'retired',
    stateSince: undefined,
    finalTreeHead: undefined,
    temporalInterval: undefined,
    logType: undefined,
    addressFrom: 'fetched',
    lists: [],
  }
}
