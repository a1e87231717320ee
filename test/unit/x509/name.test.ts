import { describe, expect, it } from 'vitest'
import { decodeName } from '../../../src/x509/name.js'
import { attribute, commonName, fromHex, name, oid, sequence, tlv, utf8 } from './build.js'

const decode = (der: Uint8Array) => decodeName(der, 0, der.length)
const text = (...rdns: Uint8Array[]) => decode(name(...rdns)).toString()
const dc = (label: string) => attribute('0.9.2342.19200300.100.1.25', tlv(0x16, label))
const ou = (value: string) => attribute('2.5.4.11', utf8(value))

describe('a distinguished name', () => {
  it('is written as in the examples of RFC 4514 section 4', () => {
    const uid = attribute('0.9.2342.19200300.100.1.1', utf8('jsmith'))
    expect(text(dc('net'), dc('example'), uid)).toBe('UID=jsmith,DC=example,DC=net')
    const pair = tlv(0x31, sequence(oid('2.5.4.11'), utf8('Sales')), sequence(oid('2.5.4.3'), utf8('J.  Smith')))
    expect(text(dc('net'), dc('example'), pair)).toBe('OU=Sales+CN=J.  Smith,DC=example,DC=net')
    expect(text(dc('net'), dc('example'), commonName('James "Jim" Smith, III'))).toBe(
      'CN=James \\"Jim\\" Smith\\, III,DC=example,DC=net',
    )
    expect(text(attribute('1.3.6.1.4.1.1466.0', tlv(0x04, 'Hi')))).toBe('1.3.6.1.4.1.1466.0=#04024869')
    expect(text(commonName('Lučić'))).toBe('CN=Lučić')
  })

  it.each([
    [' lead', 'CN=\\ lead'],
    ['#lead', 'CN=\\#lead'],
    ['trail ', 'CN=trail\\ '],
    [' ', 'CN=\\ '],
    ['  ', 'CN=\\ \\ '],
    ['a\0b', 'CN=a\\00b'],
    ['a+b;c<d>e\\f', 'CN=a\\+b\\;c\\<d\\>e\\\\f'],
    ['a=b', 'CN=a=b'],
    ['', 'CN='],
  ])('escapes %j', (value, expected) => {
    expect(text(commonName(value))).toBe(expected)
  })

  it('gives the first value of each type, and all of them in order', () => {
    const found = decode(name(ou('first'), ou('second'), attribute('2.5.4.8', utf8('Bavaria'))))
    expect(found.organizationalUnit).toBe('first')
    expect(found.stateOrProvince).toBe('Bavaria')
    expect(found.attributes.map(({ name: type, value, rdn }) => [type, value, rdn])).toEqual([
      ['OU', 'first', 0],
      ['OU', 'second', 1],
      ['ST', 'Bavaria', 2],
    ])
    expect(found.country).toBeUndefined()
    expect(found.raw).toEqual(name(ou('first'), ou('second'), attribute('2.5.4.8', utf8('Bavaria'))))
  })

  it('of an empty sequence, or with an empty RDN, is no trouble', () => {
    expect(text()).toBe('')
    expect(text(tlv(0x31), commonName('a'))).toBe('CN=a')
  })

  it('that is no Name yields no attributes', () => {
    expect(decode(fromHex('0500')).attributes).toEqual([])
    expect(decode(new Uint8Array(0)).toString()).toBe('')
  })

  it('is a record in JSON', () => {
    expect(JSON.parse(JSON.stringify(decode(name(ou('x')))))).toEqual({
      text: 'OU=x',
      commonName: null,
      organization: null,
      organizationalUnit: 'x',
      country: null,
      stateOrProvince: null,
      locality: null,
      emailAddress: null,
      attributes: [{ oid: '2.5.4.11', name: 'OU', value: 'x' }],
    })
  })
})
