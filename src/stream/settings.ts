import { CtStreamError } from '../errors.js'
import { DEDUPE_DEFAULTS, type DedupeSettings, dedupeOption } from '../filter/dedupe.js'
import type { EntryFilter } from '../filter/entry-filter.js'
import { filterOption } from '../filter/filter-option.js'
import type { Transport } from '../http/transport.js'
import { userAgent } from '../http/user-agent.js'
import { listOrigins } from '../loglist/list-input.js'
import { selectionOption } from '../loglist/select.js'
import { openLog } from '../logs/open-log.js'
import type { End, Start } from '../poll/bounds.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { LogSpec } from '../types/log.js'
import type { LogSelection } from '../types/log-list.js'
import type { AcknowledgeOption, CtStreamOptions, MisbehaviourOption, VerifyOption } from '../types/stream-options.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { booleanOption, choiceOption, dateOption, integerOption, objectOption, optionError } from '../util/options.js'
import { Tracing } from '../util/tracing.js'
import { VERSION } from '../version.js'
import { type WorkersSetting, workersOption } from './workers-option.js'

/** Options of a stream, checked, complete, and copied from the caller's objects. */
export interface Settings {
  readonly logList: CtStreamOptions['logList']
  readonly logs: LogSelection | readonly LogSpec[]
  readonly start: Start
  /** Whether `start` was given. */
  readonly startGiven: boolean
  readonly end: End
  /** Merge delay to allow for; `undefined` for each log's own maximum. */
  readonly mergeDelayMs: number | undefined
  readonly resume: string | undefined
  readonly checkpoint: string | CheckpointStore | false
  /** When to commit; `undefined` for only by `stream.commit()`. */
  readonly commit: { readonly everyMs: number; readonly everyEntries: number } | undefined
  readonly acknowledge: AcknowledgeOption
  readonly verify: VerifyOption
  readonly onMisbehaviour: MisbehaviourOption
  /** The filter; `undefined` to deliver everything. */
  readonly filter: EntryFilter | undefined
  /** The entries delivered before; `undefined` to drop none of them. */
  readonly dedupe: DedupeSettings | undefined
  readonly maxBufferedBytes: number
  readonly concurrency: { readonly perLog: number; readonly perOperator: number; readonly total: number }
  readonly pollIntervalMs: number
  readonly partialTileDelayMs: number
  readonly endPatienceMs: number
  readonly workers: WorkersSetting
  readonly contact: string | undefined
  readonly dispatcher: object | undefined
  readonly fetch: typeof globalThis.fetch | undefined
  readonly allowHttp: boolean
  readonly signal: AbortSignal | undefined
  readonly logger: Logger
  readonly clock: Clock
  /** Spans for OpenTelemetry, from when the stream is opened. */
  readonly tracing: Tracing
  /** Time passed on that clock, for measuring durations even when somebody sets the clock. */
  readonly elapsed: () => number
  readonly random: () => number
}

/** Defaults of all options. */
export const DEFAULTS = Object.freeze({
  start: 'now',
  end: 'never',
  checkpoint: 'ct-stream.db',
  commit: Object.freeze({ everyMs: 1_000, everyEntries: 10_000 }),
  acknowledge: 'automatic',
  verify: 'full',
  onMisbehaviour: 'stop-log',
  dedupe: DEDUPE_DEFAULTS,
  maxBufferedBytes: 64 * 1024 * 1024,
  concurrency: Object.freeze({ perLog: 4, perOperator: 8, total: 32 }),
  pollIntervalMs: 10_000,
  partialTileDelayMs: 60_000,
  endPatienceMs: 60_000,
} as const)

const OPTION_NAMES: readonly (keyof CtStreamOptions)[] = [
  'logList',
  'logs',
  'start',
  'end',
  'mergeDelayMs',
  'resume',
  'checkpoint',
  'commit',
  'acknowledge',
  'verify',
  'onMisbehaviour',
  'filter',
  'dedupe',
  'maxBufferedBytes',
  'concurrency',
  'pollIntervalMs',
  'partialTileDelayMs',
  'endPatienceMs',
  'workers',
  'contact',
  'dispatcher',
  'fetch',
  'allowHttp',
  'signal',
  'logger',
  'clock',
  'random',
]

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const MAX_INDEX = Number.MAX_SAFE_INTEGER

