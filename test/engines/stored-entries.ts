import { expect } from 'vitest'
import { contextOfSource } from '../../src/decode/index.js'
import { decodeMessage, type MessageHeaders } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { toHex } from '../../src/util/bytes.js'
import { upTo } from '../support/whole-messages.js'

/** An entry as an engine has it. */
export interface StoredEntry {
  readonly logId: string
  readonly index: number
  /** Of the lease it was written under; `undefined` where the engine does not say so. */
  readonly epoch?: number
  /** Hex. */
  readonly leafHash: string
}

interface StoredMessage {
  readonly headers: MessageHeaders
  readonly body: Uint8Array
}

/** Refuses a message whose body does not hash to its `ct-leaf`. */
export function wholeEntry({ headers, body }: StoredMessage): StoredEntry {
  const message = decodeMessage(headers, body, () => contextOfSource('test'))
  if (message.body !== 'leaf') throw new Error(`not a whole entry: ${JSON.stringify(message)}`)
  const { logId, index, epoch, certificate } = message
  return { logId, index, epoch, leafHash: toHex(certificate.leafHash) }
}

/** By its key, `<log id>:<index>`. */
export function documentEntry(key: string, leafHash: string): StoredEntry {
  const [logId = '', index] = key.split(':')
  return { logId, index: Number(index), leafHash }
}

/** What an engine should have of a log. */
export type Order = (found: readonly StoredEntry[], log: TestLog) => void

/** Each entry once, in order; and what an owner wrote is before what the next one wrote. */
export const onceInOrder: Order = (found, { size }) => {
  expect(found.map(({ index }) => index)).toEqual(upTo(size))
  const epochs = found.map(({ epoch = 0 }) => epoch)
  expect(epochs).toEqual([...epochs].sort((a, b) => a - b))
}

/** Each entry once: documents have no order. */
export const once: Order = (found, { size }) => {
  expect(found.map(({ index }) => index).sort((a, b) => a - b)).toEqual(upTo(size))
}

/** Repeated by whom begins again, and by nobody else; a reader that drops what it has had has everything, in order. */
export const inOrder: Order = (found, { size }) => {
  let next = 0
  const last = new Map<number, number>()
  for (const { index, epoch = 0 } of found) {
    expect(index).toBeLessThanOrEqual(next)
    const before = last.get(epoch)
    // An owner goes on, or goes back to a stored position.
    if (before !== undefined) expect(index).toBeLessThanOrEqual(before + 1)
    last.set(epoch, index)
    next = Math.max(next, index + 1)
  }
  expect(next).toBe(size)
}

/** There is nothing but the entries of these logs, each as its log has it. */
export function expectEntries(found: readonly StoredEntry[], logs: readonly TestLog[], order: Order): void {
  for (const log of logs) {
    const mine = found.filter(({ logId }) => logId === log.logId)
    for (const { index, leafHash } of mine)
      if (leafHash !== toHex(log.leafHash(index))) throw new Error(`entry ${index} is another than that of the log`)
    order(mine, log)
  }
  expect(new Set(found.map(({ logId }) => logId))).toEqual(new Set(logs.map(({ logId }) => logId)))
}
