import type { CtStreamError } from '../../errors.js'
import type { ListedLog, ListedState } from '../../types/log-list.js'
import type { Command, CommandContext } from '../command.js'
import { type Flag, flagsNamed, jsonFlag, reportFlags } from '../flags/flags.js'
import { selectionFrom } from '../flags/selection.js'
import type { Probe } from '../probe.js'
import { Output } from '../terminal/output.js'
import { formatCount, formatDuration } from '../terminal/quantities.js'
import { commandLogger } from '../terminal/report.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Column, jsonLines, tableText, widthFor } from '../terminal/table.js'

const states: readonly ListedState[] = [
  ...(['pending', 'qualified', 'usable', 'readonly', 'retired', 'rejected', 'unlisted'] as const),
]

const stateFlag: Flag = {
  name: 'state',
  type: 'list',
  value: 'STATE',
  help: 'only logs that are pending, qualified, usable, readonly, retired, rejected or unlisted',
}
const probeFlag: Flag = {
  name: 'probe',
  type: 'switch',
  help: 'ask each log for its head: size, age, and the age it may have (MMD)',
}

/** `ct-stream logs`: the logs the lists name, and which of them are streamed. */
export const logs: Command = {
  name: 'logs',
  summary: 'The logs in the log lists; with --probe also their size and the age of their heads now.',
  positionals: [],
  flags: [
    ...flagsNamed('log-list', 'operator', 'log-name', 'kind'),
    stateFlag,
    probeFlag,
    jsonFlag,
    ...flagsNamed('allow-http', 'checkpoint', 'no-checkpoint', 'contact', 'proxy'),
    ...reportFlags,
  ],
  examples: [
    ['ct-stream logs --state usable', 'the logs that take certificates now'],
    ['ct-stream logs --operator google --probe', 'their size, and the age of their heads'],
  ],
  run: showLogs,
}

/** A line of the table. */
interface Row {
  readonly log: ListedLog
  /** Whether a stream without further flags reads it. */
  readonly isStreamed: boolean
  /** The result of `--probe`; `undefined` without it. */
  readonly probe: Probe | undefined
}

async function showLogs(context: CommandContext): Promise<void> {
  const { io, values } = context
  // The flags narrow both what is streamed and what is shown; `--state` only what is shown.
  const selection = selectionFrom(values)
  const shownStates = values.choices('state', states)
  const logger = commandLogger(context)
  const { readListedLogs, transportFrom } = await import('../listed-logs.js')
  const { selectLogs } = await import('../../loglist/select.js')
  const transport = await transportFrom(context)
  try {
    const { logs: streamed, listed } = await readListedLogs(context, transport, logger, selection)
    const wanted = { states, logTypes: ['prod', 'test', 'monitoring_only'], shards: 'all' } as const
    const shown = selectLogs(listed.values(), { ...wanted, ...selection }, io.clock.now())
      .filter(({ state }) => shownStates.length === 0 || shownStates.includes(state))
      .sort(byOperator)
    const { probeLogs } = await import('../probe.js')
    const asked = { transport, allowHttp: values.switch('allow-http'), signal: io.stop, clock: io.clock }
    const probes = values.switch('probe') ? await probeLogs(shown, asked) : undefined
    const now = io.clock.now()
    const rows = shown.map((log) => ({ log, isStreamed: streamed.includes(log), probe: probes?.get(log.id) }))
    const style = styleFor(io.stdout, io.env)
    const text = values.switch('json')
      ? jsonLines(rows.map((row) => logJson(row, now)))
      : tableText(rows, columnsFor(rows, style, now), style, widthFor(io.stdout))
    await new Output(io.stdout).write(text, io.stop)
    if (rows.length === 0) logger.warn(`none of the ${listed.size} listed logs matches`)
  } finally {
    await transport.close()
  }
}

/** Operators in the order of the alphabet; the logs of one stay in the order of the lists. */
function byOperator(a: ListedLog, b: ListedLog): number {
  return a.operator.localeCompare(b.operator, 'en')
}

