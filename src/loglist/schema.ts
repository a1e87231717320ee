import { CtStreamError } from '../errors.js'
import type { ListProblem, LogAddress } from '../types/log-list.js'
import { oversizeOf } from '../wire/json-bound.js'
import { MAX_LIST_BYTES } from './defaults.js'
import {
  type AddressRule,
  describe,
  isObject,
  type ListEntry,
  label,
  member,
  readEntry,
  readTime,
} from './list-entry.js'

/** One list, read. */
export interface ParsedList {
  /** As in `ListedLog.lists`. */
  readonly name: string
  readonly version: string | undefined
  /** When the list says it was made; Apple's does not say. */
  readonly timestamp: Date | undefined
  /** By log id, in the order of the list. */
  readonly entries: ReadonlyMap<string, ListEntry>
  readonly problems: readonly ListProblem[]
}

export interface ParseOptions extends AddressRule {
  /** How the list is called in errors and problems. */
  readonly name: string
}

/** More logs than this is not a log list (about 310 have existed in thirteen years). */
const MAX_LOGS = 10_000

/**
 * Reads a list from its bytes.
 *
 * One entry that makes no sense never costs another one: it is left out and named in `problems`.
 *
 * @throws {@link CtStreamError} `CT_LIST_INVALID` when the bytes are too many, not JSON, or not a log list, or
 * nest deeper than 32 or hold more than 100,000 values.
 */
export function parseListBytes(bytes: Uint8Array, options: ParseOptions): ParsedList {
  if (bytes.length > MAX_LIST_BYTES)
    throw invalid(options.name, `is ${bytes.length} bytes, more than ${MAX_LIST_BYTES}`)
  const oversize = oversizeOf(bytes)
  if (oversize !== undefined) throw invalid(options.name, oversize)
  return parseList(parseJson(bytes, options.name), options)
}

/**
 * Reads a list from parsed JSON: Chrome's schema v3, Apple's v5, and what is derived from them.
 *
 * @throws {@link CtStreamError} `CT_LIST_INVALID` when it is not a log list.
 */
export function parseList(list: unknown, options: ParseOptions): ParsedList {
  const operators = member(list, 'operators')
  if (!isObject(list) || !Array.isArray(operators))
    throw invalid(options.name, `has no array \`operators\`, it is ${describe(list)}`)
  // Schemas 1 and 2 had the logs beside the operators.
  if (Array.isArray(member(list, 'logs'))) throw invalid(options.name, 'has the retired schema v1 or v2, not v3')
  const version = member(list, 'version')
  return {
    name: options.name,
    version: label(version) ?? (typeof version === 'number' ? String(version) : undefined),
    timestamp: readTime(member(list, 'log_list_timestamp')),
    ...readOperators(operators, options),
  }
}

function readOperators(operators: readonly unknown[], options: ParseOptions): Pick<ParsedList, 'entries' | 'problems'> {
  const entries = new Map<string, ListEntry>()
  const problems: ListProblem[] = []
  const report = (kind: ListProblem['kind'], log: string | undefined, message: string) =>
    problems.push({ list: options.name, kind, log: label(log), message })

  let count = 0
  for (const { value, kind, operator, where } of listedLogs(operators, report)) {
    if (++count > MAX_LOGS) throw invalid(options.name, `names more than ${MAX_LOGS} logs`)
    const result = readEntry(value, kind, operator, options)
    if (result.kind !== 'entry') report(result.kind, result.log ?? where, result.message)
    else if (entries.has(result.entry.id)) report('skipped', result.entry.id, 'is listed twice: the first one stands')
    else {
      entries.set(result.entry.id, result.entry)
      for (const note of result.notes) report('noted', result.entry.id, note)
    }
  }
  return { entries, problems }
}

interface ListedValue {
  readonly value: unknown
  readonly kind: LogAddress['kind']
  readonly operator: string | undefined
  /** Path in the JSON. */
  readonly where: string
}

function* listedLogs(
  operators: readonly unknown[],
  report: (kind: ListProblem['kind'], log: string | undefined, message: string) => void,
): Generator<ListedValue> {
  if (operators.length > MAX_LOGS) report('skipped', undefined, `operators beyond the first ${MAX_LOGS}`)
  for (const [i, value] of operators.slice(0, MAX_LOGS).entries()) {
    const operator = label(member(value, 'name'))
    if (!isObject(value)) report('skipped', `operators[${i}]`, `is ${describe(value)}, not an object`)
    for (const [field, kind] of logArrays) {
      const logs = member(value, field)
      if (Array.isArray(logs))
        for (const [j, log] of logs.entries())
          yield { value: log, kind, operator, where: `operators[${i}].${field}[${j}]` }
      else if (logs !== undefined) report('skipped', `operators[${i}].${field}`, `is ${describe(logs)}, not an array`)
    }
  }
}

const logArrays = [
  ['logs', 'rfc6962'],
  ['tiled_logs', 'static-ct'],
] as const

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    const start = Buffer.from(bytes.subarray(0, 40)).toString('latin1')
    throw invalid(name, `is not JSON; it is ${bytes.length} bytes and starts with ${JSON.stringify(start)}`, cause)
  }
}

/** What every refusal of a list looks like: retryable, since the next answer may be right. */
export function invalid(name: string, reason: string, cause?: unknown): CtStreamError {
  const url = /^https?:/.test(name) ? { url: name } : {}
  return new CtStreamError('CT_LIST_INVALID', `log list ${JSON.stringify(name)} ${reason}`, {
    retryable: true,
    cause,
    ...url,
  })
}
