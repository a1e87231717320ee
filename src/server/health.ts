import { elapsedOf } from '../util/clock.js'
import type { ServerSettings } from './options.js'
import type { Pause } from './pause.js'

/** Nothing read for so long, although logs have more and answer, is no lull. Milliseconds. */
const STALL_MS = 10 * 60_000
/** A program that comes to look at its clients so much too late is too busy to serve them. Milliseconds. */
const HELD_UP_MS = 5000

export interface HealthOptions {
  readonly settings: Pick<ServerSettings, 'source' | 'clock'> & Partial<Pick<ServerSettings, 'health'>>
  readonly pause: Pick<Pause, 'isPaused'>
}

/** What `/healthz` and `/readyz` say. */
export class Health {
  private readonly options: HealthOptions
  private readonly elapsed: () => number
  private problem: string | undefined
  /** When something was read last, or nothing was expected. */
  private readAt: number
  /** When the clients were looked at last, and how long that should take until the next time. */
  private tickedAt: number | undefined
  private tickMs = 0
  private hasRead = false
  /** Entries that the source is finished with. */
  private finished = 0

  constructor(options: HealthOptions) {
    this.options = options
    this.elapsed = elapsedOf(options.settings.clock)
    this.readAt = this.elapsed()
  }

  /** Something came. */
  read(): void {
    this.hasRead = true
    this.readAt = this.elapsed()
  }

  ended(): void {
    this.problem = 'the source has ended'
  }

  /** What it is in full goes to the log: this is for strangers. */
  failed(_error: unknown): void {
    this.problem = 'reading has failed'
  }

  /** Called again and again. @param nextMs - When the next time is to be. */
  tick(nextMs: number): void {
    this.tickedAt = this.elapsed()
    this.tickMs = nextMs
    if (this.options.pause.isPaused || !this.waitsForMore()) this.readAt = this.tickedAt
  }

  /** What is wrong; `undefined`: the event loop and the stream advance. */
  illness(): string | undefined {
    if (this.problem !== undefined) return this.problem
    const now = this.elapsed()
    if (this.tickedAt !== undefined && now - this.tickedAt > this.tickMs + HELD_UP_MS)
      return 'the event loop is held up'
    if (now - this.readAt > STALL_MS) return 'nothing is read although logs have more'
    return this.options.settings.health?.illness()
  }

  /** Why no client can be served yet; `undefined`: they can. */
  unready(): string | undefined {
    const { source, health } = this.options.settings
    if (health !== undefined) return health.unready()
    if (this.hasRead || source.status === undefined) return undefined
    return source.status().logs.some(({ state }) => state !== 'opening') ? undefined : 'no log is read yet'
  }

  /** Whether entries are waiting that can be read; those of logs in trouble cannot. What a filter drops is read, too. */
  private waitsForMore(): boolean {
    const logs = this.options.settings.source.status?.().logs ?? []
    const finished = logs.reduce((sum, { entries }) => sum + entries, 0)
    const hasMoved = finished !== this.finished
    this.finished = finished
    if (hasMoved) return false
    return logs.some(({ state, lagEntries = 0 }) => (state === 'live' || state === 'catching-up') && lagEntries > 0)
  }
}