function columnsFor(rows: readonly Row[], style: Style, now: number): readonly Column<Row>[] {
  const columns: readonly Column<Row>[] = [
    { title: 'OPERATOR', text: ({ log }) => log.operator },
    { title: 'LOG', text: ({ log }) => log.description },
    { title: 'KIND', text: ({ log }) => log.kind },
    { title: 'STATE', text: ({ log }) => log.state, paint: (text, { log }) => stateStyle(log.state, style)(text) },
    { title: 'NOT AFTER', text: ({ log }) => intervalText(log) },
    { title: 'STREAMED', text: ({ isStreamed }) => (isStreamed ? 'yes' : 'no') },
  ]
  if (rows.every(({ probe }) => probe === undefined)) return columns
  const probed: readonly Column<Row>[] = [
    ...columns,
    { title: 'SIZE', text: ({ probe }) => sizeText(probe), isNumber: true },
    { title: 'HEAD AGE', text: ({ probe }) => headAgeText(probe, now), isNumber: true, paint: headAgePaint(style) },
    { title: 'MMD', text: ({ probe }) => mmdText(probe), isNumber: true },
  ]
  if (rows.every((row) => problemText(row) === '')) return probed
  return [...probed, { title: 'PROBLEM', isWhole: true, text: problemText, paint: style.red }]
}

function stateStyle(state: ListedState, style: Style): (text: string) => string {
  if (state === 'usable' || state === 'qualified') return style.green
  return state === 'readonly' || state === 'pending' ? style.yellow : style.dim
}

/** The range of expiry dates of the certificates that a shard accepts. */
function intervalText({ temporalInterval }: ListedLog): string | undefined {
  if (temporalInterval === undefined) return undefined
  const { start, end } = temporalInterval
  return `${start.toISOString().slice(0, 10)} to ${end.toISOString().slice(0, 10)}`
}

function sizeText(probe: Probe | undefined): string | undefined {
  return probe !== undefined && 'head' in probe ? formatCount(probe.head.treeSize) : undefined
}

function headAgeText(probe: Probe | undefined, now: number): string | undefined {
  return probe !== undefined && 'head' in probe ? formatDuration(now - probe.head.timestamp) : undefined
}

function headAgePaint(style: Style): (text: string, row: Row) => string {
  return (text, { probe }) => (probe !== undefined && problemOf(probe) !== undefined ? style.red(text) : text)
}

/** The maximum merge delay: no head of the log should be older (RFC 6962 section 3.5). */
function mmdText(probe: Probe | undefined): string | undefined {
  return probe !== undefined && 'head' in probe && probe.mmdMs !== undefined ? formatDuration(probe.mmdMs) : undefined
}

function problemText({ probe }: Row): string {
  const problem = probe && problemOf(probe)
  return problem === undefined ? '' : `${problem.message} (${problem.code})`
}

function problemOf(probe: Probe): CtStreamError | undefined {
  return 'error' in probe ? probe.error : probe.problem
}

function logJson({ log, isStreamed, probe }: Row, now: number): object {
  const { id, key, description, operator, mmd, state, stateSince, temporalInterval, logType, lists, kind } = log
  const urls = kind === 'rfc6962' ? { url: log.url } : { url: log.monitoringUrl, submissionUrl: log.submissionUrl }
  return {
    ...{ id, description, operator, kind, ...urls, key, mmd, state },
    stateSince: stateSince?.toISOString() ?? null,
    temporalInterval: temporalInterval ?? null,
    logType: logType ?? null,
    lists,
    streamed: isStreamed,
    ...(probe !== undefined && probeJson(probe, now)),
  }
}

function probeJson(probe: Probe, now: number): object {
  const problem = problemOf(probe)
  const error = problem === undefined ? null : { code: problem.code, message: problem.message }
  if ('error' in probe) return { head: null, error }
  const { treeSize, timestamp, rootHash } = probe.head
  const head = {
    treeSize,
    timestamp: new Date(timestamp).toISOString(),
    ageMs: Math.max(0, now - timestamp),
    mmdMs: probe.mmdMs ?? null,
    rootHash: Buffer.from(rootHash).toString('base64'),
  }
  return { head, error }
}
