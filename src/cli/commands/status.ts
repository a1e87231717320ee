import { openGaps } from '../../checkpoint/open-gaps.js'
import type { CheckpointOwner } from '../../checkpoint/sqlite-tables.js'
import type { Evidence, Gap, LogCheckpoint, LogCondition } from '../../types/checkpoint.js'
import type { AwaitedEnd, LogInfo, SignedHead } from '../../types/log.js'
import { harmless, harmlessJson } from '../../util/harmless.js'
import { checkpointPath, openExisting } from '../checkpoint-file.js'
import type { Command, CommandContext } from '../command.js'
import { flagsNamed, jsonFlag } from '../flags/flags.js'
import { usageError } from '../flags/usage-error.js'
import type { CliIo } from '../io.js'
import { Output } from '../terminal/output.js'
import { formatCount, formatDuration } from '../terminal/quantities.js'
import { awaitedText } from '../terminal/status-text.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Column, tableText, widthFor } from '../terminal/table.js'

/** `ct-stream status`: the content of the checkpoint file, also while a stream uses it. */
export const status: Command = {
  name: 'status',
  summary: 'What is in the checkpoint file: logs and their state, positions, lag, verified sizes, gaps, evidence.',
  positionals: [],
  flags: [...flagsNamed('checkpoint'), jsonFlag],
  examples: [['ct-stream status --json | jq .gaps', 'what was never delivered']],
  run: showStatus,
}

/** A log in a checkpoint file: its stored row, its last status, or both. */
interface KnownLog {
  readonly log: LogInfo
  /** The stored row; `undefined` when the log was never reached. */
  readonly row: LogCheckpoint | undefined
  /** The status; `undefined` when the last stream did not read the log. */
  readonly condition: LogCondition | undefined
}

/** The content of a checkpoint file. */
interface Contents {
  readonly path: string
  /** The stream that has it open, or had it when it was killed. */
  readonly owner: CheckpointOwner | undefined
  readonly logs: readonly KnownLog[]
  /** Gaps that no later run has filled. */
  readonly gaps: readonly Gap[]
  readonly evidence: readonly Evidence[]
}

async function showStatus({ io, values }: CommandContext): Promise<void> {
  const path = checkpointPath(values)
  if (path === undefined) throw usageError('there is no status without a checkpoint file')
  const contents = await readContents(path)
  const style = styleFor(io.stdout, io.env)
  const text = values.switch('json') ? statusJson(contents, io) : statusReport(contents, io, style)
  await new Output(io.stdout).write(text, io.stop)
}

async function readContents(path: string): Promise<Contents> {
  const store = await openExisting(path)
  try {
    const rows = store.load()
    const logs = knownLogs(rows, store.conditions())
    return { path, owner: store.owner(), logs, gaps: openGaps(store.gaps(), rows), evidence: store.evidence() }
  } finally {
    store.close()
  }
}

/** Logs with a position first, then those that were never reached. */
function knownLogs(rows: readonly LogCheckpoint[], conditions: readonly LogCondition[]): KnownLog[] {
  const fares = new Map(conditions.map((condition) => [condition.log.id, condition]))
  const read = rows.map((row) => ({ log: row.log, row, condition: fares.get(row.log.id) }))
  const begun = new Set(rows.map(({ log }) => log.id))
  const never = conditions.filter(({ log }) => !begun.has(log.id))
  return [...read, ...never.map((condition) => ({ log: condition.log, row: undefined, condition }))]
}

/** The largest signed head in the file, verified or not. */
function lastHead({ row }: KnownLog): SignedHead | undefined {
  const { verifiedHead, pendingHeads = [] } = row ?? {}
  const heads = verifiedHead === undefined ? pendingHeads : [verifiedHead, ...pendingHeads]
  return heads.reduce<SignedHead | undefined>((a, b) => (a === undefined || b.treeSize > a.treeSize ? b : a), undefined)
}

/** Unread entries up to that head; `undefined` without a head. */
function lagOf(log: KnownLog): number | undefined {
  const head = lastHead(log)
  return head && log.row && Math.max(0, head.treeSize - log.row.position)
}

