import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import { linkedController } from '../util/abort.js'
import { elapsedOf } from '../util/clock.js'

/**
 * How long the pages of a log may wait for their issuers together, milliseconds: the pages of all other logs wait with them. Each page waits
 * for half of what is left. It comes back with time alone, five seconds a minute: a log could serve every other page's issuers.
 */
const BUDGET_MS = 10_000
const REGAINED = 5 / 60
/** For issuers that are cached, but not in memory. */
const LEAST_MS = 10

type Chain = readonly Uint8Array[]

interface Budget {
  leftMs: number
  /** When a page of the log last stopped waiting, by the clock's elapsed time. */
  at: number
}

/** Collects the issuers of certificates that arrive in time. */
export class IssuerPatience {
  private readonly clock: Clock
  private readonly elapsed: () => number
  private readonly signal: AbortSignal
  private readonly budgets = new Map<string, Budget>()

  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock
    this.elapsed = elapsedOf(clock)
    this.signal = signal
  }

  /** @param certificates - Of one log. @returns Chains in their order; `undefined` where one is unavailable or late. */
  async chainsOf(certificates: readonly CtCertificate[]): Promise<(Chain | undefined)[]> {
    const chains: (Chain | undefined)[] = new Array(certificates.length)
    const all = Promise.all(
      certificates.map(async (certificate, i) => {
        chains[i] = await certificate.chain().catch(() => undefined)
      }),
    )
    await this.waitFor(all, certificates[0]?.log.id ?? '')
    // A copy, so that a late chain does not change what was kept.
    return [...chains]
  }

  private async waitFor(all: Promise<unknown>, logId: string): Promise<void> {
    const begun = this.elapsed()
    const { leftMs, at } = this.budgets.get(logId) ?? { leftMs: BUDGET_MS, at: begun }
    const budget = Math.min(BUDGET_MS, leftMs + (begun - at) * REGAINED)
    const over = linkedController(this.signal)
    const isLate = this.clock.sleep(Math.max(LEAST_MS, budget / 2), over.signal).catch(() => {})
    await Promise.race([all, isLate])
    over.abort()
    const now = this.elapsed()
    this.budgets.set(logId, { leftMs: Math.max(0, budget - (now - begun)), at: now })
  }
}
