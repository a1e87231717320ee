/** How often a value occurred. Plain data. */
export interface CountRow {
  /** The value. Harmless to a terminal. */
  readonly name: string
  /** Lower bound of its number of occurrences. */
  readonly count: number
  /** How many more there may be; 0 when the count is exact. */
  readonly error: number
}

/** One of {@link TopCounts}. */
export class Counter {
  name: string
  count = 1
  error = 0
  /** Where it is in the heap. */
  place: number

  constructor(name: string, place: number) {
    this.name = name
    this.place = place
  }
}

/**
 * Counts what occurs most often, with a fixed number of counters (Space-Saving).
 *
 * Exact while there are no more different names than counters. After that, a new name takes over the counter with the least count; its row
 * then shows the possible error. A name that occurs more than `total / capacity` times always has a counter.
 *
 * @see Metwally et al., Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005
 */
export class TopCounts {
  private readonly capacity: number
  /** Once the least count is needed, a heap: no counter is larger than the two below it. */
  private readonly counters: Counter[] = []
  private readonly known = new Map<string, Counter>()
  private isHeap = false
  /** Whether a name has lost its counter to another one. */
  private isOverfull = false
  private all = 0

  /** @param capacity - Counters, 1 or more. */
  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Number of all names added. */
  get total(): number {
    return this.all
  }

  /**
   * @param known - What this returned for the name the last time, which saves looking it up.
   * @returns Its counter, which may be another one's later.
   */
  add(name: string, known?: Counter): Counter {
    this.all += 1
    const counter = known?.name === name ? known : this.known.get(name)
    if (counter !== undefined) {
      counter.count += 1
      if (this.isHeap) this.sink(counter)
      return counter
    }
    if (this.counters.length >= this.capacity) return this.takeOver(this.least(), name)
    const made = new Counter(name, this.counters.length)
    this.counters.push(made)
    this.known.set(name, made)
    return made
  }

  /** The names with the largest certain counts, largest first; equal ones by name. */
  top(most: number): CountRow[] {
    const rows = this.counters.map(({ name, count, error }) => ({ name, count: count - error, error }))
    return rows.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)).slice(0, most)
  }

  /** No name without a row occurred more often than this; 0 while every name has a counter. */
  get unseen(): number {
    return this.isOverfull ? this.least().count : 0
  }

  private takeOver(counter: Counter, name: string): Counter {
    this.isOverfull = true
    this.known.delete(counter.name)
    counter.name = name
    counter.error = counter.count
    counter.count += 1
    this.known.set(name, counter)
    this.sink(counter)
    return counter
  }

  private least(): Counter {
    const { counters } = this
    if (!this.isHeap) {
      this.isHeap = true
      for (let place = counters.length >> 1; place >= 0; place--) this.sink(counters[place] as Counter)
    }
    return counters[0] as Counter
  }

  /** Moves a counter, which may have become too large for its place, below smaller ones. */
  private sink(counter: Counter): void {
    const { counters } = this
    for (;;) {
      const left = 2 * counter.place + 1
      if (left >= counters.length) return
      const [first, second] = [counters[left] as Counter, counters[left + 1]]
      const least = second !== undefined && second.count < first.count ? second : first
      if (counter.count <= least.count) return
      const { place } = counter
      counter.place = least.place
      least.place = place
      counters[counter.place] = counter
      counters[place] = least
    }
  }
}
