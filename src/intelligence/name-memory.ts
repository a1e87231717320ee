import { isIcannSuffix, splitListed } from '../watchlist/suffix.js'
import { Remembered } from './remembered.js'
import type { StringHash } from './string-hash.js'

/** Names remembered. An entry's names soon come again, in its certificate and in other logs. */
const REMEMBERED_NAMES = 20_000
/** Longest name remembered; longer ones are no host names. */
const MAX_NAME = 253

/** What is looked up for each name. */
export interface KnownName {
  /** Hash of the name, 64 bits. */
  readonly high: number
  readonly low: number
  /** Registrable domain; empty for a public suffix. */
  readonly domain: string
  readonly domainHigh: number
  readonly domainLow: number
  readonly topLevel: string
  /** Whether it is below a listed suffix, and not a wildcard directly below one. */
  readonly isBelowListed: boolean
}

/** Caches what is known of recent names. */
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
