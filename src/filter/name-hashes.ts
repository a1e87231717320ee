/** Result of {@link NameHashes.look}. */
export const Look = {
  /** The name does not match. */
  none: 0,
  /** The name matches, except for one in millions. */
  listed: 1,
  /** The name has an unusual form: only the decoder can tell. */
  odd: 2,
} as const

export type Look = (typeof Look)[keyof typeof Look]

export interface HashedName {
  readonly name: string
  /** Whether the name itself matches. */
  readonly whole: boolean
  /** Whether names below it match. */
  readonly below: boolean
}

const WHOLE = 1
const BELOW = 2
const DOT = 0x2e
const STAR = 0x2a
/** 2^32 divided by the golden ratio: the upper bits of a product with it make a good index (Knuth). */
const MIX = 0x9e3779b1

/** Maps octets of usual names to lower case; 0 for all others. */
const lower = new Uint8Array(256)
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789-._*') {
  lower[char.charCodeAt(0)] = char.charCodeAt(0)
  lower[char.toUpperCase().charCodeAt(0)] = char.charCodeAt(0)
}

/**
 * Looks names up in bytes, without making strings: one pass over the octets from the end, with a running hash that is looked up at
 * every dot.
 *
 * Two names may have the same hash, so a match must still be compared. A listed name is never missed.
 */
export class NameHashes {
  /** Hash table with linear probing; 0 for a free slot. Sparse, so that a search for an unlisted name nearly always ends at once. */
  private readonly hashes: Uint32Array
  private readonly flags: Uint8Array
  private readonly shift: number

  constructor(names: Iterable<HashedName>) {
    const all = [...names]
    const bits = Math.max(4, Math.ceil(Math.log2(Math.max(1, all.length) * 4)))
    this.hashes = new Uint32Array(2 ** bits)
    this.flags = new Uint8Array(2 ** bits)
    this.shift = 32 - bits
    for (const { name, whole, below } of all) this.add(hashOf(name), (whole ? WHOLE : 0) + (below ? BELOW : 0))
  }

  /** @param start - First octet of a dNSName or a common name; `stop` is exclusive. */
  look(bytes: Uint8Array, start: number, stop: number): Look {
    if (start >= stop) return Look.none
    if (bytes[stop - 1] === DOT) return Look.odd
    const { hashes, shift } = this
    let hash = 0
    let found = 0
    for (let at = stop - 1; at >= start; at--) {
      const octet = lower[bytes[at] as number] as number
      if (octet <= DOT) {
        if (octet === DOT) {
          const slot = Math.imul(hash, MIX) >>> shift
          if (hashes[slot] !== 0) found |= this.find(hash) & BELOW
        }
        // A wildcard is the whole first label; other forms are left to the decoder.
        else if (octet === STAR && (at > start || (at + 1 < stop && bytes[at + 1] !== DOT))) return Look.odd
        else if (octet === 0) return Look.odd
      }
      hash = step(hash, octet)
    }
    return found !== 0 || (this.find(hash) & WHOLE) !== 0 ? Look.listed : Look.none
  }

  private find(hash: number): number {
    const key = keyOf(hash)
    const { hashes, shift } = this
    for (let slot = Math.imul(hash, MIX) >>> shift; ; slot = (slot + 1) & (hashes.length - 1)) {
      const there = hashes[slot]
      if (there === 0) return 0
      if (there === key) return this.flags[slot] as number
    }
  }

  private add(hash: number, flags: number): void {
    const key = keyOf(hash)
    let slot = Math.imul(hash, MIX) >>> this.shift
    while (this.hashes[slot] !== 0 && this.hashes[slot] !== key) slot = (slot + 1) & (this.hashes.length - 1)
    this.hashes[slot] = key
    this.flags[slot] = (this.flags[slot] as number) | flags
  }
}

/** One step of FNV-1a. */
function step(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, 0x01000193)
}

/** Unsigned, and never 0. */
function keyOf(hash: number): number {
  return hash === 0 ? 1 : hash >>> 0
}

/** Hash of a lower-case name, from its end. */
function hashOf(name: string): number {
  let hash = 0
  for (let at = name.length - 1; at >= 0; at--) hash = step(hash, name.charCodeAt(at))
  return hash
}
