import { describe, expect, it } from 'vitest'
import { concatBytes, copyBytes, copyInto, fromBase64, toBase64 } from '../../../src/util/bytes.js'

// Node makes small Buffers of one pool, 8 KiB up to Node 22 and 64 KiB from 24 on: whoever keeps one keeps all of the pool.
describe('bytes that may be kept', () => {
  it.each([
    ['copied', () => copyBytes(Uint8Array.of(1, 2, 3))],
    ['joined', () => concatBytes([Uint8Array.of(1), Uint8Array.of(2, 3)])],
    ['decoded from base64', () => fromBase64('AQID')],
  ])('have memory of their own, exactly as long: %s', (_name, make) => {
    // The first ones may find the pool empty.
    for (let i = 0; i < 3; i++) {
      const bytes = make()
      expect(bytes).toEqual(Uint8Array.of(1, 2, 3))
      expect(bytes?.constructor).toBe(Uint8Array)
      expect(bytes?.buffer.byteLength).toBe(3)
    }
  })
})

describe('bytes that threads share', () => {
  const shared = (length: number) => Buffer.from(new SharedArrayBuffer(length))

  it.each([
    ['from and to memory of one thread', Buffer.alloc, Buffer.alloc],
    ['to shared memory', Buffer.alloc, shared],
    ['from shared memory', shared, Buffer.alloc],
    ['from and to shared memory', shared, shared],
  ])('are copied to their place, and nowhere else: %s', (_name, makeSource, makeMemory) => {
    for (const length of [0, 1, 255, 4096]) {
      const source = makeSource(length + 2)
      for (let i = 0; i < source.length; i++) source[i] = (i * 7) % 251
      const memory = makeMemory(length + 3).fill(0xee)
      copyInto(memory, 2, source.subarray(1, length + 1))
      expect([...memory]).toEqual([0xee, 0xee, ...source.subarray(1, length + 1), 0xee])
    }
  })

  it('are joined in memory of their own', () => {
    const whole = concatBytes([shared(2).fill(1), shared(0), shared(1).fill(2)])
    expect(whole).toEqual(Uint8Array.of(1, 1, 2))
    expect(whole.buffer).toBeInstanceOf(ArrayBuffer)
  })
})

describe('base64', () => {
  it('reads integers of any length as they were written', () => {
    for (let length = 0; length < 100; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length) % 256)
      expect(fromBase64(toBase64(bytes))).toEqual(bytes)
    }
  })

  it.each([
    'A',
    'AA',
    'AAA',
    'AAAAA',
    'AA==AAAA',
    'A===',
    '====',
    'AAAA====',
    'AB==',
    'AAB=',
    'A-_A',
    'A\nAA',
    'AĀAA',
    'A=A=',
  ])('refuses %j', (text) => {
    expect(fromBase64(text)).toBeUndefined()
  })
})
