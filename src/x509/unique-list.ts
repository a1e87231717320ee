/** Above this many values a set is cheaper than searching the list. */
const SMALL = 8

/** Distinct strings in the order in which they were first added; short lists cost no more than an array. */
export class UniqueList {
  readonly values: string[] = []
  private set: Set<string> | undefined

  add(value: string): void {
    if (this.set === undefined && this.values.length >= SMALL) this.set = new Set(this.values)
    if (this.set?.has(value) ?? this.values.includes(value)) return
    this.set?.add(value)
    this.values.push(value)
  }
}
