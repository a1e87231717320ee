import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { DerReader } from '../../../src/x509/der.js'
import { checkNesting } from '../../../src/x509/nesting.js'
import { bytes, fromHex, longTlv, sequence, tlv } from './build.js'

const first = (hex: string) => {
  const reader = new DerReader(fromHex(hex))
  reader.next()
  return reader
}
const fails = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    if (CtStreamError.is(error) && error.code === 'CT_DER_MALFORMED') return error.message
    throw error
  }
  return 'did not fail'
}

describe('a DER reader', () => {
  it('reads short and long lengths', () => {
    expect(first('0401ff')).toMatchObject({ tag: 4, head: 0, start: 2, stop: 3, nonMinimalAt: -1 })
    expect(first(`048180${'00'.repeat(128)}`)).toMatchObject({ start: 3, stop: 131, nonMinimalAt: -1 })
    expect(first(`04820100${'00'.repeat(256)}`)).toMatchObject({ start: 4, stop: 260, nonMinimalAt: -1 })
  })

  it('reads long tags', () => {
    expect(first('9f8101 00').tag).toBe(129 * 256 + 0x9f)
    expect(fails(() => first('9fffffffffff00'))).toMatch(/endless tag/)
    expect(fails(() => first('9f81'))).toMatch(/endless tag/)
  })

  it('accepts and notes lengths in more octets than needed', () => {
    expect(first('0481 01ff')).toMatchObject({ start: 3, stop: 4, nonMinimalAt: 0 })
    const reader = new DerReader(bytes(tlv(4, 'x'), longTlv(4, 100, 'y')))
    reader.next()
    expect(reader.nonMinimalAt).toBe(-1)
    reader.next()
    expect(reader.nonMinimalAt).toBe(3)
    expect(reader.content()).toEqual(bytes('y'))
  })

  it.each([
    ['04', /ends before its length/],
    ['0482', /ends inside its length/],
    ['048201', /ends inside its length/],
    ['0480', /indefinite length/],
    ['04840fffffff', /passes the end/],
    ['048480000000', /2\^31/],
    ['0405ff', /passes the end of its container by 4/],
  ])('refuses %s', (hex, message) => {
    expect(fails(() => first(hex))).toMatch(message)
  })

  it('goes in and out', () => {
    const reader = new DerReader(bytes(sequence(tlv(2, '\x01'), tlv(4, 'a')), tlv(5)))
    reader.expect(0x30, 'outer')
    const outer = reader.enter()
    reader.expect(0x02, 'number')
    reader.leave(outer)
    reader.expect(0x05, 'null')
    expect(reader.next()).toBe(false)
    expect(fails(() => reader.expect(0x05, 'more'))).toMatch(/more is missing/)
  })

  it('does not let an element of a container pass its end', () => {
    const reader = new DerReader(fromHex('3003 0402ff 0400'))
    reader.next()
    reader.enter()
    expect(fails(() => reader.next())).toMatch(/passes the end/)
  })

  it('ends on any bytes, forward only', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
      const reader = new DerReader(input)
      let last = -1
      try {
        while (reader.next()) {
          expect(reader.head).toBeGreaterThan(last)
          expect(reader.stop).toBeLessThanOrEqual(input.length)
          last = reader.head
          if (reader.start < reader.stop && (reader.tag & 0x20) !== 0) reader.enter()
        }
      } catch (error) {
        expect(CtStreamError.is(error)).toBe(true)
      }
    })
    fc.assert(property, { numRuns: 500 })
  })
})

describe('nesting', () => {
  it('is refused beyond 64 levels, without recursion', () => {
    const nested = (depth: number) => {
      let der = tlv(5)
      for (let i = 0; i < depth; i++) der = sequence(der)
      return der
    }
    expect(() => checkNesting(nested(64))).not.toThrow()
    expect(fails(() => checkNesting(nested(65)))).toMatch(/more than 64 levels/)
    expect(fails(() => checkNesting(nested(3000)))).toMatch(/more than 64 levels/)
  })
})
