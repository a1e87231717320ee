import type { CtCertificate } from '../types/certificate.js'
import { toHex } from './bytes.js'
import { sha256Hex } from './hash.js'

/** What is read of a certificate to tell it from others. */
export type Identifiable = Pick<CtCertificate, 'issuanceId' | 'leafHash'> &
  Partial<Pick<CtCertificate, 'issuer' | 'serialNumber' | 'sha256' | 'sha1' | 'log' | 'index' | 'cursor' | 'dnsNames'>>

/**
 * Identifies a certificate among those that are watched: its issuance, which a precertificate and its certificate share; else its entry.
 * Hexadecimal.
 *
 * A server that sends no bytes leaves what it tells: a CA gives each certificate another serial number (RFC 5280 section 4.1.2.2), and a
 * precertificate that of its certificate (RFC 6962 section 3.1).
 */
export function identityOf(certificate: Identifiable): string {
  const { issuanceId, leafHash } = certificate
  if (issuanceId !== undefined) return issuanceId
  return leafHash.length > 0 ? toHex(leafHash) : sha256Hex(Buffer.from(JSON.stringify(toldOf(certificate))))
}

function toldOf(certificate: Identifiable): readonly unknown[] {
  const { serialNumber, sha256, sha1, log, index, cursor, dnsNames } = certificate
  const issuer = String(certificate.issuer ?? '')
  if (serialNumber !== undefined && issuer !== '') return ['serial', issuer, serialNumber]
  const fingerprint = sha256 ?? sha1
  return fingerprint === undefined ? ['entry', log?.id, index, cursor, dnsNames] : ['fingerprint', fingerprint]
}
