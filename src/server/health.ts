import { elapsedOf } from '../util/clock.js'
import type { ServerSettings } from './options.js'
import type { Pause } from './pause.js'

/** Reading has stalled when nothing is read for this long although logs have more and answer. Milliseconds. */
const STALL_MS = 10 * 60_000
/** The event loop is blocked when the check of clients comes this much too late. Milliseconds. */
const HELD_UP_MS = 5000

export interface HealthOptions {
  readonly settings: Pick<ServerSettings, 'source' | 'clock'> & Partial<Pick<ServerSettings, 'health'>>
  readonly pause: Pick<Pause, 'isPaused'>
}

/** The answers of `/healthz` and `/readyz`. */
export class Health {
  private readonly options: HealthOptions
  private readonly elapsed: () => number
  private problem: string | undefined
  /** When something was last read, or nothing was expected. */
  private readAt: number
  /** When the clients were last checked, and the planned time until the next check. */
  private tickedAt: number | undefined
  private tickMs = 0
  private hasRead = false
  /** Entries that the source has delivered or dropped. */
  private finished = 0

  constructor(options: HealthOptions) {
    this.options = options
    this.elapsed = elapsedOf(options.settings.clock)
    this.readAt = this.elapsed()
  }

  /** Notes that something was read. */
  read(): void {
    this.hasRead = true
    this.readAt = this.elapsed()
  }

  ended(): void {
    this.problem = 'the source has ended'
  }

  /** Without the error itself, which strangers must not see: it goes to the log. */
  failed(_error: unknown): void {
    this.problem = 'reading has failed'
  }

  /** Called regularly. @param nextMs - Planned time until the next call. */
  tick(nextMs: number): void {
    this.tickedAt = this.elapsed()
    this.tickMs = nextMs
    // While the engine does not answer, nothing can be read, and a process that is started anew could not either.
    const isAway = this.options.settings.health?.unready() !== undefined
    if (this.options.pause.isPaused || isAway || !this.waitsForMore()) this.readAt = this.tickedAt
  }

  /** What is wrong; `undefined` while the event loop and the stream advance. */
  illness(): string | undefined {
    if (this.problem !== undefined) return this.problem
    const now = this.elapsed()
    if (this.tickedAt !== undefined && now - this.tickedAt > this.tickMs + HELD_UP_MS)
      return 'the event loop is held up'
    if (now - this.readAt > STALL_MS) return 'nothing is read although logs have more'
    return this.options.settings.health?.illness()
  }

  /** Why no client can be served yet; `undefined` when they can. */
  unready(): string | undefined {
    const { source, health } = this.options.settings
    if (health !== undefined) return health.unready()
    const reason = source.unready?.()
    if (reason !== undefined || this.hasRead || source.status === undefined) return reason
    return source.status().logs.some(({ state }) => state !== 'opening') ? undefined : 'no log is read yet'
  }

  /** Whether there are entries that could be read; logs in trouble do not count. Entries that a filter drops count as read. */
  private waitsForMore(): boolean {
    const logs = this.options.settings.source.status?.().logs ?? []
    const finished = logs.reduce((sum, { entries }) => sum + entries, 0)
    const hasMoved = finished !== this.finished
    this.finished = finished
    if (hasMoved) return false
    return logs.some(({ state, lagEntries = 0 }) => (state === 'live' || state === 'catching-up') && lagEntries > 0)
  }
}
