import type { Clock } from '../types/clock.js'
import type { Keepsake } from './threads/keepsake.js'

/** Most ids remembered; the oldest are forgotten first. */
const MOST = 20_000

export interface ReportedAlertsOptions {
  /** How long they are remembered, milliseconds. */
  readonly ttlMs: number
  readonly clock: Clock
  /** Milliseconds that have passed on the clock. */
  readonly elapsed: () => number
  /** Where they are kept, if they are to outlive this thread. */
  readonly keepsake?: Keepsake | undefined
}

/** Ids of the alerts that were reported, because the run drops them when they come again. */
export class ReportedAlerts {
  private readonly options: ReportedAlertsOptions
  /** When each was last reported, those last reported at the end. */
  private readonly times = new Map<string, number>()
  private kept = 0

  constructor(options: ReportedAlertsOptions) {
    this.options = options
    this.restore()
  }

  /** Whether an alert was reported before; it then counts as reported again now: the run may just have passed it on once more. */
  isRepeat(id: string): boolean {
    const time = this.times.get(id)
    if (time === undefined || this.options.elapsed() - time >= this.options.ttlMs) return false
    this.add(id)
    return true
  }

  add(id: string): void {
    const { clock, elapsed, keepsake } = this.options
    this.addAt(id, elapsed())
    // Each in one of a fixed number of places: what is kept is bounded, too.
    keepsake?.keep(keyOf(this.kept++ % MOST), Buffer.from(JSON.stringify([id, clock.now()])))
  }

  /** Elapsed time begins anew in each thread; what is kept has the time of day. */
  private restore(): void {
    const { clock, elapsed, keepsake } = this.options
    const entries: [id: string, at: number][] = []
    for (let place = 0; place < MOST; place++) {
      const bytes = keepsake?.before.get(keyOf(place))
      if (bytes === undefined) break
      entries.push(JSON.parse(Buffer.from(bytes).toString()))
    }
    const [now, passed] = [clock.now(), elapsed()]
    for (const [id, at] of entries.sort(([, a], [, b]) => a - b)) this.addAt(id, passed - Math.max(0, now - at))
    this.kept = entries.length
  }

  private addAt(id: string, time: number): void {
    this.times.delete(id)
    this.times.set(id, time)
    if (this.times.size > MOST) this.times.delete(this.times.keys().next().value as string)
  }
}

const keyOf = (place: number): string => `reported alert ${place}`
