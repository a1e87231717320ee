const WORDS = 8
const FIRST_CAPACITY = 1024

/** How {@link KeyMemory} is bounded. */
export interface KeyMemoryOptions {
  /** Milliseconds. */
  readonly ttlMs: number
  readonly maxEntries: number
  /** Uniform in [0, 1): decides where keys are kept, so that nobody can choose keys that get into each other's way. */
  readonly random: () => number
}

/**
 * Remembers keys of 32 bytes for a time, up to a number of them; the oldest are forgotten first.
 *
 * Keeps every key whole, so that it never takes one for another: a ring of keys in the order in which they came, and an index of it
 * (open addressing, linear probing) that is at most half full. 48 bytes a key, in typed arrays that grow as they are needed.
 */
export class KeyMemory {
  private readonly options: KeyMemoryOptions
  private readonly seeds: readonly [number, number]
  /** Ring: 8 words a key, and when each was added, elapsed milliseconds. */
  private words: Uint32Array
  private times: Float64Array
  /** Place in the ring of the oldest key. */
  private oldest = 0
  private count = 0
  private latest = 0
  /** Place in the ring plus 1; 0 is free. */
  private slots: Uint32Array
  /** The key at hand, for reading it as words wherever its bytes lie. */
  private readonly keyBytes = new Uint8Array(WORDS * 4)
  private readonly key = new Uint32Array(this.keyBytes.buffer)

  constructor(options: KeyMemoryOptions) {
    this.options = options
    const capacity = Math.min(FIRST_CAPACITY, options.maxEntries)
    this.words = new Uint32Array(capacity * WORDS)
    this.times = new Float64Array(capacity)
    this.slots = new Uint32Array(slotsFor(capacity))
    this.seeds = [oddInteger(options.random), oddInteger(options.random)]
  }

  /** Keys kept, those included whose time has passed and that were not thrown out yet. */
  get size(): number {
    return this.count
  }

  /** Memory of its tables, bytes. */
  get byteLength(): number {
    return this.words.byteLength + this.times.byteLength + this.slots.byteLength
  }

  /**
   * @param key - 32 bytes, evenly distributed, as a SHA-256 is.
   * @param now - Elapsed milliseconds, not of a clock that can be set; as for `add`.
   */
  has(key: Uint8Array, now: number): boolean {
    this.keyBytes.set(key)
    const place = this.find()
    return place >= 0 && this.isCurrent(place, now)
  }

  /** Remembers a key, from now on; does nothing when it is remembered already. */
  add(key: Uint8Array, now: number): void {
    // The ring is ordered by time, whoever brings it.
    this.latest = Math.max(this.latest, now)
    while (this.count > 0 && !this.isCurrent(this.oldest, this.latest)) this.forgetOldest()
    this.keyBytes.set(key)
    if (this.find() >= 0) return
    if (this.count === this.times.length) this.makeRoom()
    const place = (this.oldest + this.count) % this.times.length
    this.words.set(this.key, place * WORDS)
    this.times[place] = this.latest
    this.count++
    this.index(place)
  }

  private isCurrent(place: number, now: number): boolean {
    return now - (this.times[place] as number) < this.options.ttlMs
  }

  /** Place in the ring of the key at hand; -1 when it is not there. */
  private find(): number {
    const { slots, key, words } = this
    for (let slot = this.home(key, 0); ; slot = this.after(slot)) {
      const place = (slots[slot] as number) - 1
      if (place < 0) return -1
      let i = 0
      while (i < WORDS && words[place * WORDS + i] === key[i]) i++
      if (i === WORDS) return place
    }
  }

  /** The slot where the search for the key at `at` begins: of two of its words, mixed with secret numbers. */
  private home(words: Uint32Array, at: number): number {
    const [a, b] = this.seeds
    const mixed = (Math.imul(words[at] as number, a) + Math.imul(words[at + 1] as number, b)) >>> 0
    return Math.floor((mixed / 0x100000000) * this.slots.length)
  }

  private after(slot: number): number {
    return slot + 1 === this.slots.length ? 0 : slot + 1
  }

  private index(place: number): void {
    let slot = this.home(this.words, place * WORDS)
    while (this.slots[slot] !== 0) slot = this.after(slot)
    this.slots[slot] = place + 1
  }

  private forgetOldest(): void {
    const { slots, oldest } = this
    let slot = this.home(this.words, oldest * WORDS)
    while (slots[slot] !== oldest + 1) slot = this.after(slot)
    this.free(slot)
    this.oldest = (oldest + 1) % this.times.length
    this.count--
  }

  /** Empties a slot and moves up those behind it that were put off by it, so that no search ends early. */
  private free(slot: number): void {
    const { slots } = this
    const { length } = slots
    let hole = slot
    for (let next = this.after(hole); slots[next] !== 0; next = this.after(next)) {
      const home = this.home(this.words, ((slots[next] as number) - 1) * WORDS)
      const fromHome = (next - home + length) % length
      const fromHole = (next - hole + length) % length
      if (fromHome < fromHole) continue
      slots[hole] = slots[next] as number
      hole = next
    }
    slots[hole] = 0
  }

  private makeRoom(): void {
    const capacity = this.times.length
    if (capacity < this.options.maxEntries) this.grow(Math.min(capacity * 2, this.options.maxEntries))
    else this.forgetOldest()
  }

  private grow(capacity: number): void {
    const words = new Uint32Array(capacity * WORDS)
    const times = new Float64Array(capacity)
    // The ring is full: from the oldest to its end, then from its beginning.
    const first = this.times.length - this.oldest
    words.set(this.words.subarray(this.oldest * WORDS))
    words.set(this.words.subarray(0, this.oldest * WORDS), first * WORDS)
    times.set(this.times.subarray(this.oldest))
    times.set(this.times.subarray(0, this.oldest), first)
    this.words = words
    this.times = times
    this.oldest = 0
    this.slots = new Uint32Array(slotsFor(capacity))
    for (let place = 0; place < this.count; place++) this.index(place)
  }
}

/** At most half of them are ever in use. */
function slotsFor(capacity: number): number {
  return Math.max(4, capacity * 2)
}

function oddInteger(random: () => number): number {
  return Math.floor(random() * 0x80000000) * 2 + 1
}
