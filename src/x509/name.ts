import { CtStreamError } from '../errors.js'
import type { NameJson } from '../types/certificate-json.js'
import type { Name, NameAttribute } from '../types/name.js'
import { toHex } from '../util/bytes.js'
import { DerReader, noteNonMinimal, Tag, tagText } from './der.js'
import { ignore, type Note } from './note.js'
import { decodeOid } from './oid.js'
import { attributeNames } from './oids.js'
import { decodeString } from './strings.js'

const COMMON_NAME = '2.5.4.3'

/**
 * Decodes a `Name` (RFC 5280 section 4.1.2.4). Never throws: notes malformed parts, and keeps the attributes before them.
 *
 * @param bytes - Kept: `raw` and the attributes' `raw` are views of them.
 * @param start - Where the Name's tag is.
 * @param stop - Where it ends.
 */
export function decodeName(bytes: Uint8Array, start: number, stop: number, note: Note = ignore): Name {
  const attributes: NameAttribute[] = []
  const reader = new DerReader(bytes, start, stop)
  try {
    readAttributes(reader, attributes, note)
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    note('der-malformed', error.message)
  }
  noteNonMinimal(reader, note)
  return new DistinguishedName(attributes, bytes.subarray(start, stop))
}

function readAttributes(reader: DerReader, attributes: NameAttribute[], note: Note): void {
  // RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
  reader.expect(Tag.sequence, 'Name')
  reader.enter()
  for (let rdn = 0; reader.next(); rdn++) {
    // RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
    if (!reader.isA(Tag.set)) reader.fail('is no RelativeDistinguishedName')
    const outer = reader.enter()
    while (reader.next()) attributes.push(readAttribute(reader, rdn, note))
    reader.leave(outer)
  }
}

function readAttribute(reader: DerReader, rdn: number, note: Note): NameAttribute {
  // AttributeTypeAndValue ::= SEQUENCE { type AttributeType, value AttributeValue }
  if (!reader.isA(Tag.sequence)) reader.fail('is no AttributeTypeAndValue')
  const outer = reader.enter()
  reader.expect(Tag.oid, 'AttributeType')
  const oid = decodeOid(reader.bytes, reader.start, reader.stop)
  if (!reader.next()) reader.fail('has no AttributeValue')
  const raw = reader.element()
  const text = decodeString(reader.tag, reader.content(), note)
  // Values of other types may be no strings, such as bits and dates.
  if (text === undefined && oid === COMMON_NAME && reader.start < reader.stop) note('der-malformed', noString(reader))
  reader.leave(outer)
  return { oid, name: attributeNames[oid], value: text ?? `#${toHex(raw)}`, raw, rdn }
}

/** What is wrong with a common name that is none of the string types, or is in segments, as BER allows. */
export function noString({ head, tag }: DerReader): string {
  return `the element at byte ${head} has tag ${tagText(tag)}, and is no string`
}

class DistinguishedName implements Name {
  readonly attributes: readonly NameAttribute[]
  readonly raw: Uint8Array
  /** Certificates of one issuer share its name. Private to the language, because one of these objects is frozen. */
  #text: string | undefined

  constructor(attributes: readonly NameAttribute[], raw: Uint8Array) {
    this.attributes = attributes
    this.raw = raw
  }

  get commonName(): string | undefined {
    return this.first('CN')
  }

  get organization(): string | undefined {
    return this.first('O')
  }

  get organizationalUnit(): string | undefined {
    return this.first('OU')
  }

  get country(): string | undefined {
    return this.first('C')
  }

  get stateOrProvince(): string | undefined {
    return this.first('ST')
  }

  get locality(): string | undefined {
    return this.first('L')
  }

  get emailAddress(): string | undefined {
    return this.first('emailAddress')
  }

  toString(): string {
    this.#text ??= textOf(this.attributes)
    return this.#text
  }

  toJSON(): NameJson {
    return {
      text: this.toString(),
      commonName: this.commonName ?? null,
      organization: this.organization ?? null,
      organizationalUnit: this.organizationalUnit ?? null,
      country: this.country ?? null,
      stateOrProvince: this.stateOrProvince ?? null,
      locality: this.locality ?? null,
      emailAddress: this.emailAddress ?? null,
      attributes: this.attributes.map(({ oid, name, value }) => ({ oid, name: name ?? null, value })),
    }
  }

  private first(name: string): string | undefined {
    return this.attributes.find((attribute) => attribute.name === name)?.value
  }
}

/** RFC 4514 section 2. */
function textOf(attributes: readonly NameAttribute[]): string {
  const rdns: string[][] = []
  for (const attribute of attributes) (rdns[attribute.rdn] ??= []).push(attributeText(attribute))
  // RFC 4514 section 2.1: starting with the last element of the sequence and moving backwards toward the first.
  return rdns
    .reverse()
    .filter((rdn) => rdn !== undefined)
    .map((rdn) => rdn.join('+'))
    .join(',')
}

/** RFC 4514 section 2.3: a type without a short name is written as its OID, and its value as `#` and hexadecimal DER. */
function attributeText({ oid, name, value, raw }: NameAttribute): string {
  if (name === undefined) return `${oid}=#${toHex(raw)}`
  return `${name}=${isHexForm(value, raw) ? value : escaped(value)}`
}

/** Whether the value is hexadecimal of something that is not a string, as opposed to a string that begins with `#`. */
function isHexForm(value: string, raw: Uint8Array): boolean {
  return value.startsWith('#') && value === `#${toHex(raw)}`
}

/** RFC 4514 section 2.4. */
function escaped(value: string): string {
  const text = value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/\0/g, '\\00')
    .replace(/^[ #]/, '\\$&')
  return value.length > 1 && value.endsWith(' ') ? `${text.slice(0, -1)}\\ ` : text
}

/** The name of an entry without a readable one; frozen, since all of them share it. */
export const noName: Name = Object.freeze(new DistinguishedName(Object.freeze([]), new Uint8Array(0)))
