interface Closable {
  close(): void | Promise<void>
}

/**
 * Has one connection at a time, and opens another one after a failure. Closing it also ends one that is being opened: it would keep the process
 * from ending, and nobody would use it.
 */
export class Slot<T extends Closable> {
  private readonly open: () => T | Promise<T>
  private readonly closedError: () => Error
  /** The current one, and those being prepared. */
  private readonly opened = new Set<T>()
  private ready: T | undefined
  private isClosed = false

  /** @param closedError - What {@link Slot.renew} throws once the slot is closed. */
  constructor(open: () => T | Promise<T>, closedError: () => Error) {
    this.open = open
    this.closedError = closedError
  }

  /** `undefined` before the first one, after a failure, and when the slot is closed. */
  get current(): T | undefined {
    return this.ready
  }

  /** The current one. @throws as {@link Slot.renew} where there is none. */
  get(): T {
    if (this.ready === undefined) throw this.closedError()
    return this.ready
  }

  /**
   * Closes the current one and opens another, which is the current one when `prepare` has resolved.
   *
   * @returns What `prepare` returned.
   */
  async renew<R>(prepare: (opened: T) => Promise<R>): Promise<R> {
    if (this.isClosed) throw this.closedError()
    await this.drop()
    const opened = await this.open()
    this.opened.add(opened)
    try {
      if (this.isClosed) throw this.closedError()
      const prepared = await prepare(opened)
      if (this.isClosed) throw this.closedError()
      this.ready = opened
      return prepared
    } catch (error) {
      this.opened.delete(opened)
      await opened.close()
      throw this.isClosed ? this.closedError() : error
    }
  }

  /** Closes the current one. */
  async drop(): Promise<void> {
    const { ready } = this
    this.ready = undefined
    if (ready === undefined) return
    this.opened.delete(ready)
    await ready.close()
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.ready = undefined
    await Promise.all([...this.opened].map((each) => each.close()))
    this.opened.clear()
  }
}
