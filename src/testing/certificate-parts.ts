import { hash } from 'node:crypto'
import {
  bitString,
  boolean,
  context,
  contextPrimitive,
  generalizedTime,
  ia5,
  nul,
  octetString,
  oid,
  printable,
  sequence,
  set,
  utcTime,
  utf8,
} from './der-writer.js'

/** `AlgorithmIdentifier` of ecdsa-with-SHA256. */
export const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

export const VERSION_3 = context(0, Buffer.of(0x02, 0x01, 0x02))

const ATTRIBUTES = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  businessCategory: '2.5.4.15',
  jurisdictionC: '1.3.6.1.4.1.311.60.2.1.3',
  emailAddress: '1.2.840.113549.1.9.1',
} as const

/** Attribute types and values of a distinguished name, in order. */
export type NameAttributes = readonly (readonly [keyof typeof ATTRIBUTES, string])[]

/** A `Name` (RFC 5280 section 4.1.2.4), one attribute a set; the types that must be PrintableString or IA5String are. */
export function distinguishedName(attributes: NameAttributes): Buffer {
  return sequence(
    ...attributes.map(([type, value]) => set(sequence(oid(ATTRIBUTES[type]), attributeValue(type, value)))),
  )
}

function attributeValue(type: keyof typeof ATTRIBUTES, value: string): Buffer {
  if (type === 'emailAddress') return ia5(value)
  return type === 'C' || type === 'jurisdictionC' || type === 'serialNumber' ? printable(value) : utf8(value)
}

/** `YYMMDDHHMMSSZ`: 13 characters, for years 1950 to 2049. */
export const utcTimeText = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`

export const validity = (notBefore: string, notAfter: string): Buffer => sequence(utcTime(notBefore), utcTime(notAfter))

/** `Time` (RFC 5280 section 4.1.2.5): UTCTime for 1950 to 2049, GeneralizedTime for any other year from 0 to 9999. */
export function time(epochMs: number): Buffer {
  const year = new Date(epochMs).getUTCFullYear()
  if (year >= 1950 && year < 2050) return utcTime(utcTimeText(epochMs))
  return generalizedTime(`${new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`)
}

/** `Extension` (RFC 5280 section 4.1): `critical` is omitted when false, as DER requires for a default value. */
export const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value))

export const extensions = (list: readonly Uint8Array[]): Buffer => context(3, sequence(...list))

/** SHA-1 of the public key bits (RFC 5280 section 4.2.1.2), as most CAs write it. RFC 7093 has better methods. */
export const keyIdentifier = (publicKeyBits: Uint8Array): Buffer => hash('sha1', publicKeyBits, 'buffer')

export const subjectKeyIdentifier = (id: Uint8Array): Buffer => extension('2.5.29.14', false, octetString(id))
export const authorityKeyIdentifier = (id: Uint8Array): Buffer =>
  extension('2.5.29.35', false, sequence(contextPrimitive(0, id)))

/** digitalSignature 0, keyEncipherment 2, keyCertSign 5, cRLSign 6 (RFC 5280 section 4.2.1.3). */
export function keyUsage(...bits: readonly number[]): Buffer {
  const highest = Math.max(...bits)
  const byte = bits.reduce((sum, bit) => sum + 2 ** (7 - bit), 0)
  return extension('2.5.29.15', true, bitString(Buffer.of(byte), 7 - highest))
}

export const extendedKeyUsage = (...ids: readonly string[]): Buffer =>
  extension('2.5.29.37', false, sequence(...ids.map(oid)))
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

export const notCa = (): Buffer => extension('2.5.29.19', true, sequence())
export const ca = (pathLength?: number): Buffer =>
  extension(
    '2.5.29.19',
    true,
    sequence(boolean(true), ...(pathLength === undefined ? [] : [Buffer.of(0x02, 0x01, pathLength)])),
  )

export interface Policy {
  readonly id: string
  /** URL of the certification practice statement. */
  readonly cps?: string
}

export const certificatePolicies = (policies: readonly Policy[]): Buffer =>
  extension(
    '2.5.29.32',
    false,
    sequence(
      ...policies.map(({ id, cps }) =>
        cps === undefined
          ? sequence(oid(id))
          : sequence(oid(id), sequence(sequence(oid('1.3.6.1.5.5.7.2.1'), ia5(cps)))),
      ),
    ),
  )
export const authorityInfoAccess = (ocsp: string | undefined, caIssuers: string): Buffer =>
  extension(
    '1.3.6.1.5.5.7.1.1',
    false,
    sequence(
      ...(ocsp === undefined ? [] : [sequence(oid('1.3.6.1.5.5.7.48.1'), uri(ocsp))]),
      sequence(oid('1.3.6.1.5.5.7.48.2'), uri(caIssuers)),
    ),
  )

export const crlDistributionPoints = (...urls: readonly string[]): Buffer =>
  extension('2.5.29.31', false, sequence(...urls.map((url) => sequence(context(0, context(0, uri(url)))))))

export const dnsName = (name: string): Buffer => contextPrimitive(2, Buffer.from(name, 'latin1'))
export const ipAddress = (octets: Uint8Array): Buffer => contextPrimitive(7, octets)
export const emailAddress = (address: string): Buffer => contextPrimitive(1, Buffer.from(address, 'latin1'))
export const uri = (url: string): Buffer => contextPrimitive(6, Buffer.from(url, 'latin1'))

/** Critical exactly when the subject is empty (RFC 5280 section 4.2.1.6). */
export const subjectAltName = (names: readonly Uint8Array[], critical: boolean): Buffer =>
  extension('2.5.29.17', critical, sequence(...names))

/** The critical extension that makes a precertificate unusable (RFC 6962 section 3.1). */
export const poison = (): Buffer => extension('1.3.6.1.4.1.11129.2.4.3', true, nul())

/** `SignedCertificateTimestampList` (RFC 6962 section 3.3): u16 length, then u16-prefixed SCTs, in an OCTET STRING. */
export function sctList(scts: readonly Uint8Array[]): Buffer {
  const items = Buffer.concat(scts.flatMap((sct) => [u16(sct.length), sct]))
  return extension('1.3.6.1.4.1.11129.2.4.2', false, octetString(u16(items.length), items))
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
