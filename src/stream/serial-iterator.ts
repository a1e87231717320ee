import type { CertificateIterator } from '../types/stream.js'

/** What an iterator needs of its reader. */
export interface SerialReader<T> {
  /** Called with the first `next()`; throws while another reader is active. */
  begin(): void
  /** The next value without waiting, if there is one. Nearly every entry takes this path, which costs one resolved promise. */
  atHand(): T | undefined
  /** The next value, or the end. */
  next(): Promise<IteratorResult<T>>
  /** Whether no value is available without waiting. */
  isClosed(): boolean
  close(): Promise<void>
  /** Ends the stream because of an error of its reader. */
  fail(error: unknown): Promise<never>
}

/** An iterator that serves calls one after another, also when the caller does not await them. */
export function serialIterator<T>(reader: SerialReader<T>): CertificateIterator<T> {
  // Takes the stream only with the first read: a dropped iterator does not block others.
  let isBegun = false
  let isDropped = false
  let turn: Promise<unknown> | undefined
  const drop = async (): Promise<void> => {
    // An iterator that never began closes nothing, because another reader may have the stream.
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
          // The caller's filter may throw, which ends the stream like any error.
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
