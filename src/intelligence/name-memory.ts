import { isIcannSuffix, splitListed } from '../watchlist/suffix.js'
import { latin1 } from '../x509/strings.js'
import { HashedMemory } from './hashed-memory.js'
import { Remembered } from './remembered.js'
import type { StringHash } from './string-hash.js'
import type { Counter } from './top-counts.js'

/** Names remembered. An entry's names soon come again, in its certificate and in other logs. */
const REMEMBERED_NAMES = 20_000
/** Longest name remembered; longer ones are no host names. */
const MAX_NAME = 253

/** What is known of a registrable domain. Who counts domains keeps here what saves looking it up again. */
export class KnownDomain {
  /** Empty for a public suffix. */
  readonly text: string
  readonly topLevel: string
  /** Hash of the domain, 64 bits. */
  readonly high: number
  readonly low: number
  counter: Counter | undefined
  topLevelCounter: Counter | undefined
  /** During which turn of the filter of known domains it was added to it; 0 for none. */
  seenIn = 0

  constructor(text: string, high: number, low: number) {
    this.text = text
    this.topLevel = text.slice(text.lastIndexOf('.') + 1)
    this.high = high
    this.low = low
  }
}

/** What is looked up for each name. */
export class KnownName {
  readonly text: string
  /** Hash of the name, 64 bits. */
  readonly high: number
  readonly low: number
  readonly domain: KnownDomain
  /** Whether it is below a listed suffix, and not a wildcard directly below one. */
  readonly isBelowListed: boolean
  /** Whether it was counted among the different names. */
  isCounted = false
  /** Whether it is known to be written as `PlainNames` wants it. */
  isPlain = false

  constructor(text: string, high: number, low: number, domain: KnownDomain, isBelowListed: boolean) {
    this.text = text
    this.high = high
    this.low = low
    this.domain = domain
    this.isBelowListed = isBelowListed
  }
}

/** Caches what is known of recent names. */
export class NameMemory {
  private readonly hash: StringHash
  private readonly known = new HashedMemory<KnownName>(REMEMBERED_NAMES)
  private readonly domains = new Remembered<KnownDomain>(REMEMBERED_NAMES)

  constructor(hash: StringHash) {
    this.hash = hash
  }

  /** @param name - In lower case, A-labels. */
  get(name: string): KnownName {
    const { high, low } = this.hash.of(name)
    const known = this.known.get(high, low)
    return known?.text === name ? known : this.remember(name, high, low)
  }

  /** The name in these octets, if it is remembered. */
  find(bytes: Uint8Array, start: number, stop: number): KnownName | undefined {
    const { high, low } = this.hash.ofBytes(bytes, start, stop)
    const known = this.known.get(high, low)
    // Names with the same hash could be found by whoever tries enough of them, and one would be taken for as harmless as the other.
    return known !== undefined && isText(known.text, bytes, start, stop) ? known : undefined
  }

  /** The name in these octets, in lower case, A-labels. */
  getAt(bytes: Uint8Array, start: number, stop: number): KnownName {
    return this.find(bytes, start, stop) ?? this.remember(latin1(bytes, start, stop), this.hash.high, this.hash.low)
  }

  private remember(name: string, high: number, low: number): KnownName {
    const isWildcard = name.startsWith('*.')
    const base = isWildcard ? name.slice(2) : name
    const { domain, isListed } = splitListed(base)
    const isBelowListed = isListed && !(isWildcard && isIcannSuffix(base))
    const made = new KnownName(name, high, low, this.domainOf(domain), isBelowListed)
    return name.length > MAX_NAME ? made : this.known.set(high, low, made)
  }

  private domainOf(text: string): KnownDomain {
    const known = this.domains.get(text)
    if (known !== undefined) return known
    const { high, low } = this.hash.of(text)
    const made = new KnownDomain(text, high, low)
    return text.length > MAX_NAME ? made : this.domains.set(text, made)
  }
}

/** Whether these octets are that text, one a character. */
function isText(text: string, bytes: Uint8Array, start: number, stop: number): boolean {
  const { length } = text
  if (stop - start !== length) return false
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
