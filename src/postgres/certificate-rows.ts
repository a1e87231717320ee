import type { CtCertificate } from '../types/certificate.js'
import { cutText, harmless } from '../util/harmless.js'
import { reversedName } from '../util/reversed-name.js'
import type { Steps } from '../util/turns.js'

/** Separates the names of a certificate: a control character, which no name has after {@link harmless}. */
const SEPARATOR = '\u0001'
/** An index of Postgres takes keys of 2,704 bytes; no name that a client accepts has more than 253. */
const MAX_NAME = 600
const MAX_ISSUER = 1000
const MAX_SERIAL = 200
/** Entries that are decoded or encoded at a time: a few milliseconds of work. */
export const STEP_ENTRIES = 128

/** What the tables have of a certificate. */
export interface CertificateRow {
  readonly sha256: string
  readonly issuanceId: string | undefined
  readonly issuer: string
  readonly serialNumber: string | undefined
  readonly notBefore: Date | undefined
  readonly notAfter: Date | undefined
  readonly isPrecertificate: boolean
  readonly index: number
  readonly timestamp: Date | undefined
  readonly der: Uint8Array | undefined
  /** Reversed, with a control character in between. */
  readonly names: string | undefined
}

/**
 * The rows of certificates, each decoded once. Most of the time that a process has for an entry goes into that: it is done when a page
 * comes, while the server works on the pages before.
 */
export class CertificateRows {
  private readonly der: boolean
  private readonly rows = new WeakMap<CtCertificate, CertificateRow>()

  /** @param der - Whether the certificates themselves are stored. */
  constructor(der: boolean) {
    this.der = der
  }

  /** Decodes a page, step by step: leases are renewed meanwhile. */
  *decode(page: readonly CtCertificate[]): Steps<void> {
    for (const [i, certificate] of page.entries()) {
      if (i > 0 && i % STEP_ENTRIES === 0) yield
      const { sha256 } = certificate
      if (sha256 !== undefined) this.of(certificate, sha256)
    }
  }

  of(certificate: CtCertificate, sha256: string): CertificateRow {
    const known = this.rows.get(certificate)
    if (known !== undefined) return known
    const row = decodedRow(certificate, sha256, this.der)
    this.rows.set(certificate, row)
    return row
  }
}

function decodedRow(certificate: CtCertificate, sha256: string, der: boolean): CertificateRow {
  const { serialNumber } = certificate
  return {
    sha256,
    issuanceId: certificate.issuanceId,
    issuer: cutText(harmless(certificate.issuer.toString()), MAX_ISSUER),
    serialNumber: serialNumber === undefined ? undefined : cutText(serialNumber, MAX_SERIAL),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    isPrecertificate: certificate.kind === 'precertificate',
    index: certificate.index,
    timestamp: certificate.timestamp,
    der: der ? certificate.der : undefined,
    names: joinedNames(certificate),
  }
}

function joinedNames({ dnsNames }: CtCertificate): string | undefined {
  return dnsNames.length === 0 ? undefined : [...new Set(dnsNames.map(keptName))].join(SEPARATOR)
}

/** `com.example.www`, as the tables have it: harmless, and short enough for an index. */
function keptName(name: string): string {
  return cutText(harmless(reversedName(name)), MAX_NAME)
}
