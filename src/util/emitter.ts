import { EventEmitter } from 'node:events'

/**
 * A typed event emitter. Unlike Node's, it does not throw an `error` that has no listener, since a log's trouble is never fatal;
 * and what a listener throws does not reach the emitting code, but becomes an uncaught exception.
 */
export class Emitter<Events extends object> {
  private readonly emitter = new EventEmitter({ captureRejections: false })

  /** Calls the listener at every event of that name; listeners are called in the order in which they were added. */
  on<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): this {
    this.emitter.on(event, listener)
    return this
  }

  /** Calls the listener at the next event of that name, and no more. */
  once<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): this {
    this.emitter.once(event, listener)
    return this
  }

  /** Removes a listener; does nothing when it was not added. */
  off<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): this {
    this.emitter.off(event, listener)
    return this
  }

  /** {@link off} by its older name, which Node's `events.on()` and `events.once()` call. */
  removeListener<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): this {
    return this.off(event, listener)
  }

  protected emit<K extends keyof Events & string>(event: K, payload: Events[K]): void {
    if (this.emitter.listenerCount(event) === 0) return
    // One by one, as the first that throws would keep it from all behind it. A raw listener of `once()` removes itself.
    for (const listener of this.emitter.rawListeners(event)) {
      try {
        Reflect.apply(listener, this.emitter, [payload])
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
