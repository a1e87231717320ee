import type { CtStreamError } from '../errors.js'
import type { FencedProducer } from './fenced-producer.js'

/**
 * The producer of one writer, which opens another after each failure. Closing it also ends one that is being opened: its connections would keep
 * the process from ending.
 */
export class ProducerSlot {
  private readonly make: () => FencedProducer
  private readonly closedError: () => CtStreamError
  /** The one that writes, and those being opened. */
  private readonly open = new Set<FencedProducer>()
  private ready: FencedProducer | undefined
  private isClosed = false

  /** @param closedError - What {@link ProducerSlot.renew} throws once it is closed. */
  constructor(make: () => FencedProducer, closedError: () => CtStreamError) {
    this.make = make
    this.closedError = closedError
  }

  /** The one that writes; `undefined` where none is ready. */
  get current(): FencedProducer | undefined {
    return this.ready
  }

  /** Opens another one, which is the current one when `prepare` has resolved. */
  async renew<T>(prepare: (producer: FencedProducer) => Promise<T>): Promise<T> {
    if (this.isClosed) throw this.closedError()
    const producer = this.make()
    this.open.add(producer)
    try {
      const prepared = await prepare(producer)
      if (this.isClosed) throw this.closedError()
      this.ready = producer
      return prepared
    } catch (error) {
      this.open.delete(producer)
      await producer.close()
      throw this.isClosed ? this.closedError() : error
    }
  }

  /** Closes the current one. */
  async drop(): Promise<void> {
    const { ready } = this
    this.ready = undefined
    if (ready === undefined) return
    this.open.delete(ready)
    await ready.close()
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.ready = undefined
    await Promise.all([...this.open].map((producer) => producer.close()))
    this.open.clear()
  }
}
