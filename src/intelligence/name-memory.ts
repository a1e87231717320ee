import { isIcannSuffix, splitListed } from '../watchlist/suffix.js'
import { Remembered } from './remembered.js'
import type { StringHash } from './string-hash.js'

/** An entry's names come again soon: in its certificate, and in other logs. */
const REMEMBERED_NAMES = 20_000
/** Longer ones are no host names, and not kept. */
const MAX_NAME = 253

/** What is said of a name again and again. */
export interface KnownName {
  /** Hash of the name, 64 bits. */
  readonly high: number
  readonly low: number
  /** Registrable domain; empty for a public suffix. */
  readonly domain: string
  readonly domainHigh: number
  readonly domainLow: number
  readonly topLevel: string
  /** Whether it is below a suffix of the list, and no wildcard for all below one. */
  readonly isBelowListed: boolean
}

/** What is known of names that were there lately. */
export class NameMemory {
  private readonly hash: StringHash
  private readonly known = new Remembered<KnownName>(REMEMBERED_NAMES)

  constructor(hash: StringHash) {
    this.hash = hash
  }

  /** @param name - In lower case, A-labels. */
  get(name: string): KnownName {
    const known = this.known.get(name)
    if (known !== undefined) return known
    const made = this.make(name)
    return name.length > MAX_NAME ? made : this.known.set(name, made)
  }

  private make(name: string): KnownName {
    const isWildcard = name.startsWith('*.')
    const base = isWildcard ? name.slice(2) : name
    const { domain, isListed } = splitListed(base)
    const { high, low } = this.hash.of(name)
    const { high: domainHigh, low: domainLow } = this.hash.of(domain)
    const topLevel = domain.slice(domain.lastIndexOf('.') + 1)
    const isBelowListed = isListed && !(isWildcard && isIcannSuffix(base))
    return { high, low, domain, domainHigh, domainLow, topLevel, isBelowListed }
  }
}
