import type { CtErrorCode } from '../errors.js'
import type { LogState, LogStatus, StreamStatus } from '../types/stream.js'
import { formatCount, formatDuration, formatRate } from './quantities.js'

const states: readonly LogState[] = [
  ...(['live', 'catching-up', 'opening', 'waiting', 'misbehaving', 'failed', 'finished'] as const),
]

/** `1,234/s · 56,789 entries · 40 logs: 38 live, 2 catching-up · lag 3 s · 1 stale head · 2 gaps` */
export function statusText(status: StreamStatus): string {
  const lag = lagText(status.logs)
  const parts = [formatRate(status.entriesPerSecond), `${formatCount(status.entries)} entries`, logsText(status.logs)]
  if (lag !== undefined) parts.push(lag)
  parts.push(...headProblems(status.logs))
  if (status.gaps > 0) parts.push(`${formatCount(status.gaps)} ${status.gaps === 1 ? 'gap' : 'gaps'}`)
  return parts.join(' · ')
}

/** How far a backfill is. */
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

/** No longer than the terminal is wide: a line that wraps cannot be taken back. */
export function fitLine(text: string, columns: number): string {
  const characters = [...text]
  if (characters.length < columns) return text
  return `${characters.slice(0, Math.max(0, columns - 2)).join('')}…`
}

function logsText(logs: readonly LogStatus[]): string {
  const counts = states
    .map((state) => [state, logs.filter((log) => log.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
  return `${logs.length} ${logs.length === 1 ? 'log' : 'logs'}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`
}

/** Logs whose newest head is not of its time. */
function headProblems(logs: readonly LogStatus[]): string[] {
  const count = (code: CtErrorCode) => logs.filter(({ headProblem }) => headProblem?.code === code).length
  const [stale, future] = [count('CT_HEAD_STALE'), count('CT_HEAD_FUTURE')]
  return [
    ...(stale > 0 ? [`${formatCount(stale)} stale ${stale === 1 ? 'head' : 'heads'}`] : []),
    ...(future > 0 ? [`${formatCount(future)} ${future === 1 ? 'head' : 'heads'} of the future`] : []),
  ]
}

/** The worst log's delay; entries where no time is known. */
function lagText(logs: readonly LogStatus[]): string | undefined {
  const behind = logs.filter(({ state }) => state !== 'finished' && state !== 'failed')
  const times = behind.flatMap(({ lagMs }) => lagMs ?? [])
  const entries = behind.reduce((total, { lagEntries }) => total + (lagEntries ?? 0), 0)
  if (times.length > 0) return `lag ${formatDuration(Math.max(...times))}`
  return entries > 0 ? `${formatCount(entries)} behind` : undefined
}
