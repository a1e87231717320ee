import type { CtStreamError } from '../../errors.js'
import { likelyCause } from '../../stream/log/likely-cause.js'
import type { LogStatus } from '../../types/stream-status.js'
import { formatDuration } from './quantities.js'

/** A message about logs that do not answer. */
export interface TroubleWord {
  readonly message: string
  readonly context: Record<string, unknown>
}

/** Shorter trouble is not reported, milliseconds. */
const GRACE_MS = 2000
/** Intervals between reports of the same trouble, milliseconds; the last one repeats. */
const intervals = [60_000, 300_000, 900_000, 3_600_000]
/** Most logs to report one by one; more that fail together get one message. */
const MOST_NAMED = 4

interface Told {
  since: number
  nextAt: number
  words: number
  /** Requests that had failed when the trouble began. */
  readonly retries: number
}

/**
 * Messages about logs that do not answer: when they fail, while they still fail (at growing intervals), and when they answer again; one
 * message for all when no log can be reached. Needs the stream's status regularly.
 */
export class TroubleReport {
  private readonly told = new Map<string, Told>()
  private all: Told | undefined

  /** Whether some reported trouble is not over yet. */
  get isOpen(): boolean {
    return this.told.size > 0
  }

  /** @param now - Any clock that does not go back, milliseconds. */
  update(logs: readonly LogStatus[], now: number): readonly TroubleWord[] {
    const down = logs.filter(({ troubleMs = 0 }) => troubleMs >= GRACE_MS)
    const words = down.length === logs.length && logs.length > 1 ? this.allDown(down, now) : this.someDown(down, now)
    return [...words, ...this.up(logs, down, now)]
  }

  private allDown(logs: readonly LogStatus[], now: number): readonly TroubleWord[] {
    const [first] = logs
    const isNew = this.all === undefined
    for (const log of logs) this.note(log, now)
    this.all ??= begun(first, now)
    if (!isNew && now < this.all.nextAt) return []
    const time = isNew ? '' : `, for ${formatDuration(now - this.all.since)}`
    next(this.all, now)
    // The message covers each of the logs, so those that stay down when others recover count as reported.
    for (const told of this.told.values()) next(told, now)
    const message = `none of ${logs.length} logs can be reached${time}: ${causeOf(first)}; they are tried again`
    return [{ message, context: contextOf(first?.lastError) }]
  }

  private someDown(down: readonly LogStatus[], now: number): readonly TroubleWord[] {
    const fresh = down.filter(({ log }) => !this.told.has(log.id))
    const due = down.filter(({ log }) => now >= (this.told.get(log.id)?.nextAt ?? Number.POSITIVE_INFINITY))
    for (const log of fresh) next(this.note(log, now), now)
    const words = [
      ...grouped(fresh, 'no answer', (log) => this.one('no answer', log)),
      ...grouped(due, 'still no answer', (log) => {
        const { since = now } = this.told.get(log.log.id) ?? {}
        return this.one(`still no answer, for ${formatDuration(now - since)}`, log)
      }),
    ]
    for (const { log } of due) next(this.told.get(log.id) as Told, now)
    return words
  }

  private one(what: string, log: LogStatus): TroubleWord {
    const attempt = log.retries - (this.told.get(log.log.id)?.retries ?? 0) + 1
    const context = { log: log.log.description, ...contextOf(log.lastError), attempt }
    return { message: `${what}: ${causeOf(log)}`, context }
  }

  private up(logs: readonly LogStatus[], down: readonly LogStatus[], now: number): readonly TroubleWord[] {
    // A log that failed again within the grace time does not count as recovered; one that left the stream is not reported.
    const well = logs.filter(({ log, troubleMs }) => this.told.has(log.id) && troubleMs === undefined)
    const since = new Map(well.map(({ log }) => [log.id, this.told.get(log.id)?.since ?? now]))
    for (const { log } of well) this.told.delete(log.id)
    for (const id of this.told.keys()) if (!logs.some(({ log }) => log.id === id)) this.told.delete(id)
    if (this.all !== undefined && down.length < logs.length) {
      const time = formatDuration(now - this.all.since)
      this.all = undefined
      return [
        { message: `logs answer again after ${time}: ${logs.length - down.length} of ${logs.length}`, context: {} },
      ]
    }
    return grouped(well, 'answer again', ({ log }) => ({
      message: `answers again after ${formatDuration(now - (since.get(log.id) ?? now))}`,
      context: { log: log.description, url: log.url },
    }))
  }

  private note(log: LogStatus, now: number): Told {
    const told = this.told.get(log.log.id) ?? begun(log, now)
    this.told.set(log.log.id, told)
    return told
  }
}

function begun(log: LogStatus | undefined, now: number): Told {
  const since = now - (log?.troubleMs ?? 0)
  return { since, nextAt: now + (intervals[0] ?? 0), words: 0, retries: log?.retries ?? 0 }
}

function next(told: Told, now: number): void {
  told.nextAt = now + (intervals[Math.min(told.words, intervals.length - 1)] ?? 0)
  told.words += 1
}

/** A message for each log, or one for many. */
function grouped(
  logs: readonly LogStatus[],
  what: string,
  word: (log: LogStatus) => TroubleWord,
): readonly TroubleWord[] {
  if (logs.length <= MOST_NAMED) return logs.map(word)
  const names = logs.slice(0, MOST_NAMED).map(({ log }) => log.description)
  const [first] = logs
  const logsText = `${names.join(', ')} and ${logs.length - MOST_NAMED} more`
  const cause = what === 'answer again' ? '' : `, the first: ${causeOf(first)}`
  return [{ message: `${logs.length} logs: ${what}${cause}`, context: { logs: logsText } }]
}

function causeOf(status: LogStatus | undefined): string {
  const { lastError, log, headSize } = status ?? {}
  if (lastError === undefined || log === undefined) return 'no answer yet'
  return likelyCause(lastError, log, headSize !== undefined)
}

function contextOf(error: CtStreamError | undefined): Record<string, unknown> {
  return { code: error?.code, url: error?.url }
}
