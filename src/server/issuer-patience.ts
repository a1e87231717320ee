import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import { linkedController } from '../util/abort.js'

/**
 * How long a page waits for its issuers, milliseconds. Halved after each page of a log that waited in vain: a log that serves entries but no
 * issuers must not delay the others.
 */
const FIRST_MS = 5000
const LEAST_MS = 100

type Chain = readonly Uint8Array[]

/** Collects the issuers of certificates that arrive in time. */
export class IssuerPatience {
  private readonly clock: Clock
  private readonly signal: AbortSignal
  /** Present wait by log id, milliseconds. */
  private readonly patience = new Map<string, number>()

  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock
    this.signal = signal
  }

  /** @param certificates - Of one log. @returns Chains in their order; `undefined` where one is unavailable or late. */
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
    // A copy, so that a late chain does not change what was kept.
    return [...chains]
  }
}