// — for people

function statusReport(contents: Contents, io: CliIo, style: Style): string {
  const { path, logs, gaps, evidence } = contents
  const [now, width] = [io.clock.now(), widthFor(io.stdout)]
  const parts = [`${style.bold(harmless(path))}: ${ownerText(contents.owner, io)}\n`]
  parts.push(
    logs.length === 0 ? 'no log has a position yet\n' : tableText(logs, logColumns(contents, now), style, width),
  )
  const waiting = logs.flatMap(({ condition }) => (condition !== undefined && isWaiting(condition) ? condition : []))
  if (waiting.length > 0)
    parts.push(style.yellow('logs that are waited for:\n'), tableText(waiting, waitingColumns, style, width))
  if (gaps.length > 0)
    parts.push(
      style.yellow('entries that were not delivered (ct-stream gaps --retry tries again):\n'),
      tableText(gaps, gapColumns, style, width),
    )
  if (evidence.length > 0)
    parts.push(
      style.red('evidence of misbehaviour (ct-stream evidence exports it):\n'),
      tableText(evidence, evidenceColumns, style, width),
    )
  return parts.join('\n')
}

function ownerText(owner: CheckpointOwner | undefined, io: CliIo): string {
  if (owner === undefined) return 'no stream uses it'
  const who = `process ${owner.pid} on ${harmless(owner.host)}, since ${new Date(owner.since).toISOString()}`
  const isRunning = io.isRunning(owner)
  if (isRunning === false) return `no stream uses it; the last one ended without closing it (${who})`
  return `${isRunning ? 'in use' : 'in use or left behind'} by ${who}`
}

/** Whether the log fails, or keeps a stream with an end from ending. */
function isWaiting({ state, failingSince, waitsFor }: LogCondition): boolean {
  const isTroubled = state === 'waiting' || state === 'misbehaving' || state === 'failed'
  return isTroubled || failingSince !== undefined || waitsFor !== undefined
}

function logColumns({ gaps, evidence }: Contents, now: number): readonly Column<KnownLog>[] {
  const countOf = (list: readonly { readonly log: { readonly id: string } }[], id: string) =>
    formatCount(list.filter(({ log }) => log.id === id).length)
  return [
    { title: 'LOG', text: ({ log }) => log.description },
    { title: 'KIND', text: ({ log }) => log.kind },
    { title: 'STATE', text: ({ condition }) => condition?.state },
    { title: 'POSITION', text: ({ row }) => optional(row?.position, formatCount), isNumber: true },
    { title: 'VERIFIED', text: ({ row }) => optional(row?.verifiedHead?.treeSize, formatCount), isNumber: true },
    { title: 'LAG', text: (log) => optional(lagOf(log), formatCount), isNumber: true },
    {
      title: 'HEAD AGE',
      text: (log) => optional(lastHead(log)?.timestamp, (at) => formatDuration(now - at)),
      isNumber: true,
    },
    { title: 'GAPS', text: ({ log }) => countOf(gaps, log.id), isNumber: true },
    { title: 'EVIDENCE', text: ({ log }) => countOf(evidence, log.id), isNumber: true },
    { title: 'LEARNED', isWhole: true, text: ({ row }) => row && learnedText(row.learned) },
  ]
}

const waitingColumns: readonly Column<LogCondition>[] = [
  { title: 'LOG', text: ({ log }) => log.description },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'SINCE', isWhole: true, text: ({ failingSince }) => optional(failingSince, timeJson) },
  { title: 'NEXT RETRY', isWhole: true, text: ({ nextRetryAt }) => optional(nextRetryAt, timeJson) },
  {
    title: 'FOR',
    isWhole: true,
    text: ({ waitsFor, lastError }) => (waitsFor ? awaitedText(waitsFor) : lastError?.message),
  },
]

