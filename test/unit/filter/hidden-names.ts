import { contextPrimitive, ia5, octetString, oid, sequence, set, tlv, utf8 } from '../../../src/testing/der-writer.js'
import type { LeafParts } from './made-leaf.js'

const HOST = 'example.com'
const host = Buffer.from(HOST)
const dnsName = contextPrimitive(2, host)
const san = sequence(oid('2.5.29.17'), octetString(sequence(dnsName)))
const indefinite = (tag: number, ...content: Uint8Array[]) =>
  Buffer.concat([Buffer.of(tag, 0x80), ...content, Buffer.of(0, 0)])
/** An element whose length has four octets. */
const longForm = (tag: number, content: Uint8Array) =>
  Buffer.concat([Buffer.of(tag, 0x84, 0, 0, content.length >> 8, content.length & 0xff), content])
const noSan = sequence(sequence(oid('1.2.3'), octetString(tlv(5))))
/** The same element, its tag number in an octet of its own. */
const withHighTag = (element: Uint8Array) => {
  const tag = element[0] as number
  return Buffer.concat([Buffer.of(tag | 0x1f, tag & 0x1f), element.subarray(1)])
}
const segments = tlv(0xa2, ia5('exam'), ia5('ple.com'))
const issuerName = longForm(0x30, set(sequence(oid('2.5.4.3'), utf8('CA'))))

/** BER that OpenSSL reads as `example.com`, and this library does not. */
export const hiddenNames: readonly (readonly [encoding: string, parts: LeafParts])[] = [
  ['GeneralNames of indefinite length', { sanValue: indefinite(0x30, dnsName) }],
  ['a dNSName of indefinite length', { sanValue: sequence(indefinite(0xa2, ia5(HOST))) }],
  ['a dNSName in one segment', { sanValue: sequence(tlv(0xa2, ia5(HOST))) }],
  ['a dNSName in two segments', { sanValue: sequence(segments) }],
  [
    'a dNSName in segments after another name',
    { sanValue: sequence(contextPrimitive(2, Buffer.from('a.b')), segments) },
  ],
  ['a dNSName with a tag of two octets', { sanValue: sequence(withHighTag(dnsName)) }],
  [
    'an extnValue in segments',
    { extensions: sequence(sequence(oid('2.5.29.17'), tlv(0x24, octetString(sequence(dnsName))))) },
  ],
  ['extensions of indefinite length', { extensions: indefinite(0x30, san) }],
  [
    'an extension after 10,000 others',
    { extensions: sequence(...Array(10_000).fill(sequence(oid('1.2.3'), octetString(tlv(5)))), san) },
  ],
  ['a common name in one segment', { commonNames: [tlv(0x2c, utf8(HOST))], extensions: noSan }],
  [
    'a common name in two segments',
    {
      commonNames: [tlv(0x2c, tlv(4, Buffer.from('exam')), tlv(4, Buffer.from('ple.com')))],
      extensions: noSan,
    },
  ],
  [
    'an extnID with a tag of two octets',
    { extensions: sequence(sequence(withHighTag(oid('2.5.29.17')), octetString(sequence(dnsName)))) },
  ],
  ['extensions with a tag of two octets', { extensionsElement: withHighTag(tlv(0xa3, sequence(san))) }],
  [
    'a common name in a set of indefinite length',
    { subject: sequence(indefinite(0x31, sequence(oid('2.5.4.3'), utf8(HOST)))), extensions: noSan },
  ],
  [
    'GeneralNames of indefinite length behind an issuer with a long length',
    { issuerName, sanValue: indefinite(0x30, dnsName) },
  ],
  ['a dNSName in segments behind an issuer with a long length', { issuerName, sanValue: sequence(segments) }],
]

/** What deviates as well, and can be read: nothing is hidden in it. */
export const oddButRead: readonly (readonly [encoding: string, parts: LeafParts])[] = [
  ['an issuer with a long length', { issuerName, names: ['a.b'] }],
  [
    'names of all other kinds',
    {
      sanValue: sequence(
        contextPrimitive(1, Buffer.from('a@b')),
        contextPrimitive(6, Buffer.from('x:y')),
        contextPrimitive(7, Buffer.alloc(4)),
        contextPrimitive(8, Buffer.of(0x2a)),
        tlv(0xa4, sequence()),
      ),
    },
  ],
  ['a common name without octets', { commonNames: [tlv(5)], names: ['a.b'] }],
]
