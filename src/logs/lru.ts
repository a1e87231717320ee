/** A map of bounded size that forgets what was not asked for the longest. */
export class LruCache<V> {
  private readonly limit: number
  private readonly entries = new Map<string, V>()

  /** @param limit - Entries kept at most; 0 keeps none. */
  constructor(limit: number) {
    this.limit = limit
  }

  get(key: string): V | undefined {
    const value = this.entries.get(key)
    if (value !== undefined) this.put(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.put(key, value)
    // A Map keeps insertion order, so its first key is the one not used for the longest.
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.limit) break
      this.entries.delete(oldest)
    }
  }

  private put(key: string, value: V): void {
    this.entries.delete(key)
    this.entries.set(key, value)
  }
}
