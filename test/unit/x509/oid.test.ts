import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeOid, encodeOid } from '../../../src/x509/oid.js'
import { fromHex } from './build.js'

const decode = (hex: string) => decodeOid(fromHex(hex), 0, fromHex(hex).length)

describe('object identifiers', () => {
  it.each([
    // X.690 section 8.19.5
    ['883703', '2.999.3'],
    ['2a864886f70d010101', '1.2.840.113549.1.1.1'],
    ['00', '0.0'],
    ['27', '0.39'],
    ['28', '1.0'],
    ['50', '2.0'],
    // a UUID under 2.25
    ['6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776', '2.25.329800735698586629295641978511506172918'],
  ])('%s is %s', (hex, text) => {
    expect(decode(hex)).toBe(text)
  })

  it.each([
    ['', /empty/],
    ['2a86', /ends inside an arc/],
    // X.690 section 8.19.2: the leading octet of a subidentifier is not 0x80.
    ['2a8001', /padded arc/],
    ['80', /padded arc/],
    [`2a${'ff'.repeat(40)}01`, /absurd size/],
    ['2a'.repeat(2000), /absurd length/],
  ])('refuses %s', (hex, message) => {
    expect(() => decode(hex)).toThrow(message)
  })

  it('round trips', () => {
    const arcs = fc.tuple(fc.nat(2), fc.nat(39), fc.array(fc.nat(), { maxLength: 10 }))
    fc.assert(
      fc.property(arcs, ([x, y, rest]) => {
        const text = [x, y, ...rest].join('.')
        const octets = encodeOid(text)
        expect(decodeOid(octets, 0, octets.length)).toBe(text)
      }),
    )
  })
})
