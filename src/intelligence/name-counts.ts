import { cutText } from '../util/harmless.js'
import { DistinctCount } from './distinct-count.js'
import type { KnownDomain, KnownName } from './name-memory.js'
import type { NewlySeen } from './newly-seen.js'
import type { TopCounts } from './top-counts.js'

/** Longest name of a counter, because text in certificates may have any length. */
export const MAX_KEY = 200
const none: readonly number[] = Object.freeze([])

/**
 * Counts the names of certificates, and their registrable domains. What is remembered of a name says whether the sketches know it already:
 * nearly every name comes several times, with its precertificate, its certificate, and from other logs.
 */
export class NameCounts {
  readonly names = new DistinctCount()
  readonly domains = new DistinctCount()
  /** Registrable domains that were new, after the warm-up. */
  newDomains = 0
  private readonly registrable: TopCounts
  private readonly topLevels: TopCounts
  private readonly seen: NewlySeen
  /** The hash of the only domain of a certificate. */
  private readonly single = [0]

  constructor(registrable: TopCounts, topLevels: TopCounts, seen: NewlySeen) {
    this.registrable = registrable
    this.topLevels = topLevels
    this.seen = seen
  }

  /**
   * @param names - Those of one certificate.
   * @param isWarm - Whether domains can be called new.
   * @returns 32 bits of the hash of each registrable domain; good until the next call.
   */
  add(names: readonly KnownName[], isWarm: boolean): readonly number[] {
    for (const name of names) {
      if (name.isCounted) continue
      name.isCounted = true
      this.names.add(name.high, name.low)
    }
    const only = onlyDomain(names)
    if (only === undefined) return this.addEach(names, isWarm)
    if (only.text === '') return none
    this.addDomain(only, isWarm)
    this.addTopLevel(only)
    this.single[0] = only.high
    return this.single
  }

  private addEach(names: readonly KnownName[], isWarm: boolean): readonly number[] {
    const domains = new Map<string, KnownDomain>()
    for (const { domain } of names) if (!domains.has(domain.text)) domains.set(domain.text, domain)
    const topLevels = new Map<string, KnownDomain>()
    const hashes: number[] = []
    for (const domain of domains.values()) {
      if (domain.text === '') continue
      hashes.push(domain.high)
      this.addDomain(domain, isWarm)
      topLevels.set(domain.topLevel, domain)
    }
    for (const domain of topLevels.values()) this.addTopLevel(domain)
    return hashes
  }

  private addDomain(domain: KnownDomain, isWarm: boolean): void {
    domain.counter = this.registrable.add(cutText(domain.text, MAX_KEY), domain.counter)
    if (domain.seenIn === this.seen.turn) return
    this.domains.add(domain.high, domain.low)
    if (this.seen.add(domain.high, domain.low) && isWarm) this.newDomains += 1
    domain.seenIn = this.seen.turn
  }

  private addTopLevel(domain: KnownDomain): void {
    domain.topLevelCounter = this.topLevels.add(cutText(domain.topLevel, MAX_KEY), domain.topLevelCounter)
  }
}

/** The domain of all names; `undefined` when there are several, or no names. Nearly all certificates have names of only one. */
function onlyDomain(names: readonly KnownName[]): KnownDomain | undefined {
  const first = names[0]?.domain
  for (const { domain } of names) if (domain !== first && domain.text !== first?.text) return undefined
  return first
}
