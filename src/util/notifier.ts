/** A promise that `notify()` resolves, and that is then replaced by a new one. */
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

  /** Resolves the promise for everybody who waits. */
  notify(): void {
    this.resolve?.()
    this.promise = undefined
    this.resolve = undefined
  }
}
