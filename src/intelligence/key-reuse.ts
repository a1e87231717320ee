const WAYS = 5
const WORDS = 3
/** Words of a group: with one that is not used it is a cache line, so that a key costs one access of memory. */
const GROUP = 16

/**
 * Remembers the registrable domain of each key, 13 bytes a key, in groups of five: a new key replaces the oldest of its group.
 *
 * A reported reuse is true, unless two keys have the same 64-bit hash; reuse of a forgotten key is missed.
 */
export class KeyReuse {
  private readonly table: Int32Array
  /** Groups for each of 2^32 hashes. */
  private readonly share: number

  /** @param capacity - Keys, 1 or more. */
  constructor(capacity: number) {
    const groups = Math.ceil(capacity / WAYS)
    this.share = groups / 2 ** 32
    this.table = new Int32Array(groups * GROUP)
  }

  /**
   * @param first - 32 bits of the hash of a key, `second` 32 more.
   * @param domains - Hashes of the registrable domains of a certificate with this key, 32 bits each, signed; at least one.
   * @returns Whether the key was seen with a domain that is not among them.
   */
  add(first: number, second: number, domains: readonly number[]): boolean {
    const high = first | 0
    const low = second | 0
    const from = Math.floor(((Math.imul(first, 0x9e3779b1) ^ second) >>> 0) * this.share) * GROUP
    const { table } = this
    for (let at = from; at < from + WAYS * WORDS; at += WORDS)
      if (table[at] === high && table[at + 1] === low) return !domains.includes(table[at + 2] as number)
    // Each group is ordered, newest first.
    for (let at = from + WAYS * WORDS - 1; at >= from + WORDS; at--) table[at] = table[at - WORDS] as number
    table[from] = high
    table[from + 1] = low
    table[from + 2] = domains[0] as number
    return false
  }
}
