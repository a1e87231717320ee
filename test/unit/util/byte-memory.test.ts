import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteMemory } from '../../../src/util/byte-memory.js'

describe('a memory of bytes', () => {
  it('gives what was kept for the same bytes, and for no others', () => {
    const memory = new ByteMemory<string>(2, 200)
    // Few octets, so that keys repeat and share places.
    const key = fc.oneof(
      fc.uint8Array({ max: 1, maxLength: 3 }),
      fc.uint8Array({ max: 1, minLength: 198, maxLength: 202 }),
    )
    let found = 0
    const property = fc.property(key, fc.nat(3), (bytes, before) => {
      const whole = Uint8Array.of(...new Array(before).fill(7), ...bytes, 7)
      const value = memory.find(whole, before, before + bytes.length)
      const text = bytes.join()
      if (value !== undefined) {
        expect(value).toBe(text)
        found++
      }
      memory.keep(text, whole, before, before + bytes.length)
      expect(memory.find(bytes)).toBe(bytes.length <= 200 ? text : undefined)
    })
    fc.assert(property, { numRuns: 2000 })
    expect(found).toBeGreaterThan(20)
  })

  it('tells apart keys that differ in an octet that is no sample', () => {
    const memory = new ByteMemory<string>(0, 1000)
    const key = new Uint8Array(1000)
    memory.keep('zeros', key)
    for (let at = 0; at < key.length; at++) {
      const other = key.slice()
      other[at] = 1
      expect(memory.find(other)).toBeUndefined()
    }
    expect(memory.find(key)).toBe('zeros')
  })

  it('has bytes of its own', () => {
    const memory = new ByteMemory<number>(3, 10)
    const key = Uint8Array.of(1, 2, 3)
    memory.keep(1, key)
    key[0] = 9
    expect(memory.find(Uint8Array.of(1, 2, 3))).toBe(1)
    expect(memory.find(key)).toBeUndefined()
  })
})
