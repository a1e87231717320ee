import type { ListedLog } from '../types/log-list.js'

/** What of a log can change while it is read; `id` and `key` cannot. */
export type ChangedField =
  | 'kind'
  | 'url'
  | 'submissionUrl'
  | 'monitoringUrl'
  | 'description'
  | 'operator'
  | 'mmd'
  | 'state'
  | 'finalTreeHead'
  | 'temporalInterval'
  | 'logType'

export interface ChangedLog {
  readonly before: ListedLog
  readonly after: ListedLog
  /** At least one. */
  readonly fields: readonly ChangedField[]
}

export interface RemovedLog {
  readonly before: ListedLog
  /** What the lists say of it now; `undefined` when none names it any more. */
  readonly after: ListedLog | undefined
}

/** From one selection to the next. Logs are the same by id, never by name or URL. */
export interface SelectionDiff {
  readonly added: readonly ListedLog[]
  readonly removed: readonly RemovedLog[]
  /** Selected before and after, and different: the changes belong applied to the running log. */
  readonly changed: readonly ChangedLog[]
}

/**
 * Compares two selections.
 * @param listed - All logs the lists name now, selected or not.
 */
export function diffSelections(
  before: readonly ListedLog[],
  after: readonly ListedLog[],
  listed: ReadonlyMap<string, ListedLog>,
): SelectionDiff {
  const old = new Map(before.map((log) => [log.id, log]))
  const now = new Map(after.map((log) => [log.id, log]))
  return {
    added: after.filter(({ id }) => !old.has(id)),
    removed: before.filter(({ id }) => !now.has(id)).map((log) => ({ before: log, after: listed.get(log.id) })),
    changed: after.flatMap((log) => {
      const was = old.get(log.id)
      const fields = was === undefined ? [] : changedFields(was, log)
      return was === undefined || fields.length === 0 ? [] : [{ before: was, after: log, fields }]
    }),
  }
}

function changedFields(before: ListedLog, after: ListedLog): ChangedField[] {
  const [was, is] = [facets(before), facets(after)]
  return (Object.keys(is) as ChangedField[]).filter((field) => was[field] !== is[field])
}

/** Everything that is compared, as strings. */
function facets(log: ListedLog): Record<ChangedField, string | undefined> {
  const { temporalInterval: interval, finalTreeHead: head } = log
  return {
    kind: log.kind,
    url: log.kind === 'rfc6962' ? log.url : undefined,
    submissionUrl: log.kind === 'static-ct' ? log.submissionUrl : undefined,
    monitoringUrl: log.kind === 'static-ct' ? log.monitoringUrl : undefined,
    description: log.description,
    operator: log.operator,
    mmd: String(log.mmd),
    state: `${log.state} ${log.stateSince?.toISOString()}`,
    finalTreeHead: head && `${head.treeSize} ${Buffer.from(head.rootHash).toString('base64')}`,
    temporalInterval: interval && `${interval.start.toISOString()} ${interval.end.toISOString()}`,
    logType: log.logType,
  }
}
