import { rawOf } from '../decode/decode-entry.js'
import { Tag } from '../x509/der.js'
import type { InspectedCertificate } from './facts.js'

/** Octets of a precertificate that are looked at for its issuer: what is before it has fifty, and issuers have one or two hundred. */
export const SUBMITTED_START = 768
/** Octets before the issuer in a TBSCertificate: version, serial number, and algorithm of the signature. */
const BEFORE_ISSUER = [0xa0, Tag.integer, Tag.sequence]

/** The issuer of a precertificate as it was submitted, DER; `undefined` when its first octets do not show it. */
export function submittedIssuer(cert: InspectedCertificate): Uint8Array | undefined {
  const start = rawOf(cert)?.extra.preCertificateStart?.(SUBMITTED_START) ?? cert.der
  if (start === undefined) return undefined
  const bytes = start.subarray(0, SUBMITTED_START)
  const at = issuerIn(bytes)
  const end = at < 0 ? -1 : endAt(bytes, at)
  return end < 0 || end > bytes.length ? undefined : bytes.subarray(at, end)
}

/**
 * Where the issuer begins in the first bytes of a certificate; -1 if they do not show it.
 *
 * Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { version [0], serialNumber INTEGER, signature AlgorithmIdentifier, issuer Name …
 */
export function issuerIn(bytes: Uint8Array): number {
  let at = contentAt(bytes, contentAt(bytes, 0))
  for (const tag of BEFORE_ISSUER) {
    const length = bytes[at + 1]
    if (bytes[at] !== tag || length === undefined || length >= 0x80) return -1
    at += 2 + length
  }
  return at < bytes.length ? at : -1
}

/** Where the content of the SEQUENCE at `at` begins, whatever its length; `Infinity` if there is no SEQUENCE. */
function contentAt(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1]
  if (bytes[at] !== Tag.sequence || length === undefined) return Number.POSITIVE_INFINITY
  return at + 2 + (length < 0x80 ? 0 : length - 0x80)
}

/** Where the SEQUENCE at `at` ends; -1 if there is none, or it is longer than two octets can say. */
function endAt(bytes: Uint8Array, at: number): number {
  const [tag, first = 0, second = 0, third = 0] = bytes.subarray(at, at + 4)
  if (tag !== Tag.sequence) return -1
  if (first < 0x80) return at + 2 + first
  if (first === 0x81) return at + 3 + second
  return first === 0x82 ? at + 4 + second * 256 + third : -1
}
