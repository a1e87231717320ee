import { derError } from './der.js'

/** Longest arc accepted, octets: a 128-bit UUID under 2.25 takes 19. */
const MAX_ARC_OCTETS = 32
const MAX_OID_OCTETS = 1024

/**
 * Dotted decimal of an OBJECT IDENTIFIER's content octets (X.690 section 8.19).
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when it is empty, truncated, longer than any real one, or has a padded arc, with which it
 *   would look like an OID with other octets.
 */
export function decodeOid(bytes: Uint8Array, start: number, stop: number): string {
  if (start >= stop) throw derError('is an empty object identifier', start)
  if (stop - start > MAX_OID_OCTETS) throw derError('is an object identifier of absurd length', start)
  let text = ''
  let arcStart = start
  let arc = 0
  for (let at = start; at < stop; at++) {
    const octet = bytes[at] as number
    if (octet === 0x80 && at === arcStart) throw derError('is an object identifier with a padded arc', start)
    arc = arc * 128 + (octet & 0x7f)
    if (octet >= 0x80) continue
    if (at - arcStart >= MAX_ARC_OCTETS) throw derError('has an object identifier arc of absurd size', start)
    const number = arc <= Number.MAX_SAFE_INTEGER ? arc : bigArc(bytes, arcStart, at)
    text += text === '' ? firstArcs(number) : `.${number}`
    arc = 0
    arcStart = at + 1
  }
  if (arcStart < stop) throw derError('is an object identifier that ends inside an arc', start)
  return text
}

/** The first two arcs share a number: 40 * X + Y, where X is 0, 1 or 2. */
function firstArcs(number: number | bigint): string {
  if (number < 40) return `0.${number}`
  if (number < 80) return `1.${Number(number) - 40}`
  return typeof number === 'bigint' ? `2.${number - 80n}` : `2.${number - 80}`
}

function bigArc(bytes: Uint8Array, from: number, to: number): bigint {
  let arc = 0n
  for (let at = from; at <= to; at++) arc = arc * 128n + BigInt((bytes[at] as number) & 0x7f)
  return arc
}

/** Content octets of an object identifier, for comparison in place. */
export function encodeOid(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number)
  const octets: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const arcOctets = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      arcOctets.unshift((left % 128) + 128)
    octets.push(...arcOctets)
  }
  return Uint8Array.from(octets)
}

/** Whether the octets `start` to `stop` equal `expected`. Compares from the end, where OIDs of one family differ. */
export function sameOctets(bytes: Uint8Array, start: number, stop: number, expected: Uint8Array): boolean {
  if (stop - start !== expected.length) return false
  for (let i = expected.length - 1; i >= 0; i--) if (bytes[start + i] !== expected[i]) return false
  return true
}
