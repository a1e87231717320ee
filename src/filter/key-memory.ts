const FIRST_CAPACITY = 1024
/** The word of a key whose bits are in its slot: none that says where the search begins. */
const TAG_WORD = 2
/** Instead of its time, for a key that was deleted: it has expired, whenever that is asked. */
const DELETED = Number.NEGATIVE_INFINITY

/** How {@link KeyMemory} is bounded. */
export interface KeyMemoryOptions {
  /** Milliseconds. */
  readonly ttlMs: number
  readonly maxEntries: number
  /** Uniform in [0, 1): randomizes the slots of keys, so that nobody can choose keys that collide. */
  readonly random: () => number
  /**
   * Bytes of each key to keep: 32, the whole key (default), or the first 16. With 16, a new key is mistaken for one of n kept keys with a
   * probability of n / 2^128.
   */
  readonly keyBytes?: 16 | 32
  /**
   * Whether tables are allocated in full size at once, so that adding never takes long; growing would move everything. Unused parts take
   * address space, but hardly any memory. Default `false`.
   */
  readonly reserve?: boolean
}

/** Keys at one moment, oldest first. */
export interface KeySnapshot {
  readonly count: number
  key(i: number): Uint8Array
  /** When it was added, as in `add`. */
  time(i: number): number
}

/**
 * A bounded set of keys of 32 bytes, each kept for a limited time. Forgets the oldest keys first.
 *
 * Keeps whole keys (unless `keyBytes` says otherwise), so that it never confuses two. It consists of a ring of keys in the order in
 * which they were added, and an index of the ring (open addressing, linear probing) that is at most half full. Takes 48 bytes a key
 * (32 with `keyBytes: 16`), in typed arrays that grow as needed.
 */
export class KeyMemory {
  private readonly options: KeyMemoryOptions
  private readonly seeds: readonly [number, number]
  /** The ring: 8 words (or 4) for each key, and when it was added, elapsed milliseconds. */
  private words: Uint32Array
  private times: Float64Array
  /** Place in the ring of the oldest key. */
  private oldest = 0
  /** Places of the ring that are taken, with those of deleted keys. */
  private count = 0
  private deleted = 0
  private latest = Number.NEGATIVE_INFINITY
  /** The index: place in the ring plus 1, with bits of the key in the upper bits; 0 for a free slot. */
  private slots: Uint32Array
  private readonly placeMask: number
  /** The slot where the last search that found nothing ended. */
  private free = 0
  /** Copy of the current key, aligned, so that it can be read as words. */
  private readonly keyBytes: Uint8Array
  private readonly key: Uint32Array
  /** Words of a key that are kept. */
  private readonly width: number
  private evicted = 0

  constructor(options: KeyMemoryOptions) {
    this.options = options
    this.width = (options.keyBytes ?? 32) / 4
    this.keyBytes = new Uint8Array(this.width * 4)
    this.key = new Uint32Array(this.keyBytes.buffer)
    this.placeMask = 2 ** Math.ceil(Math.log2(options.maxEntries + 2)) - 1
    const capacity = options.reserve ? options.maxEntries : Math.min(FIRST_CAPACITY, options.maxEntries)
    this.words = new Uint32Array(capacity * this.width)
    this.times = new Float64Array(capacity)
    this.slots = new Uint32Array(slotsFor(capacity))
    this.seeds = [oddInteger(options.random), oddInteger(options.random)]
  }

  /** Number of keys, including expired ones that were not removed yet. */
  get size(): number {
    return this.count - this.deleted
  }

  /** Number of keys forgotten early because there were too many. */
  get evictions(): number {
    return this.evicted
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
    this.hold(key)
    const place = this.find()
    return place >= 0 && this.isCurrent(place, now)
  }

  /**
   * Remembers a key, from now on; does nothing when it is remembered already.
   * @returns Whether it was.
   */
  add(key: Uint8Array, now: number): boolean {
    // The ring must stay ordered by time, even if `now` goes back.
    this.latest = Math.max(this.latest, now)
    while (this.count > 0 && !this.isCurrent(this.oldest, this.latest)) this.forgetOldest()
    this.hold(key)
    if (this.find() >= 0) return true
    const isFull = this.count === this.times.length
    if (isFull) this.makeRoom()
    const place = (this.oldest + this.count) % this.times.length
    const { key: words, width } = this
    for (let i = 0; i < width; i++) this.words[place * width + i] = words[i] as number
    this.times[place] = this.latest
    this.count++
    // Where the search ended, unless slots were moved since.
    if (isFull) this.index(place)
    else this.slots[this.free] = this.slotOf(this.key, 0, place)
    return false
  }

  /** Forgets a key; does nothing when it is not remembered. Its place stays taken until the older ones are forgotten. */
  delete(key: Uint8Array): void {
    this.hold(key)
    const place = this.find()
    if (place < 0) return
    this.empty(this.slotWith(place))
    this.times[place] = DELETED
    this.deleted++
  }

