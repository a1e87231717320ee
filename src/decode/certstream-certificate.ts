import type { CtCertificate } from '../types/certificate.js'
import type { CertStreamCertificate, CertStreamName } from '../types/certstream.js'
import type { Name } from '../types/name.js'
import { toBase64 } from '../util/bytes.js'
import { certStreamExtensions } from './certstream-extensions.js'
import { colonHex } from './colon-hex.js'
import type { EntryFields } from './entry-fields.js'

export type CertStreamCertificateWithDer = CertStreamCertificate & { readonly as_der: string | null }

/** A certificate in the form of the CertStream servers of 2026. */
export function certStreamCertificate(
  fields: EntryFields | undefined,
  { der, sha1, sha256 }: Pick<CtCertificate, 'der' | 'sha1' | 'sha256'>,
  isPrecertificate: boolean,
): CertStreamCertificateWithDer {
  const fingerprint = upperColonHex(sha1)
  return {
    all_domains: [...(fields?.dnsNames ?? [])],
    as_der: der === undefined ? null : toBase64(der),
    extensions: fields === undefined ? {} : certStreamExtensions(fields, isPrecertificate),
    fingerprint,
    sha1: fingerprint,
    sha256: upperColonHex(sha256),
    not_after: seconds(fields?.notAfter),
    not_before: seconds(fields?.notBefore),
    serial_number: fields?.serialNumber === undefined ? null : serialNumber(fields.serialNumber),
    signature_algorithm: signatureAlgorithm(fields?.signatureAlgorithm?.name),
    subject: certStreamName(fields?.subject),
    issuer: certStreamName(fields?.issuer),
    is_ca: fields?.basicConstraints?.ca ?? false,
  }
}

const upperColonHex = (hex: string | undefined): string | null =>
  hex === undefined ? null : colonHex(hex).toUpperCase()

/** Upper-case hex of the magnitude, without sign octets, with an even number of digits. */
function serialNumber(contentHex: string): string {
  const isNegative = /^[89a-f]/.test(contentHex)
  const digits = withoutLeadingZeros(isNegative ? magnitudeOfNegative(contentHex) : contentHex)
  return `${isNegative ? '-' : ''}${digits.toUpperCase()}`
}

/** Undoes the two's complement: inverts every octet, and adds one. Iterative, because a serial number can have any length. */
function magnitudeOfNegative(contentHex: string): string {
  const octets = Buffer.from(contentHex, 'hex').map((octet) => 255 - octet)
  for (let i = octets.length - 1; i >= 0; i--) {
    octets[i] = ((octets[i] as number) + 1) % 256
    if (octets[i] !== 0) break
  }
  return Buffer.from(octets).toString('hex')
}

/** Removes leading zeros, except for the last octet. A regular expression would overflow its stack on millions of zeros. */
function withoutLeadingZeros(hex: string): string {
  let at = 0
  while (at < hex.length - 2 && hex.startsWith('00', at)) at += 2
  return hex.slice(at)
}

function seconds(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.floor(milliseconds / 1000)
}

/** `sha256, rsa`; ECDSA and DSA in the other order, as certstream-server-go writes them. */
function signatureAlgorithm(name: string | undefined): string {
  const rsa = /^(md\d|sha\d+)WithRSA/.exec(name ?? '')
  if (rsa !== null) return `${rsa[1]}, rsa`
  const dsa = /^(ecdsa|dsa)-with-(sha\d+)$/i.exec(name ?? '')
  if (dsa !== null) return `${dsa[1]}, ${dsa[2]}`.toLowerCase()
  return name === 'rsassaPss' ? 'rsa-pss' : /^Ed\d+$/.test(name ?? '') ? (name ?? '').toLowerCase() : 'unknown'
}

function certStreamName(name: Name | undefined): CertStreamName {
  const join = (type: string): string | null => {
    const values = (name?.attributes ?? []).filter((attribute) => attribute.name === type).map(({ value }) => value)
    return values.length === 0 ? null : values.join(',')
  }
  const parts = {
    C: join('C'),
    CN: join('CN'),
    L: join('L'),
    O: join('O'),
    OU: join('OU'),
    ST: join('ST'),
  }
  const aggregated = Object.entries(parts)
    .map(([type, value]) => (value === null ? '' : `/${type}=${value}`))
    .join('')
  const emailAddress = join('emailAddress')
  return { ...parts, aggregated, email_address: emailAddress, emailAddress }
}
