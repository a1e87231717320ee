import { fromBase64 } from '../util/bytes.js'
import { hexOf } from './json-values.js'

/** `ASN.1Cert` of RFC 6962 has a length of three bytes. */
const MAX_DER = 0xffffff
/** Longer chains are none (RFC 6962 allows any; logs take up to ten or so). */
const MAX_CHAIN = 16
/** uint40 of static-ct; no log is near it. */
const MAX_INDEX = 2 ** 40 - 1

/** `undefined` for what is not there, or is no base64 of a size a log takes: some servers write other things in its place. */
export function derOf(value: unknown): Uint8Array | undefined {
  const der = typeof value === 'string' ? fromBase64(value) : undefined
  return der === undefined || der.length === 0 || der.length > MAX_DER || der[0] !== 0x30 ? undefined : der
}

/** A chain in base64, up to the first that was not sent: what comes after it is nobody's issuer. */
export function chainOf(issuers: readonly unknown[]): Uint8Array[] {
  const chain: Uint8Array[] = []
  for (const issuer of issuers.slice(0, MAX_CHAIN)) {
    const der = derOf(issuer)
    if (der === undefined) break
    chain.push(der)
  }
  return chain
}

/** A position in a log; 0 for what is none. */
export function indexOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_INDEX ? value : 0
}

/** A hash of this many bytes, in lower-case hex. */
export function digestOf(value: unknown, length: number): string | undefined {
  const hex = hexOf(value)
  return hex?.length === 2 * length ? hex : undefined
}
