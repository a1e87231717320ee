import type { CertificateIterator } from '../types/stream.js'

/** One reader of a stream, as its iterator needs it. */
export interface SerialReader<T> {
  /** Called with the first `next()`; throws where another one reads. */
  begin(): void
  /** The next value without waiting, if there is one: the path of nearly every entry, one resolved promise. */
  atHand(): T | undefined
  /** The next value, or the end. */
  next(): Promise<IteratorResult<T>>
  /** Whether nothing is at hand any more. */
  isClosed(): boolean
  close(): Promise<void>
  /** Ends the stream for an error of its reader's. */
  fail(error: unknown): Promise<never>
}

/** An iterator whose calls are served one after the other, also when they do not wait for each other. */
export function serialIterator<T>(reader: SerialReader<T>): CertificateIterator<T> {
  // Nothing is taken before the first read: an iterator that is dropped keeps nobody from reading.
  let isBegun = false
  let isDropped = false
  let turn: Promise<unknown> | undefined
  const drop = async (): Promise<void> => {
    // What was never begun has nothing to close; another reader may have the stream.
    if (isBegun) await reader.close()
    isDropped = true
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => {
      if (isDropped) return Promise.resolve({ done: true, value: undefined })
      if (!isBegun) {
        try {
          reader.begin()
          isBegun = true
        } catch (error) {
          return Promise.reject(error)
        }
      }
      if (turn === undefined && !reader.isClosed()) {
        try {
          const value = reader.atHand()
          if (value !== undefined) return Promise.resolve({ done: false, value })
        } catch (error) {
          // A filter of the caller's may throw: that ends the stream, as any error does.
          return reader.fail(error)
        }
      }
      const result = turn === undefined ? reader.next() : turn.then(() => reader.next())
      const settled = result.then(
        () => {},
        () => {},
      )
      turn = settled
      settled.then(() => {
        if (turn === settled) turn = undefined
      })
      return result
    },
    return: async () => {
      await drop()
      return { done: true, value: undefined }
    },
    throw: async (error) => {
      await drop()
      throw error
    },
    [Symbol.asyncDispose]: drop,
  }
}