const gapColumns: readonly Column<Gap>[] = [
  { title: 'LOG', text: ({ log }) => log.description },
  { title: 'FROM', text: ({ start }) => formatCount(start), isNumber: true },
  { title: 'TO', text: ({ end }) => optional(end, (past) => formatCount(past - 1)), isNumber: true },
  { title: 'RECORDED', isWhole: true, text: ({ recordedAt }) => new Date(recordedAt).toISOString() },
  { title: 'REASON', isWhole: true, text: ({ reason }) => reason },
]

const evidenceColumns: readonly Column<Evidence>[] = [
  { title: 'LOG', text: ({ log }) => log.description },
  { title: 'CODE', isWhole: true, text: ({ code }) => code },
  { title: 'RECORDED', isWhole: true, text: ({ recordedAt }) => new Date(recordedAt).toISOString() },
  { title: 'MESSAGE', isWhole: true, text: ({ message }) => message },
]

/** What a row has among its limits for the next run alone. */
const UNSHOWN: ReadonlySet<string> = new Set(['readFrom', 'finished', 'listed'])

/** `pageSize 256, bytesPerEntry 5,123, requestsPerSecond 0.3, limitedAt 2026-11-22T12:00:00.000Z`. */
function learnedText(learned: LogCheckpoint['learned']): string | undefined {
  const limits = Object.entries(learned).filter(([name]) => !UNSHOWN.has(name))
  const pairs = limits.map(([name, value]) => {
    return `${name} ${learnedValue(name, value)}`
  })
  return pairs.length === 0 ? undefined : pairs.join(', ')
}

function learnedValue(name: string, value: unknown): string {
  if (typeof value !== 'number') return JSON.stringify(value)
  if (isTime(name, value)) return timeJson(value)
  // Rates below ten keep a decimal: 0.3 requests a second must not become 0.
  return Number.isInteger(value) || Math.abs(value) >= 10 ? formatCount(value) : String(Number(value.toPrecision(2)))
}

/** Shows a learned limit whose name says that it is a time as a date, if it can be one. */
function isTime(name: string, value: number): boolean {
  return /(?:At|Since)$/.test(name) && Math.abs(value) <= 8.64e15
}

function optional<T>(value: T | undefined, text: (value: T) => string): string | undefined {
  return value === undefined ? undefined : text(value)
}

// — for programs

function statusJson({ path, owner, logs, gaps, evidence }: Contents, io: CliIo): string {
  const json = {
    file: path,
    owner: owner ? { ...owner, since: timeJson(owner.since), isRunning: io.isRunning(owner) ?? null } : null,
    logs: logs.map((log) => logJson(log)),
    gaps: gaps.map(({ end, recordedAt, ...gap }) => ({ ...gap, end: end ?? null, recordedAt: timeJson(recordedAt) })),
    evidence: evidence.map(({ recordedAt, ...one }) => ({ ...one, recordedAt: timeJson(recordedAt) })),
  }
  return `${harmlessJson(json)}\n`
}

function logJson(log: KnownLog): object {
  const { row, condition } = log
  const head = lastHead(log)
  return {
    log: log.log,
    state: condition?.state ?? null,
    failingSince: optional(condition?.failingSince, timeJson) ?? null,
    nextRetryAt: optional(condition?.nextRetryAt, timeJson) ?? null,
    waitsFor: condition?.waitsFor === undefined ? null : awaitedJson(condition.waitsFor),
    lastError: condition?.lastError ?? null,
    stateRecordedAt: optional(condition?.recordedAt, timeJson) ?? null,
    position: row?.position ?? null,
    verifiedSize: row?.verifiedHead?.treeSize ?? null,
    head: head ? { treeSize: head.treeSize, timestamp: timeJson(head.timestamp) } : null,
    pendingHeads: row?.pendingHeads.length ?? 0,
    lagEntries: lagOf(log) ?? null,
    learned: row?.learned ?? {},
  }
}

function awaitedJson(awaited: AwaitedEnd): object {
  return awaited.kind === 'head' ? { kind: 'head', signedAt: timeJson(awaited.signedAt) } : awaited
}

function timeJson(ms: number): string {
  return new Date(ms).toISOString()
}
