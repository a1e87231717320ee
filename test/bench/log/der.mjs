/** The element at `at`: where its content begins, and where it ends. Enough DER for certificates known to be well formed. */
export function element(bytes, at) {
  const first = bytes[at + 1]
  if (first === undefined || first === 0x80 || first > 0x84) throw new Error(`no definite length at byte ${at}`)
  const start = at + 2 + (first < 0x80 ? 0 : first - 0x80)
  const length = first < 0x80 ? first : bytes.readUIntBE(at + 2, first - 0x80)
  if (start + length > bytes.length) throw new Error(`the element at byte ${at} is cut off`)
  return { tag: bytes[at], start, end: start + length }
}

/** Content octets of the serial number of a TBSCertificate that begins at `at`. */
export function serialOfTbs(bytes, at) {
  const first = element(bytes, element(bytes, at).start)
  const serial = first.tag === 0xa0 ? element(bytes, first.end) : first
  if (serial.tag !== 0x02) throw new Error('no serial number where it should be')
  return serial
}

/** … of a Certificate. */
export const serialOfCertificate = (bytes, at) => serialOfTbs(bytes, element(bytes, at).start)
