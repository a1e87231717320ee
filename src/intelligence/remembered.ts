/**
 * Caches results for recent keys: at least the last `most` different keys, at most twice as many. An endless supply of new keys makes it
 * slow, but not larger.
 */
export class Remembered<T, K = string> {
  private readonly most: number
  private current = new Map<K, T>()
  private previous = new Map<K, T>()

  constructor(most: number) {
    this.most = most
  }

  get(key: K): T | undefined {
    const value = this.current.get(key)
    if (value !== undefined) return value
    const older = this.previous.get(key)
    return older === undefined ? undefined : this.set(key, older)
  }

  /** @returns The value. */
  set(key: K, value: T): T {
    if (this.current.size >= this.most) {
      this.previous = this.current
      this.current = new Map()
    }
    this.current.set(key, value)
    return value
  }
}
