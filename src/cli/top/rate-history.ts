import type { StreamStatus } from '../../types/stream-status.js'

/** Most samples to keep: two minutes at one a second. */
const MAX_SAMPLES = 120

interface History {
  entries: number
  /** Entries per second, the newest last. */
  readonly rates: number[]
}

/** Entries per second of each log and of all, sample by sample. */
export class RateHistory {
  private readonly byLog = new Map<string, History>()
  private readonly total: History = { entries: 0, rates: [] }
  private at: number | undefined

  /** @param now - Any clock that does not go back, milliseconds. */
  add({ logs, entries }: StreamStatus, now: number): void {
    const seconds = this.at === undefined ? undefined : (now - this.at) / 1000
    if (seconds !== undefined && seconds <= 0) return
    this.at = now
    sample(this.total, entries, seconds)
    for (const { log, entries } of logs) {
      const history = this.byLog.get(log.id) ?? { entries, rates: [] }
      this.byLog.set(log.id, history)
      sample(history, entries, seconds)
    }
  }

  /** Of one log, or of all; the newest last. */
  of(logId?: string): readonly number[] {
    return (logId === undefined ? this.total : this.byLog.get(logId))?.rates ?? []
  }
}

function sample(history: History, entries: number, seconds: number | undefined): void {
  if (seconds !== undefined) history.rates.push(Math.max(0, entries - history.entries) / seconds)
  if (history.rates.length > MAX_SAMPLES) history.rates.shift()
  history.entries = entries
}

const bars = [...'▁▂▃▄▅▆▇█']

/** The last `width` values as bars, the largest at full height; blanks where there are no values yet. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width)
  const largest = Math.max(...shown, 0)
  const line = shown.map((value) => {
    // Zero is a blank, so that it differs from a small value.
    if (value <= 0) return ' '
    return bars[Math.min(bars.length - 1, Math.floor((value / largest) * bars.length))] ?? ' '
  })
  return line.join('').padStart(width)
}
