/** A promise that can be settled from outside, renewed each time it was. */
export class Notifier {
  private promise: Promise<void> | undefined
  private resolve: (() => void) | undefined

  /** Resolves at the next `notify()`. */
  wait(): Promise<void> {
    this.promise ??= new Promise((resolve) => {
      this.resolve = resolve
    })
    return this.promise
  }

  /** Wakes everybody who waits. */
  notify(): void {
    this.resolve?.()
    this.promise = undefined
    this.resolve = undefined
  }
}
