const WAYS = 4
const WORDS = 3

/**
 * Remembers the registrable domain of each key, 12 bytes a key, in groups of four: a new key replaces the oldest of its group.
 *
 * A reported reuse is true, unless two keys have the same 64-bit hash; reuse of a forgotten key is missed.
 */
export class KeyReuse {
  private readonly table: Uint32Array
  private readonly buckets: number

  /** @param capacity - Keys, 4 or more. */
  constructor(capacity: number) {
    this.buckets = Math.ceil(capacity / WAYS)
    this.table = new Uint32Array(this.buckets * WAYS * WORDS)
  }

  /**
   * @param first - 32 bits of the hash of a key, `second` 32 more; unsigned.
   * @param domains - Hashes of the registrable domains of a certificate with this key, 32 bits unsigned; at least one.
   * @returns Whether the key was seen with a domain that is not among them.
   */
  add(first: number, second: number, domains: readonly number[]): boolean {
    const from = (((Math.imul(first, 0x9e3779b1) ^ second) >>> 0) % this.buckets) * WAYS * WORDS
    const { table } = this
    for (let at = from; at < from + WAYS * WORDS; at += WORDS)
      if (table[at] === first && table[at + 1] === second) return !domains.includes(table[at + 2] as number)
    // Each group is ordered, newest first.
    table.copyWithin(from + WORDS, from, from + (WAYS - 1) * WORDS)
    table[from] = first
    table[from + 1] = second
    table[from + 2] = domains[0] as number
    return false
  }
}
