import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatIpAddress, parseIpAddress } from '../../../src/x509/ip-address.js'

describe('IP addresses', () => {
  it.each([
    // RFC 5952 sections 4 and 5
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:DB8::', '2001:db8::'],
    ['::', '::'],
    ['::1', '::1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::FFFF:c000:201', '::ffff:192.0.2.1'],
    ['192.0.2.255', '192.0.2.255'],
  ])('%s is %s', (text, expected) => {
    expect(formatIpAddress(parseIpAddress(text) ?? [])).toBe(expected)
  })

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4 ',
    'a.b.c.d',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    'g::',
    '1:2:3:4:5:6:7::8',
    'example.com',
  ])('%j is none', (text) => {
    expect(parseIpAddress(text)).toBeUndefined()
  })

  it('IPv6 is written as the URL parser writes it, mapped addresses apart', () => {
    const group = fc.oneof(fc.constant(0), fc.nat(0xffff))
    const property = fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const octets = groups.flatMap((value) => [Math.floor(value / 256), value % 256])
      const text = groups.map((value) => value.toString(16)).join(':')
      expect(parseIpAddress(text)).toEqual(octets)
      const ours = formatIpAddress(octets) ?? ''
      if (!ours.startsWith('::ffff:')) expect(`[${ours}]`).toBe(new URL(`http://[${text}]/`).hostname)
      expect(parseIpAddress(ours)).toEqual(octets)
    })
    fc.assert(property)
  })

  it('other lengths are no addresses', () => {
    for (const length of [0, 3, 5, 8, 15, 17, 32]) expect(formatIpAddress(new Uint8Array(length))).toBeUndefined()
  })
})
