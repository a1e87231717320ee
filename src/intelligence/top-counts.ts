/** How often a value occurred. Plain data. */
export interface CountRow {
  /** The value. Harmless to a terminal. */
  readonly name: string
  /** Lower bound of its number of occurrences. */
  readonly count: number
  /** How many more there may be; 0 when the count is exact. */
  readonly error: number
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
  /** A heap: no counter is larger than the two below it. */
  private readonly names: string[] = []
  private readonly counts: number[] = []
  private readonly errors: number[] = []
  private readonly places = new Map<string, number>()
  private all = 0

  /** @param capacity - Counters, 1 or more. */
  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Number of all names added. */
  get total(): number {
    return this.all
  }

  add(name: string): void {
    this.all += 1
    const place = this.places.get(name)
    if (place !== undefined) {
      this.counts[place] = (this.counts[place] as number) + 1
      this.sink(place)
    } else if (this.names.length < this.capacity) {
      this.names.push(name)
      this.counts.push(1)
      this.errors.push(0)
      this.places.set(name, this.names.length - 1)
      this.rise(this.names.length - 1)
    } else {
      const least = this.counts[0] as number
      this.places.delete(this.names[0] as string)
      this.names[0] = name
      this.counts[0] = least + 1
      this.errors[0] = least
      this.places.set(name, 0)
      this.sink(0)
    }
  }

  /** The names with the largest certain counts, largest first; equal ones by name. */
  top(most: number): CountRow[] {
    const rows = this.names.map((name, i) => {
      const error = this.errors[i] as number
      return { name, count: (this.counts[i] as number) - error, error }
    })
    return rows.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)).slice(0, most)
  }

  /** No name without a row occurred more often than this; 0 while every name has a counter. */
  get unseen(): number {
    return this.names.length < this.capacity ? 0 : (this.counts[0] as number)
  }

  private rise(from: number): void {
    for (let place = from; place > 0; ) {
      const above = (place - 1) >> 1
      if ((this.counts[above] as number) <= (this.counts[place] as number)) return
      this.swap(above, place)
      place = above
    }
  }

  private sink(from: number): void {
    for (let place = from; ; ) {
      const left = 2 * place + 1
      if (left >= this.names.length) return
      const right = left + 1
      const isRight = right < this.names.length && (this.counts[right] as number) < (this.counts[left] as number)
      const least = isRight ? right : left
      if ((this.counts[place] as number) <= (this.counts[least] as number)) return
      this.swap(place, least)
      place = least
    }
  }

  private swap(a: number, b: number): void {
    exchange(this.names, a, b)
    exchange(this.counts, a, b)
    exchange(this.errors, a, b)
    this.places.set(this.names[a] as string, a)
    this.places.set(this.names[b] as string, b)
  }
}

function exchange<T>(list: T[], a: number, b: number): void {
  const kept = list[a] as T
  list[a] = list[b] as T
  list[b] = kept
}
