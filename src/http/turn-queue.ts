/** Turns in which the most urgent go first, before one goes to whoever has waited longest of the less urgent. */
const OVERTAKEN_AT_MOST = 3

interface Waiting<T> {
  readonly item: T
  readonly priority: number
}

/**
 * Who goes next: higher priority first, then first come, first served; but of four turns in a row one goes to the longest wait of lower
 * priority. So nothing waits for ever, however many more urgent ones come: for four turns at most for each that came before it.
 */
export class TurnQueue<T> {
  /** In the order in which they came. */
  private waiting: Waiting<T>[] = []
  /** Turns in a row in which one of lower priority was overtaken. */
  private overtaken = 0

  get size(): number {
    return this.waiting.length
  }

  add(item: T, priority: number): void {
    this.waiting.push({ item, priority })
  }

  /** Takes out the one whose turn it is; `undefined` when none waits. */
  next(): T | undefined {
    const highest = this.waiting.reduce((most, { priority }) => Math.max(most, priority), Number.NEGATIVE_INFINITY)
    const lower = this.waiting.findIndex(({ priority }) => priority < highest)
    const isLower = lower >= 0 && this.overtaken >= OVERTAKEN_AT_MOST
    this.overtaken = isLower || lower < 0 ? 0 : this.overtaken + 1
    const index = isLower ? lower : this.waiting.findIndex(({ priority }) => priority === highest)
    return index < 0 ? undefined : this.waiting.splice(index, 1)[0]?.item
  }

  /** Takes one out before its turn. Idempotent. */
  remove(item: T): void {
    this.waiting = this.waiting.filter((waiting) => waiting.item !== item)
  }

  /** Takes out all of them. */
  clear(): readonly T[] {
    return this.waiting.splice(0).map(({ item }) => item)
  }
}
