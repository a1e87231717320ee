import { EventEmitter } from 'node:events'

/**
 * A typed event emitter. Unlike Node's, `error` without a listener is not thrown: a log's trouble is never fatal; and a
 * listener that throws does not break the one who emits, its error is rethrown on its own.
 */
export class Emitter<Events extends object> {
  private readonly emitter = new EventEmitter({ captureRejections: false })

  /** Calls the listener at every event of that name, in the order in which they were added. */
  on<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): this {
    this.emitter.on(event, listener)
    return this
  }

  /** Calls the listener at the next event of that name, and no more. */
  once<K extends keyof Events & string>(event: K, listener: (payload: Events[K]) => void): this {
    this.emitter.once(event, listener)
    return this
  }

  /** Takes a listener away; nothing happens where it is none. */
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
    try {
      this.emitter.emit(event, payload)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