/**
 * Checks options at once, before anything is opened.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, naming option, bound and value.
 */
export function settingsOf(given: CtStreamOptions = {}): Settings {
  const options = objectOption<CtStreamOptions>('options', given, OPTION_NAMES)
  if (options.dispatcher !== undefined && options.fetch !== undefined)
    throw new CtStreamError('CT_OPTION_INVALID', 'options `dispatcher` and `fetch` exclude each other')
  const clock = clockOption(options.clock)
  return {
    logList: logListOption(options),
    logs: logsOption(options),
    start: startOption(options.start),
    startGiven: options.start !== undefined,
    end: endOption(options.end),
    mergeDelayMs: options.mergeDelayMs === undefined ? undefined : mergeDelayOption(options.mergeDelayMs),
    resume: stringOption('resume', options.resume),
    checkpoint: checkpointOption(options.checkpoint),
    commit: commitOption(options.commit),
    acknowledge: choiceOption('acknowledge', options.acknowledge, ['automatic', 'manual'], DEFAULTS.acknowledge),
    verify: choiceOption('verify', options.verify, ['full', 'signatures-only', 'none-unverified'], DEFAULTS.verify),
    onMisbehaviour: choiceOption(
      'onMisbehaviour',
      options.onMisbehaviour,
      ['stop-log', 'continue-unverified'],
      DEFAULTS.onMisbehaviour,
    ),
    filter: filterOption('filter', options.filter),
    dedupe: dedupeOption('dedupe', options.dedupe),
    maxBufferedBytes: integerOption(
      'maxBufferedBytes',
      options.maxBufferedBytes,
      65_536,
      MAX_INDEX,
      DEFAULTS.maxBufferedBytes,
    ),
    concurrency: concurrencyOption(options.concurrency),
    pollIntervalMs: integerOption('pollIntervalMs', options.pollIntervalMs, 10, 86_400_000, DEFAULTS.pollIntervalMs),
    partialTileDelayMs: integerOption(
      'partialTileDelayMs',
      options.partialTileDelayMs,
      0,
      86_400_000,
      DEFAULTS.partialTileDelayMs,
    ),
    endPatienceMs: integerOption('endPatienceMs', options.endPatienceMs, 100, 86_400_000, DEFAULTS.endPatienceMs),
    workers: workersOption(options),
    contact: contactOption(options.contact),
    dispatcher: shapedOption('dispatcher', options.dispatcher, ['dispatch']),
    fetch: functionOption('fetch', options.fetch),
    allowHttp: booleanOption('allowHttp', options.allowHttp, false),
    signal: signalOption(options.signal),
    logger: shapedOption('logger', options.logger, ['debug', 'info', 'warn', 'error']) ?? silent,
    clock,
    elapsed: elapsedOf(clock),
    tracing: new Tracing(),
    random: functionOption('random', options.random) ?? Math.random,
  }
}

function logsOption(options: CtStreamOptions): Settings['logs'] {
  const { logs, logList } = options
  if (!Array.isArray(logs)) return selectionOption('logs', logs)
  if (logs.length === 0) throw optionError('logs', 'a selection, or an array of at least one log', logs)
  if (logList !== undefined)
    throw new CtStreamError('CT_OPTION_INVALID', 'option `logList` is of no use beside logs named by hand in `logs`')
  const ids = logs.map(
    (spec: LogSpec) => openLog(spec, { transport: noTransport, allowHttp: options.allowHttp }).log.id,
  )
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) throw new CtStreamError('CT_OPTION_INVALID', `option \`logs\` names the log ${twice} twice`)
  return logs.map((spec: LogSpec) => ({ ...spec }))
}

/** For clients that are made only to check their options. */
const noTransport: Transport = {
  get: () => Promise.reject(new CtStreamError('CT_CLOSED', 'no transport')),
  close: () => Promise.resolve(),
}

