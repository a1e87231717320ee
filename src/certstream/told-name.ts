import type { Name } from '../types/name.js'
import { concatBytes } from '../util/bytes.js'
import { Tag } from '../x509/der.js'
import { encodeLength } from '../x509/issuance-tbs.js'
import { decodeName } from '../x509/name.js'
import { encodeOid } from '../x509/oid.js'
import { recordOf, textOf } from './json-values.js'

const UTF8_STRING = 0x0c

/** The keys of a subject or issuer in a message, in the order in which most CAs write them. */
const attributeOids: readonly (readonly [keys: readonly string[], oid: Uint8Array])[] = (
  [
    [['C'], '2.5.4.6'],
    [['ST'], '2.5.4.8'],
    [['L'], '2.5.4.7'],
    [['O'], '2.5.4.10'],
    [['OU'], '2.5.4.11'],
    [['CN'], '2.5.4.3'],
    [['emailAddress', 'email_address'], '1.2.840.113549.1.9.1'],
  ] as const
).map(([keys, oid]) => [keys, encodeOid(oid)])

/**
 * A name as a message tells it: `{ C, CN, L, O, OU, ST, emailAddress }`. Several values of a type, which servers join by commas, stay one
 * value: many a company has a comma in its name. It is put into DER, so that it is decoded, matched and shown as all names are; the order
 * of the attributes, and with it `raw`, is not that of the certificate.
 */
export function toldName(value: unknown): Name {
  const told = recordOf(value)
  const rdns = attributeOids.flatMap(([keys, oid]) => {
    const text = keys.map((key) => textOf(told[key])).find((one) => one !== undefined)
    if (text === undefined) return []
    const attribute = element(Tag.sequence, [
      element(Tag.oid, [oid]),
      element(UTF8_STRING, [Buffer.from(text, 'utf8')]),
    ])
    return [element(Tag.set, [attribute])]
  })
  const raw = element(Tag.sequence, rdns)
  return decodeName(raw, 0, raw.length)
}

function element(tag: number, content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, { length }) => sum + length, 0)
  return concatBytes([Uint8Array.of(tag), encodeLength(length), ...content])
}
