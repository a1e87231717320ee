// Just enough DER (ITU-T X.690) to parse the caller's CA certificate. Like the writer it shares no code with the library's reader.

/** A tag-length-value: its tag, its content, and all of its bytes. */
export interface Tlv {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

/** The values in a content, in order. @throws {@link RangeError} for anything but a sequence of complete values. */
export function readAll(content: Uint8Array): Tlv[] {
  const found: Tlv[] = []
  for (let at = 0; at < content.length; ) {
    const tlv = readOne(content.subarray(at))
    found.push(tlv)
    at += tlv.whole.length
  }
  return found
}

/** The first value in bytes. @throws {@link RangeError} when it is truncated. */
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
