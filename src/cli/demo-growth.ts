import type { Clock } from '../types/clock.js'

/** What the demo needs of an embedded log. */
export interface GrowingLog<C> {
  add(certificates: readonly C[]): unknown
  publish(): unknown
}

export interface GrowthOptions<C> {
  readonly logs: readonly GrowingLog<C>[]
  /** Makes `n` certificates and precertificates. */
  readonly issue: (n: number) => readonly C[] | Promise<readonly C[]>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

const EVERY_MS = 250
const MOST_AT_ONCE = 4

/** Adds a few certificates to logs in turn, as if the world issued them, until `signal` aborts. */
export async function keepGrowing<C>(options: GrowthOptions<C>): Promise<void> {
  const { logs, issue, clock, signal, random = Math.random } = options
  for (let turn = 0; !signal.aborted; turn++) {
    const log = logs[turn % logs.length]
    if (log === undefined) return
    await log.add(await issue(1 + Math.floor(random() * MOST_AT_ONCE)))
    await log.publish()
    try {
      await clock.sleep(EVERY_MS, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}
