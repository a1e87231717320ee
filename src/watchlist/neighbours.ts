import { HASH_BASE, hashOf, powers, type Squash } from './squash.js'

/** Shortest word that is searched for with one edit, and with two. */
export const ONE_EDIT = 5
export const TWO_EDITS = 7
/** Longer ones are compared whole only: their neighbourhood grows with the square of their length. */
const LONGEST = 24
const MIX = 0x9e3779b1

/**
 * Words by what is left of them when letters are taken out (SymSpell, Garbe 2012): a text within an edit of a word shares one of these
 * with it, so that looking it up takes time that depends on the text alone. What is found has still to be compared.
 */
export class Neighbours {
  private readonly keys: Int32Array
  /** One more than an index in {@link chains}; 0 is free. */
  private readonly heads: Int32Array
  private readonly words: Int32Array
  private readonly chains: Int32Array
  private readonly shift: number
  /** A bit for each hash, small enough for a processor's cache: nearly all look-ups end here. */
  private readonly bits: Uint32Array
  private readonly bitShift: number
  /** Lengths of texts that may be near a word: bit 0 for one edit, bit 1 for two. */
  private readonly lengths = new Uint8Array(64)
  readonly longest: number

  /** @param words - Canonical letters. */
  constructor(words: readonly string[]) {
    const entries: [hash: number, word: number][] = []
    let longest = 0
    words.forEach((word, id) => {
      const { length } = word
      if (length < ONE_EDIT || length > LONGEST) return
      longest = Math.max(longest, length + 1)
      const hashes = new Set([hashOf(word)])
      this.allow(length, 1, 1)
      if (length >= TWO_EDITS) this.allow(length, 2, 2)
      for (let i = 0; i < length; i++) {
        const once = word.slice(0, i) + word.slice(i + 1)
        hashes.add(hashOf(once))
        if (length < TWO_EDITS) continue
        for (let j = i; j < once.length; j++) hashes.add(hashOf(once.slice(0, j) + once.slice(j + 1)))
      }
      for (const hash of hashes) entries.push([hash, id])
    })
    this.longest = longest
    const bits = Math.max(6, Math.ceil(Math.log2(Math.max(1, entries.length) * 3)))
    this.keys = new Int32Array(2 ** bits)
    this.heads = new Int32Array(2 ** bits)
    this.words = new Int32Array(entries.length)
    this.chains = new Int32Array(entries.length)
    this.shift = 32 - bits
    const bitCount = Math.min(32, Math.max(10, Math.ceil(Math.log2(entries.length * 16 + 1))))
    this.bits = new Uint32Array(2 ** (bitCount - 5))
    this.bitShift = 32 - bitCount
    entries.forEach(([hash, word], i) => {
      const bit = Math.imul(hash, MIX) >>> this.bitShift
      this.bits[bit >>> 5] = (this.bits[bit >>> 5] as number) | (1 << (bit & 31))
      const slot = this.slotOf(hash)
      this.keys[slot] = hash
      this.words[i] = word
      this.chains[i] = this.heads[slot] as number
      this.heads[slot] = i + 1
    })
  }

  /**
   * Numbers of the words that may be near the text from `start` to `end`, put into `found`, with repeats.
   *
   * @param edits - 1 or 2.
   */
  look(squash: Squash, start: number, end: number, edits: number, found: number[]): void {
    const length = end - start
    if (length >= 64 || ((this.lengths[length] as number) & (edits === 2 ? 3 : 1)) === 0) return
    const { hashes, canonical } = squash
    const { bits, bitShift } = this
    const last = hashes[end] as number
    this.find(squash.hash(start, end), found)
    const isTwo = edits === 2 && ((this.lengths[length] as number) & 2) !== 0
    // The hash of what is before the first letter left out, and of that and what is before the second.
    let before = 0
    for (let i = start; i < end; i++) {
      const once = (Math.imul(before - (hashes[i + 1] as number), powers[end - i - 1] as number) + last) | 0
      const onceBit = Math.imul(once, MIX) >>> bitShift
      if (((bits[onceBit >>> 5] as number) & (1 << (onceBit & 31))) !== 0) this.find(once, found)
      if (isTwo) {
        let between = before
        for (let j = i + 1; j < end; j++) {
          const twice = (Math.imul(between - (hashes[j + 1] as number), powers[end - j - 1] as number) + last) | 0
          const twiceBit = Math.imul(twice, MIX) >>> bitShift
          if (((bits[twiceBit >>> 5] as number) & (1 << (twiceBit & 31))) !== 0) this.find(twice, found)
          between = (Math.imul(between, HASH_BASE) + (canonical[j] as number)) | 0
        }
      }
      before = (Math.imul(before, HASH_BASE) + (canonical[i] as number)) | 0
    }
  }

  private find(hash: number, found: number[]): void {
    const { keys, heads } = this
    const mask = keys.length - 1
    for (let slot = Math.imul(hash, MIX) >>> this.shift; heads[slot] !== 0; slot = (slot + 1) & mask) {
      if (keys[slot] !== hash) continue
      for (let entry = heads[slot] as number; entry > 0; entry = this.chains[entry - 1] as number)
        found.push(this.words[entry - 1] as number)
      return
    }
  }

  private slotOf(hash: number): number {
    const mask = this.keys.length - 1
    let slot = Math.imul(hash, MIX) >>> this.shift
    while (this.heads[slot] !== 0 && this.keys[slot] !== hash) slot = (slot + 1) & mask
    return slot
  }

  private allow(length: number, edits: number, bit: number): void {
    for (let i = Math.max(1, length - edits); i <= length + edits; i++)
      this.lengths[i] = (this.lengths[i] as number) | bit
  }
}
