import type { LogCheckpoint } from '../types/checkpoint.js'
import type { LogSpec } from '../types/log.js'
import type { ListedLog, LogAddress } from '../types/log-list.js'
import { LogKey } from '../wire/head-signature.js'

/**
 * What the lists say of a log, for its row: who is left by all lists is still read to the head it ends with. The row itself has the id, the
 * names and the address where entries are read.
 *
 * @returns JSON; `undefined` for a log named by hand, which no list can leave.
 */
export function listedNow(log: LogSpec | ListedLog): Readonly<Record<string, unknown>> | undefined {
  if (!('addressFrom' in log)) return undefined
  const { key, mmd, state, logType, addressFrom, temporalInterval: interval } = log
  return {
    ...{ key, mmd, state, addressFrom },
    ...(log.kind === 'static-ct' && { submissionUrl: log.submissionUrl }),
    ...(logType !== undefined && { logType }),
    ...(interval !== undefined && { interval: [interval.start.getTime(), interval.end.getTime()] }),
  }
}

/**
 * The log of a row as the lists last had it. What a store returns is not trusted: the key must be the log's, and addresses are checked when
 * it is opened.
 *
 * @returns `undefined` where the row says nothing of lists, or nothing that can be: for a log named by hand, and in rows of earlier versions.
 */
export function listedBefore({ log, learned }: Pick<LogCheckpoint, 'log' | 'learned'>): ListedLog | undefined {
  const fields = learned.listed as Partial<Record<string, unknown>> | null | undefined
  if (typeof fields !== 'object' || fields === null) return undefined
  const { key, mmd, state, addressFrom, logType } = fields
  const address = addressOf(log, fields.submissionUrl)
  if (typeof key !== 'string' || typeof mmd !== 'number' || address === undefined || !isKeyOf(log.id, key))
    return undefined
  return {
    ...{ id: log.id, key, description: log.description, operator: log.operator, mmd },
    ...address,
    state: state as ListedLog['state'],
    stateSince: undefined,
    finalTreeHead: undefined,
    temporalInterval: intervalOf(fields.interval),
    logType: logType as ListedLog['logType'],
    // A stranger's word unless it was surely the caller's.
    addressFrom: addressFrom === 'given' ? 'given' : 'fetched',
    lists: [],
  }
}

function addressOf({ kind, url }: LogCheckpoint['log'], submissionUrl: unknown): LogAddress | undefined {
  if (kind === 'rfc6962') return { kind, url }
  return typeof submissionUrl === 'string' ? { kind, monitoringUrl: url, submissionUrl } : undefined
}

function intervalOf(value: unknown): ListedLog['temporalInterval'] {
  const [start, end]: unknown[] = Array.isArray(value) ? value : []
  return typeof start === 'number' && typeof end === 'number'
    ? { start: new Date(start), end: new Date(end) }
    : undefined
}

function isKeyOf(logId: string, key: string): boolean {
  try {
    return new LogKey(key).id === logId
  } catch {
    return false
  }
}
