const DOT = 0x2e
const MIX = 0x9e3779b1

/** Domains with a number each: finds those that a name is or is below, in one walk from its end. */
export class DomainWalk {
  private readonly names: string[] = []
  private readonly values: number[][] = []
  private readonly hashes: Int32Array
  private readonly slots: Uint32Array
  private readonly shift: number
  private readonly longest: number

  constructor(domains: Iterable<readonly [name: string, value: number]>) {
    const known = new Map<string, number>()
    for (const [name, value] of domains) {
      const id = known.get(name)
      if (id !== undefined) this.values[id]?.push(value)
      else {
        known.set(name, this.names.push(name) - 1)
        this.values.push([value])
      }
    }
    this.longest = this.names.reduce((most, name) => Math.max(most, name.length), 0)
    const bits = Math.max(4, Math.ceil(Math.log2(Math.max(1, this.names.length) * 3)))
    this.hashes = new Int32Array(2 ** bits)
    this.slots = new Uint32Array(2 ** bits)
    this.shift = 32 - bits
    this.names.forEach((name, id) => {
      let hash = 0
      for (let at = name.length - 1; at >= 0; at--) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
      let slot = Math.imul(hash, MIX) >>> this.shift
      while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1)
      this.hashes[slot] = hash
      this.slots[slot] = id + 1
    })
  }

  /**
   * The numbers of all domains that the name is or is below; `undefined` when there are none.
   *
   * @param before - Domains that start here or later do not count.
   */
  find(name: string, before: number): number[] | undefined {
    let found: number[] | undefined
    let hash = 0
    const stop = Math.max(0, name.length - this.longest)
    for (let at = name.length - 1; at >= stop; at--) {
      hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
      if (at >= before || (at > 0 && name.charCodeAt(at - 1) !== DOT)) continue
      const id = this.idOf(hash, name, at)
      if (id >= 0)
        found = found === undefined ? (this.values[id] as number[]) : [...found, ...(this.values[id] as number[])]
    }
    return found
  }

  private idOf(hash: number, name: string, start: number): number {
    const { slots, hashes, names } = this
    const mask = slots.length - 1
    for (let slot = Math.imul(hash, MIX) >>> this.shift; slots[slot] !== 0; slot = (slot + 1) & mask) {
      if (hashes[slot] !== hash) continue
      const id = (slots[slot] as number) - 1
      const there = names[id] as string
      if (there.length === name.length - start && name.endsWith(there)) return id
    }
    return -1
  }
}
