import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import { linkedController } from '../util/abort.js'

/**
 * How long a page waits for its issuers, milliseconds. Half as long after each page of the log that waited in vain: one that serves entries and no
 * issuers must not hold up the others.
 */
const FIRST_MS = 5000
const LEAST_MS = 100

type Chain = readonly Uint8Array[]

/** Issuers of certificates, as far as they arrive in time. */
export class IssuerPatience {
  private readonly clock: Clock
  private readonly signal: AbortSignal
  /** By log id. */
  private readonly patience = new Map<string, number>()

  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock
    this.signal = signal
  }

  /** @param certificates - Of one log. @returns In their order; `undefined`: not to be had, or not in time. */
  async chainsOf(certificates: readonly CtCertificate[]): Promise<(Chain | undefined)[]> {
    const logId = certificates[0]?.log.id ?? ''
    const patience = this.patience.get(logId) ?? FIRST_MS
    const chains: (Chain | undefined)[] = new Array(certificates.length)
    const over = linkedController(this.signal)
    const all = Promise.all(
      certificates.map(async (certificate, i) => {
        chains[i] = await certificate.chain().catch(() => undefined)
      }),
    ).then(() => true)
    const isComplete = await Promise.race([
      all,
      this.clock.sleep(patience, over.signal).then(
        () => false,
        () => false,
      ),
    ])
    over.abort()
    this.patience.set(logId, isComplete ? FIRST_MS : Math.max(LEAST_MS, patience / 2))
    // A copy: what comes too late must not change what was kept.
    return [...chains]
  }
}