  /** Like `add`, for a key from an earlier time. Allowed only while nothing newer was added, because the ring is ordered by time. */
  restore(key: Uint8Array, time: number): void {
    if (this.count === 0) this.latest = Number.NEGATIVE_INFINITY
    this.add(key, time)
  }

  /** A copy of the current content, 24 or 40 bytes a key. */
  snapshot(): KeySnapshot {
    const { count, width } = this
    const words = new Uint32Array(count * width)
    const times = new Float64Array(count)
    const first = Math.min(count, this.times.length - this.oldest)
    words.set(this.words.subarray(this.oldest * width, (this.oldest + first) * width))
    words.set(this.words.subarray(0, (count - first) * width), first * width)
    times.set(this.times.subarray(this.oldest, this.oldest + first))
    times.set(this.times.subarray(0, count - first), first)
    const bytes = new Uint8Array(words.buffer)
    const places = this.deleted === 0 ? undefined : Array.from(times.keys()).filter((i) => times[i] !== DELETED)
    const placeOf = (i: number) => (places === undefined ? i : (places[i] as number))
    return {
      count: this.size,
      key: (i) => bytes.subarray(placeOf(i) * width * 4, (placeOf(i) + 1) * width * 4),
      time: (i) => times[placeOf(i)] as number,
    }
  }

  private hold(key: Uint8Array): void {
    this.keyBytes.set(key.length === this.keyBytes.length ? key : key.subarray(0, this.keyBytes.length))
  }

  private isCurrent(place: number, now: number): boolean {
    return now - (this.times[place] as number) < this.options.ttlMs
  }

  /** Place of the current key in the ring; -1 when it is missing. */
  private find(): number {
    const { slots, key, words, width, placeMask } = this
    const tag = key[TAG_WORD] as number
    for (let slot = this.home(key, 0); ; slot = this.after(slot)) {
      const value = slots[slot] as number
      if (value === 0) {
        this.free = slot
        return -1
      }
      // Reading a key is a cache miss; the bits in the slot exclude most wrong keys without it.
      if (((value ^ tag) & ~placeMask) !== 0) continue
      const place = (value & placeMask) - 1
      let i = 0
      while (i < width && words[place * width + i] === key[i]) i++
      if (i === width) return place
    }
  }

  /** The slot where the search for the key at `at` begins, computed from two of its words and secret numbers. */
  private home(words: Uint32Array, at: number): number {
    const [a, b] = this.seeds
    const mixed = (Math.imul(words[at] as number, a) + Math.imul(words[at + 1] as number, b)) >>> 0
    return Math.floor((mixed / 0x100000000) * this.slots.length)
  }

  private after(slot: number): number {
    return slot + 1 === this.slots.length ? 0 : slot + 1
  }

  private index(place: number): void {
    let slot = this.home(this.words, place * this.width)
    while (this.slots[slot] !== 0) slot = this.after(slot)
    this.slots[slot] = this.slotOf(this.words, place * this.width, place)
  }

  private slotOf(words: Uint32Array, at: number, place: number): number {
    return ((words[at + TAG_WORD] as number) & ~this.placeMask) | (place + 1)
  }

  private placeIn(slot: number): number {
    return ((this.slots[slot] as number) & this.placeMask) - 1
  }

  private forgetOldest(): void {
    const { oldest } = this
    if (this.times[oldest] === DELETED) this.deleted--
    else this.empty(this.slotWith(oldest))
    this.oldest = (oldest + 1) % this.times.length
    this.count--
  }

  /** The slot of a key by its place in the ring. */
  private slotWith(place: number): number {
    let slot = this.home(this.words, place * this.width)
    while (this.placeIn(slot) !== place) slot = this.after(slot)
    return slot
  }

  /** Empties a slot, and moves displaced entries after it up, so that no search ends early. */
  private empty(slot: number): void {
    const { slots } = this
    const { length } = slots
    let hole = slot
    for (let next = this.after(hole); slots[next] !== 0; next = this.after(next)) {
      const home = this.home(this.words, this.placeIn(next) * this.width)
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
    else {
      this.forgetOldest()
      this.evicted++
    }
  }

  private grow(capacity: number): void {
    const words = new Uint32Array(capacity * this.width)
    const times = new Float64Array(capacity)
    // The ring is full: from the oldest to its end, then from its beginning.
    const first = this.times.length - this.oldest
    words.set(this.words.subarray(this.oldest * this.width))
    words.set(this.words.subarray(0, this.oldest * this.width), first * this.width)
    times.set(this.times.subarray(this.oldest))
    times.set(this.times.subarray(0, this.oldest), first)
    this.words = words
    this.times = times
    this.oldest = 0
    this.slots = new Uint32Array(slotsFor(capacity))
    for (let place = 0; place < this.count; place++) if (times[place] !== DELETED) this.index(place)
  }
}

/** At most half of them are ever in use. */
function slotsFor(capacity: number): number {
  return Math.max(4, capacity * 2)
}

function oddInteger(random: () => number): number {
  return Math.floor(random() * 0x80000000) * 2 + 1
}
