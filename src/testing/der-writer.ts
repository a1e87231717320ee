// The few DER forms (ITU-T X.690) that a certificate needs. Shares no code with the library's DER reader, and its output is checked
// against OpenSSL, so that the same mistake cannot hide in both.

/** One tag-length-value, whose content is `parts` joined. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.of(tag), derLength(length), ...parts])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => tlv(0x31, ...parts)
export const octetString = (...parts: readonly Uint8Array[]): Buffer => tlv(0x04, ...parts)
export const boolean = (value: boolean): Buffer => tlv(0x01, Buffer.of(value ? 0xff : 0x00))
export const nul = (): Buffer => tlv(0x05)
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text, 'utf8'))
export const printable = (text: string): Buffer => tlv(0x13, Buffer.from(text, 'latin1'))
export const ia5 = (text: string): Buffer => tlv(0x16, Buffer.from(text, 'latin1'))
export const generalizedTime = (text: string): Buffer => tlv(0x18, Buffer.from(text, 'latin1'))
export const utcTime = (text: string): Buffer => tlv(0x17, Buffer.from(text, 'latin1'))

/** Constructed context-specific tag `[n]`. */
export const context = (n: number, ...parts: readonly Uint8Array[]): Buffer => tlv(0xa0 + n, ...parts)
/** Primitive context-specific tag `[n]`, as in IMPLICIT strings. */
export const contextPrimitive = (n: number, content: Uint8Array): Buffer => tlv(0x80 + n, content)

/** A BIT STRING; `unusedBits` 0 to 7 are the zero bits that fill its last byte. */
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer => tlv(0x03, Buffer.of(unusedBits), content)

/** An INTEGER of big-endian unsigned bytes, shortest form. */
export function unsignedInteger(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const magnitude = bytes.subarray(start)
  return (magnitude[0] ?? 0) >= 0x80 ? tlv(0x02, Buffer.of(0), magnitude) : tlv(0x02, magnitude)
}

/** An OBJECT IDENTIFIER in dotted form, such as `'2.5.29.17'`; arcs below 2^53. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)))
}

function base128(arc: number): number[] {
  const digits = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) + 128)
  return digits
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Buffer.of(0x80 + digits.length, ...digits)
}
