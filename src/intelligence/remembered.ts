/**
 * What was worked out for keys that were there lately: at least the last `most` that differ, at most twice as many. Whoever makes up
 * new ones without end makes it slow, and not large.
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
