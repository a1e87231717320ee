import { CtStreamError } from '../errors.js'
import type { GeneralName } from '../types/name.js'
import { toHex } from '../util/bytes.js'
import { DerReader } from './der.js'
import { formatIpAddress } from './ip-address.js'
import { decodeName } from './name.js'
import { ignore, type Note } from './note.js'
import { decodeOid } from './oid.js'
import { decodeString, lenientAscii } from './strings.js'

/** Context tags of `GeneralName`, RFC 5280 section 4.2.1.6; those of constructed alternatives with their bit set. */
export const NameTag = {
  otherName: 0xa0,
  rfc822Name: 0x81,
  dNSName: 0x82,
  x400Address: 0xa3,
  directoryName: 0xa4,
  ediPartyName: 0xa5,
  uniformResourceIdentifier: 0x86,
  iPAddress: 0x87,
  registeredID: 0x88,
} as const

const nameTags = new Set<number>(Object.values(NameTag))

/** Whether an element with this tag is a `GeneralName`. */
export function isNameTag(tag: number): boolean {
  return nameTags.has(tag)
}

const structured = new Set<number>([NameTag.otherName, NameTag.directoryName, NameTag.registeredID])

/**
 * Decodes one `GeneralName`, the reader's current element. Notes a malformed name, and returns it as hexadecimal.
 *
 * @param opensStructures - `false` to leave structured names, the only ones that can be malformed, undecoded.
 * @returns `raw` is a view of the reader's bytes.
 */
export function decodeGeneralName(reader: DerReader, note: Note = ignore, opensStructures = true): GeneralName {
  const raw = reader.content()
  if (!opensStructures && structured.has(reader.tag)) return { kind: 'unknown', value: toHex(raw), raw }
  try {
    return decode(reader, raw, note)
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    note('der-malformed', error.message)
    return { kind: 'unknown', value: toHex(raw), raw }
  }
}

function decode(reader: DerReader, raw: Uint8Array, note: Note): GeneralName {
  switch (reader.tag) {
    case NameTag.dNSName:
      return { kind: 'dNSName', value: lenientAscii(raw, note), raw }
    case NameTag.rfc822Name:
      return { kind: 'rfc822Name', value: lenientAscii(raw, note), raw }
    case NameTag.uniformResourceIdentifier:
      return { kind: 'uniformResourceIdentifier', value: lenientAscii(raw, note), raw }
    case NameTag.iPAddress:
      return { kind: 'iPAddress', value: formatIpAddress(raw) ?? toHex(raw), raw }
    case NameTag.directoryName: {
      // directoryName [4] Name: the tag of a CHOICE is explicit.
      const name = decodeName(reader.bytes, reader.start, reader.stop, note)
      return { kind: 'directoryName', value: name.toString(), raw, name }
    }
    case NameTag.registeredID:
      return { kind: 'registeredID', value: decodeOid(reader.bytes, reader.start, reader.stop), raw }
    case NameTag.otherName:
      return otherName(reader, raw, note)
    case NameTag.x400Address:
      return { kind: 'x400Address', value: toHex(raw), raw }
    case NameTag.ediPartyName:
      return { kind: 'ediPartyName', value: toHex(raw), raw }
    default:
      note('der-malformed', `the element at byte ${reader.head} is no GeneralName`)
      return { kind: 'unknown', value: toHex(raw), raw }
  }
}

function otherName(reader: DerReader, raw: Uint8Array, note: Note): GeneralName {
  // OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY DEFINED BY type-id }
  const inner = new DerReader(reader.bytes, reader.start, reader.stop)
  inner.expect(0x06, 'type-id')
  const typeId = decodeOid(inner.bytes, inner.start, inner.stop)
  inner.expect(0xa0, 'value')
  inner.enter()
  if (!inner.next()) inner.fail('holds no value')
  const value = decodeString(inner.tag, inner.content(), note) ?? toHex(inner.element())
  return { kind: 'otherName', value, raw, typeId }
}
