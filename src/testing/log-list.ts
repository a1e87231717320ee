import type { LogSpec } from '../types/log.js'
import { optionError } from '../util/options.js'
import type { TestLog } from './test-log.js'

/** A log list in Chrome's schema v3, as JSON would parse it. */
export interface TestLogList {
  /** Version of the list, such as `68.12`; nothing reads it. */
  readonly version: string
  /** RFC 3339. */
  readonly log_list_timestamp: string
  /** The operators, each with its logs. */
  readonly operators: readonly TestLogListOperator[]
}

/** An operator in a log list. */
export interface TestLogListOperator {
  /** Name of the operator. */
  readonly name: string
  /** How to reach the operator. */
  readonly email: readonly string[]
  /** Its RFC 6962 logs. */
  readonly logs: readonly TestLogListLog[]
  /** Its static-ct logs. */
  readonly tiled_logs: readonly TestLogListTiledLog[]
}

/** Members that logs of both kinds have in a log list. */
interface TestLogListBase {
  /** Name for people. */
  readonly description: string
  /** Base64. */
  readonly log_id: string
  /** Base64. */
  readonly key: string
  /** Seconds. */
  readonly mmd: number
  /** Its state, and since when: ISO 8601. */
  readonly state: { readonly [state in TestLogState]?: { readonly timestamp: string } }
  /** The range of `notAfter` of the certificates it accepts: ISO 8601. */
  readonly temporal_interval?: { readonly start_inclusive: string; readonly end_exclusive: string }
}

/** An RFC 6962 log in a log list. */
export interface TestLogListLog extends TestLogListBase {
  /** Base URL, without `ct/v1/`. */
  readonly url: string
}

/** A static-ct log in a log list. */
export interface TestLogListTiledLog extends TestLogListBase {
  /** Submission prefix, which also is the origin of its checkpoints. */
  readonly submission_url: string
  /** Monitoring prefix: checkpoint and tiles. */
  readonly monitoring_url: string
}

/** States of a log in the lists of Chrome and Apple. */
export type TestLogState = 'pending' | 'qualified' | 'usable' | 'readonly' | 'retired' | 'rejected'

/** Options of {@link createTestLogList}; all optional. */
export interface TestLogListOptions {
  /** State of every log, or of each. Default `'usable'`. */
  readonly state?: TestLogState | ((log: { readonly description: string; readonly logId: string }) => TestLogState)
  /** Time of the list and the states. Default now. */
  readonly timestamp?: Date
  /** Default `'1.0'`. */
  readonly version?: string
}

/** The parts of a log that a list needs. */
export interface LogListLog {
  readonly spec: LogSpec
  readonly logId: string
  readonly interval: { readonly startInclusive: Date; readonly endExclusive: Date } | undefined
}

/**
 * A log list with these logs, grouped by operator. A log of kind `'both'` appears once, as an RFC 6962 log.
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
