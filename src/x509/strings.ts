import { isUtf8 } from 'node:buffer'
import { Tag, tagText } from './der.js'
import type { Note } from './note.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true })

/** Octets allowed in a string type; types not listed may hold any. */
const alphabets: Readonly<Record<number, RegExp>> = {
  [Tag.printableString]: /^[A-Za-z0-9 '()+,\-./:=?]*$/,
  [Tag.numericString]: /^[0-9 ]*$/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: IA5 is ASCII with its control characters
  [Tag.ia5String]: /^[\x00-\x7f]*$/,
}

/** Types with one octet for each character: those above, T.61, and the ISO 646 family (X.680 section 41). */
const octetTypes = new Set<number>([
  Tag.printableString,
  Tag.numericString,
  Tag.ia5String,
  Tag.teletexString,
  Tag.visibleString,
  0x15, // VideotexString
  0x19, // GraphicString
  0x1b, // GeneralString
])

/**
 * Text of a string value of any ASN.1 string type; `undefined` for a tag that is not a string's.
 *
 * Notes text that does not fit its type, and reads it as Latin-1, so that nothing is lost. Reads T.61 as Latin-1, which is what issuers write
 * into it. In BMPString and UniversalString it joins surrogate pairs, replaces invalid characters by U+FFFD, and drops an incomplete unit.
 */
export function decodeString(tag: number, content: Uint8Array, note: Note): string | undefined {
  if (tag === Tag.utf8String) return decodeUtf8(content, note)
  if (tag === Tag.bmpString) return decodeBmp(content, note)
  if (tag === Tag.universalString) return decodeUniversal(content, note)
  if (!octetTypes.has(tag)) return undefined
  const text = latin1(content)
  if (alphabets[tag]?.test(text) === false)
    note('string-malformed', `${JSON.stringify(excerpt(text))} has octets that string type ${tagText(tag)} cannot hold`)
  return text
}

// The function behind `Buffer.toString`. It accepts any Uint8Array, which saves a Buffer for each text.
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, stop: number): string
}

/** Latin-1: every octet is a character. */
export function latin1(bytes: Uint8Array, start = 0, stop = bytes.length): string {
  return latin1Slice.call(bytes, start, stop)
}

/** UTF-8 text, or `undefined` when it is invalid. Checks first, because a decoder that throws takes a hundred times as long. */
export function strictUtf8(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? utf8.decode(bytes) : undefined
}

/** Whether no octet is above 0x7f. */
export function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return false
  return true
}

/** Text of octets that should be ASCII (IA5String): read as UTF-8 if that is valid, else as Latin-1. */
export function lenientAscii(bytes: Uint8Array, note: Note): string {
  if (isAscii(bytes)) return latin1(bytes)
  const text = strictUtf8(bytes) ?? latin1(bytes)
  note('string-malformed', `${JSON.stringify(excerpt(text))} is not ASCII`)
  return text
}

/** The beginning of a text, for a message. */
export function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function decodeUtf8(content: Uint8Array, note: Note): string {
  const text = isAscii(content) ? latin1(content) : strictUtf8(content)
  if (text !== undefined) return text
  const fallback = latin1(content)
  note('string-malformed', `${JSON.stringify(excerpt(fallback))} (read as Latin-1) is not UTF-8`)
  return fallback
}

function decodeBmp(content: Uint8Array, note: Note): string {
  const length = content.length - (content.length % 2)
  if (length < content.length) note('string-malformed', `a BMPString of ${content.length} octets, an odd number`)
  const units = Buffer.from(content.subarray(0, length))
  const text = utf16.decode(units.swap16())
  if (text.includes('\ufffd')) note('string-malformed', 'a BMPString holds what is no character')
  return text
}

function decodeUniversal(content: Uint8Array, note: Note): string {
  const length = content.length - (content.length % 4)
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  const parts: string[] = []
  let odd = length < content.length
  for (let at = 0; at < length; at += 4) {
    const codePoint = view.getUint32(at)
    const isCharacter = codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff)
    odd ||= !isCharacter
    parts.push(isCharacter ? String.fromCodePoint(codePoint) : '\ufffd')
  }
  if (odd) note('string-malformed', 'a UniversalString holds what is no character')
  return parts.join('')
}
