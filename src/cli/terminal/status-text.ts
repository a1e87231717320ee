import type { CtErrorCode } from '../../errors.js'
import type { AwaitedEnd, LogState } from '../../types/log.js'
import type { EndOption } from '../../types/stream-options.js'
import type { LogStatus, StreamStatus } from '../../types/stream-status.js'
import { formatCount, formatDuration, formatRate } from './quantities.js'
import { truncate } from './width.js'

const states: readonly LogState[] = [
  ...(['live', 'catching-up', 'opening', 'waiting', 'misbehaving', 'failed', 'finished'] as const),
]

/** `1,234/s · 56,789 entries · 40 logs: 38 live, 2 catching-up · lag 3 s · 1 stale head · 2 gaps` */
export function statusText(status: StreamStatus): string {
  const lag = lagText(status.logs)
  const entries = counted(status.entries, 'entry', 'entries')
  const parts = [formatRate(status.entriesPerSecond), entries, logsText(status.logs)]
  if (lag !== undefined) parts.push(lag)
  parts.push(...headProblems(status.logs))
  if (status.gaps > 0) parts.push(counted(status.gaps, 'gap'))
  return parts.join(' · ')
}

/** The final summary: `56,789 entries · 12,000 filtered out · 3 duplicates · 40 logs, 1 misbehaving · 2 gaps` */
export function summaryText({ entries, filtered, duplicates, logs, gaps }: StreamStatus): string {
  const troubled = (['misbehaving', 'failed', 'waiting'] as const).flatMap((state) => {
    const count = logs.filter((log) => log.state === state).length
    return count > 0 ? [`${count} ${state}`] : []
  })
  return [
    counted(entries, 'entry', 'entries'),
    ...(filtered > 0 ? [`${formatCount(filtered)} filtered out`] : []),
    ...(duplicates > 0 ? [counted(duplicates, 'duplicate')] : []),
    [counted(logs.length, 'log'), ...troubled].join(', '),
    ...(gaps > 0 ? [counted(gaps, 'gap')] : []),
  ].join(' · ')
}

/** Progress of a backfill. */
export interface Progress {
  readonly done: number
  readonly total: number
}

/** `[████████░░░░] 67 % · 12,345/s · 670,000 of 1,000,000 · 27 s left` */
export function progressText({ done, total }: Progress, perSecond: number, barWidth = 20): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.floor(share * barWidth)
  const bar = `[${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}]`
  const parts = [`${bar} ${Math.floor(share * 100)} %`, formatRate(perSecond)]
  parts.push(`${formatCount(Math.min(done, total))} of ${formatCount(total)}`)
  if (done < total && perSecond > 0) parts.push(`${formatDuration(((total - done) / perSecond) * 1000)} left`)
  return parts.join(' · ')
}

/**
 * What a stream with an end still waits for, when all that can be read now is read: `waiting for a head after 2026-11-22T12:00:00Z
 * of 1 log`, `1 log not reachable`. Empty while there is something to read.
 */
export function waitingText({ logs }: StreamStatus, end: EndOption): string {
  if (end === 'never') return ''
  const open = logs.filter(({ state }) => state !== 'finished' && state !== 'failed')
  const unreachable = open.filter(({ troubleMs }) => troubleMs !== undefined)
  const awaited = open.flatMap(({ waitsFor }) => waitsFor ?? [])
  if (unreachable.length + awaited.length < open.length) return ''
  const parts = unreachable.length > 0 ? [`${counted(unreachable.length, 'log')} not reachable`] : []
  const last = latest(awaited)
  if (last !== undefined) parts.unshift(`waiting for ${awaitedText(last)} of ${counted(awaited.length, 'log')}`)
  return parts.join(' · ')
}

/** `a head after 2026-11-22T12:00:00Z`, `entry 1,000`. */
export function awaitedText(awaited: AwaitedEnd): string {
  return awaited.kind === 'head'
    ? `a head after ${new Date(awaited.signedAt).toISOString().replace('.000Z', 'Z')}`
    : `entry ${formatCount(awaited.index)}`
}

/** The last of several awaited ends; a head comes after an entry. */
function latest(awaited: readonly AwaitedEnd[]): AwaitedEnd | undefined {
  const heads = awaited.flatMap((it) => (it.kind === 'head' ? it.signedAt : []))
  if (heads.length > 0) return { kind: 'head', signedAt: Math.max(...heads) }
  const entries = awaited.flatMap((it) => (it.kind === 'entry' ? it.index : []))
  return entries.length > 0 ? { kind: 'entry', index: Math.max(...entries) } : undefined
}

/** Cuts a line to less than the terminal's width, because a wrapped line cannot be erased. */
export function fitLine(text: string, columns: number): string {
  return truncate(text, columns - 1)
}

function logsText(logs: readonly LogStatus[]): string {
  const counts = states
    .map((state) => [state, logs.filter((log) => log.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
  return `${counted(logs.length, 'log')}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`
}

/** Counts logs whose newest head is too old, or from the future. */
function headProblems(logs: readonly LogStatus[]): string[] {
  const count = (code: CtErrorCode) => logs.filter(({ headProblem }) => headProblem?.code === code).length
  const [stale, future] = [count('CT_HEAD_STALE'), count('CT_HEAD_FUTURE')]
  return [
    ...(stale > 0 ? [counted(stale, 'stale head')] : []),
    ...(future > 0 ? [`${counted(future, 'head')} of the future`] : []),
  ]
}

/** The largest lag of all logs, or the number of entries where no time is known. */
function lagText(logs: readonly LogStatus[]): string | undefined {
  const behind = logs.filter(({ state }) => state !== 'finished' && state !== 'failed')
  const times = behind.flatMap(({ lagMs }) => lagMs ?? [])
  const entries = behind.reduce((total, { lagEntries }) => total + (lagEntries ?? 0), 0)
  if (times.length > 0) return `lag ${formatDuration(Math.max(...times))}`
  return entries > 0 ? `${formatCount(entries)} behind` : undefined
}

/** `1 gap`, `2,000 gaps`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
