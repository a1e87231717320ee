import { encodeLength } from '../../../src/x509/issuance-tbs.js'
import { encodeOid } from '../../../src/x509/oid.js'

// DER by hand: certificates with exactly one thing wrong.

export type Bytes = Uint8Array | string | readonly (Uint8Array | string)[]

/** Bytes of parts: strings are Latin-1. */
export function bytes(...parts: Bytes[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(parts.flat().map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
  )
}

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** An element with a minimal length. */
export function tlv(tag: number, ...content: Bytes[]): Uint8Array {
  const inner = bytes(...content)
  return bytes(Uint8Array.of(tag), encodeLength(inner.length), inner)
}

/** An element whose length has leading zero octets. */
export function longTlv(tag: number, zeros: number, ...content: Bytes[]): Uint8Array {
  const inner = bytes(...content)
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(inner.length)
  return bytes(Uint8Array.of(tag, 0x80 + 4 + zeros), new Uint8Array(zeros), octets, inner)
}

export const sequence = (...content: Bytes[]) => tlv(0x30, ...content)
export const set = (...content: Bytes[]) => tlv(0x31, ...content)
export const oid = (text: string) => tlv(0x06, encodeOid(text))
export const octets = (...content: Bytes[]) => tlv(0x04, ...content)
export const utf8 = (text: string) => tlv(0x0c, new Uint8Array(Buffer.from(text, 'utf8')))
export const integer = (hex: string) => tlv(0x02, fromHex(hex))
export const bool = (value: boolean) => tlv(0x01, Uint8Array.of(value ? 0xff : 0))
export const bitString = (content: Uint8Array) => tlv(0x03, Uint8Array.of(0), content)

export const attribute = (type: string, value: Uint8Array) => set(sequence(oid(type), value))
export const commonName = (text: string) => attribute('2.5.4.3', utf8(text))
export const name = (...rdns: Uint8Array[]) => sequence(rdns)

export const utcTime = (text: string) => tlv(0x17, text)
export const generalizedTime = (text: string) => tlv(0x18, text)

export const extension = (type: string, value: Uint8Array, critical = false) =>
  sequence(oid(type), critical ? bool(true) : [], octets(value))
export const dnsName = (text: string) => tlv(0x82, text)
export const subjectAltName = (...names: Uint8Array[]) => extension('2.5.29.17', sequence(names))
export const poison = (value = fromHex('0500'), critical = true) =>
  extension('1.3.6.1.4.1.11129.2.4.3', value, critical)
export const sctList = (value: Uint8Array) => extension('1.3.6.1.4.1.11129.2.4.2', octets(value))

export const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
/** The P-256 base point: a key like any other. */
export const p256Key = sequence(
  sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')),
  bitString(
    fromHex(
      '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
        '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
    ),
  ),
)

/** The pieces of a TBSCertificate; each can be replaced by anything. */
export interface TbsParts {
  readonly version?: Uint8Array
  readonly serial?: Uint8Array
  readonly signature?: Uint8Array
  readonly issuer?: Uint8Array
  readonly validity?: Uint8Array
  readonly subject?: Uint8Array
  readonly spki?: Uint8Array
  readonly uniqueIds?: Uint8Array
  readonly extensions?: readonly Uint8Array[] | undefined
  /** Bytes behind the last element, inside the TBSCertificate. */
  readonly trailing?: Uint8Array
}

export function buildTbs(parts: TbsParts = {}): Uint8Array {
  const extensions = 'extensions' in parts ? parts.extensions : [subjectAltName(dnsName('www.example.com'))]
  return sequence(
    parts.version ?? tlv(0xa0, integer('02')),
    parts.serial ?? integer('0123456789abcdef'),
    parts.signature ?? ecdsaWithSha256,
    parts.issuer ?? name(commonName('Test CA')),
    parts.validity ?? sequence(utcTime('250101000000Z'), utcTime('251231235959Z')),
    parts.subject ?? name(commonName('www.example.com')),
    parts.spki ?? p256Key,
    parts.uniqueIds ?? [],
    extensions === undefined ? [] : tlv(0xa3, sequence(extensions)),
    parts.trailing ?? [],
  )
}

/** A certificate with a signature that verifies nowhere. */
export function buildCertificate(parts: TbsParts = {}, outerAlgorithm = ecdsaWithSha256): Uint8Array {
  return sequence(buildTbs(parts), outerAlgorithm, bitString(sequence(integer('01'), integer('01'))))
}
