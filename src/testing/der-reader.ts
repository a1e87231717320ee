// Just enough DER (ITU-T X.690) to take the caller's own CA certificate apart. Like the writer it shares nothing with the library's reader.

/** A tag-length-value: its tag, its content, and all of it. */
export interface Tlv {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

/** The values in a content, in order. @throws {@link RangeError} for what is no sequence of complete values. */
export function readAll(content: Uint8Array): Tlv[] {
  const found: Tlv[] = []
  for (let at = 0; at < content.length; ) {
    const tlv = readOne(content.subarray(at))
    found.push(tlv)
    at += tlv.whole.length
  }
  return found
}

/** The value that bytes begin with. @throws {@link RangeError} when they are cut short. */
export function readOne(bytes: Uint8Array): Tlv {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined) throw new RangeError('DER is cut short')
  const lengthBytes = first < 0x80 ? 0 : first - 0x80
  let length = first < 0x80 ? first : 0
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[2 + i] ?? 0)
  const start = 2 + lengthBytes
  if (lengthBytes > 4 || start + length > bytes.length) throw new RangeError('DER is cut short')
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) }
}
