import { expect } from 'vitest'
import { contextOfSource } from '../../src/decode/index.js'
import { decodeMessage, type MessageHeaders } from '../../src/sinks/index.js'

/** The indexes of messages with `body: 'leaf'`, by log id, in their order; each must be whole: its body hashes to its `ct-leaf`. */
export function wholeIndexes(messages: Iterable<{ headers: MessageHeaders; body: Uint8Array }>): Map<string, number[]> {
  const content = new Map<string, number[]>()
  for (const { headers, body } of messages) {
    const decoded = decodeMessage(headers, body, () => contextOfSource('test'))
    if (decoded.body !== 'leaf') throw new Error(`no whole message: ${JSON.stringify(decoded)}`)
    expect(decoded.certificate.index).toBe(decoded.index)
    content.set(decoded.logId, [...(content.get(decoded.logId) ?? []), decoded.index])
  }
  return content
}

/** 0, 1, … up to `count`. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