function logListOption({ logList, allowHttp }: CtStreamOptions): Settings['logList'] {
  listOrigins(logList, { allowHttp })
  return logList
}

function contactOption(value: unknown): string | undefined {
  const contact = stringOption('contact', value)
  userAgent(VERSION, contact)
  return contact
}

function startOption(value: CtStreamOptions['start']): Settings['start'] {
  if (value === undefined) return DEFAULTS.start
  if (value === 'now' || value === 'beginning') return value
  return placeOption('start', value, "'now', 'beginning', { index } or { time }")
}

function endOption(value: CtStreamOptions['end']): Settings['end'] {
  if (value === undefined) return DEFAULTS.end
  if (value === 'never' || value === 'head') return value
  return placeOption('end', value, "'never', 'head', { index } or { time }")
}

function placeOption(name: string, value: unknown, bound: string): { index: number } | { time: number } {
  if (typeof value !== 'object' || value === null) throw optionError(name, bound, value)
  const place = objectOption<{ index?: unknown; time?: unknown }>(name, value, ['index', 'time'])
  if ((place.index === undefined) === (place.time === undefined)) throw optionError(name, bound, value)
  if (place.index === undefined) return { time: dateOption(`${name}.time`, place.time) }
  return { index: integerOption(`${name}.index`, place.index, 0, MAX_INDEX, 0) }
}

function mergeDelayOption(value: number): number {
  return integerOption('mergeDelayMs', value, 0, 366 * 86_400_000, 0)
}

function checkpointOption(value: CtStreamOptions['checkpoint']): Settings['checkpoint'] {
  if (value === undefined) return DEFAULTS.checkpoint
  if (value === false) return false
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'object') return shapedOption('checkpoint', value, ['open', 'load', 'commit', 'close']) ?? value
  throw optionError('checkpoint', 'a file name, a CheckpointStore or false', value)
}

function commitOption(value: CtStreamOptions['commit']): Settings['commit'] {
  if (value === 'manual') return undefined
  if (value === undefined) return DEFAULTS.commit
  const policy = objectOption<Exclude<typeof value, 'manual'>>('commit', value, ['everyMs', 'everyEntries'])
  return {
    everyMs: integerOption('commit.everyMs', policy.everyMs, 10, 3_600_000, DEFAULTS.commit.everyMs),
    everyEntries: integerOption(
      'commit.everyEntries',
      policy.everyEntries,
      1,
      10_000_000,
      DEFAULTS.commit.everyEntries,
    ),
  }
}

function concurrencyOption(value: CtStreamOptions['concurrency']): Settings['concurrency'] {
  const given = objectOption<NonNullable<typeof value>>('concurrency', value ?? {}, ['perLog', 'perOperator', 'total'])
  const { perLog, perOperator, total } = DEFAULTS.concurrency
  return {
    perLog: integerOption('concurrency.perLog', given.perLog, 1, 64, perLog),
    perOperator: integerOption('concurrency.perOperator', given.perOperator, 1, 256, perOperator),
    total: integerOption('concurrency.total', given.total, 1, 1024, total),
  }
}

function stringOption(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '') throw optionError(name, 'a string that is not empty', value)
  return value
}

function functionOption<T extends (...args: never[]) => unknown>(name: string, value: T | undefined): T | undefined {
  if (value !== undefined && typeof value !== 'function') throw optionError(name, 'a function', value)
  return value
}

function signalOption(value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value
  throw optionError('signal', 'an AbortSignal', value)
}

/** Checks that an object has these methods. */
function clockOption(value: Clock | undefined): Clock {
  const clock = shapedOption('clock', value, ['now', 'sleep'])
  return shapedOption('clock', clock, clock?.elapsed === undefined ? [] : ['elapsed']) ?? systemClock
}

function shapedOption<T extends object>(name: string, value: T | undefined, methods: readonly string[]): T | undefined {
  if (value === undefined) return undefined
  const shape = value as Record<string, unknown>
  if (typeof value !== 'object' && typeof value !== 'function') throw optionError(name, 'an object', value)
  for (const method of methods)
    if (typeof shape[method] !== 'function') throw optionError(name, `an object with a method \`${method}\``, value)
  return value
}
