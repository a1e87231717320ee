import type { LogSpec } from '../types/log.js'
import { optionError } from '../util/options.js'
import type { TestLog } from './test-log.js'

/** A log list in Chrome's schema v3, as JSON would parse it. */
export interface TestLogList {
  readonly version: string
  /** RFC 3339. */
  readonly log_list_timestamp: string
  readonly operators: readonly TestLogListOperator[]
}

export interface TestLogListOperator {
  readonly name: string
  readonly email: readonly string[]
  readonly logs: readonly TestLogListLog[]
  readonly tiled_logs: readonly TestLogListTiledLog[]
}

interface TestLogListBase {
  readonly description: string
  /** Base64. */
  readonly log_id: string
  /** Base64. */
  readonly key: string
  /** Seconds. */
  readonly mmd: number
  readonly state: { readonly [state in TestLogState]?: { readonly timestamp: string } }
  readonly temporal_interval?: { readonly start_inclusive: string; readonly end_exclusive: string }
}

export interface TestLogListLog extends TestLogListBase {
  readonly url: string
}

export interface TestLogListTiledLog extends TestLogListBase {
  readonly submission_url: string
  readonly monitoring_url: string
}

export type TestLogState = 'pending' | 'qualified' | 'usable' | 'readonly' | 'retired' | 'rejected'

export interface TestLogListOptions {
  /** State of every log, or of each. Default `'usable'`. */
  readonly state?: TestLogState | ((log: { readonly description: string; readonly logId: string }) => TestLogState)
  /** When the list and the states were made. Default now. */
  readonly timestamp?: Date
  /** Default `'1.0'`. */
  readonly version?: string
}

/** What a list needs of a log. */
export interface LogListLog {
  readonly spec: LogSpec
  readonly logId: string
  readonly interval: { readonly startInclusive: Date; readonly endExclusive: Date } | undefined
}

/**
 * A log list with these logs, grouped by operator. A log of kind `'both'` stands in it once, with its RFC 6962 side.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` when something else than a test log is given.
 */
export function createTestLogList(logs: readonly TestLog[], options: TestLogListOptions = {}): TestLogList {
  const { state = 'usable', timestamp = new Date(), version = '1.0' } = options
  const operators = new Map<string, { logs: TestLogListLog[]; tiled_logs: TestLogListTiledLog[] }>()
  for (const log of logs) {
    if (log?.listLog === undefined) throw optionError('logs', 'logs made by createTestLog', log)
    const { spec, logId, interval } = log.listLog
    const description = spec.description ?? ''
    const now = typeof state === 'string' ? state : state({ description, logId })
    const common: TestLogListBase = {
      description,
      log_id: logId,
      key: spec.key,
      mmd: spec.mmd ?? 86_400,
      state: { [now]: { timestamp: timestamp.toISOString() } },
      ...(interval === undefined
        ? {}
        : {
            temporal_interval: {
              start_inclusive: interval.startInclusive.toISOString(),
              end_exclusive: interval.endExclusive.toISOString(),
            },
          }),
    }
    const name = spec.operator ?? ''
    const operator = operators.get(name) ?? { logs: [], tiled_logs: [] }
    operators.set(name, operator)
    if (spec.kind === 'rfc6962') operator.logs.push({ ...common, url: spec.url })
    else operator.tiled_logs.push({ ...common, submission_url: spec.submissionUrl, monitoring_url: spec.monitoringUrl })
  }
  return {
    version,
    log_list_timestamp: timestamp.toISOString(),
    operators: [...operators].map(([name, lists]) => ({ name, email: ['ct@operator.example'], ...lists })),
  }
}
