import type { CtCertificate } from '../types/certificate.js'
import type { PublicKeyInfo, ValidationLevel } from '../types/certificate-fields.js'
import { isPrivateSuffix, registrableDomain, splitName } from '../watchlist/suffix.js'

/** The properties that are read of a certificate. */
export type InspectedCertificate = Pick<
  CtCertificate,
  | 'kind'
  | 'timestamp'
  | 'notBefore'
  | 'notAfter'
  | 'serialNumber'
  | 'subject'
  | 'issuer'
  | 'publicKey'
  | 'signatureAlgorithm'
  | 'keyUsage'
  | 'extendedKeyUsage'
  | 'policies'
  | 'validation'
  | 'altNames'
  | 'dnsNames'
  | 'ipAddresses'
  | 'ocspUrls'
  | 'crlUrls'
  | 'extensions'
  | 'scts'
  | 'isCa'
  | 'isSelfIssued'
  | 'der'
>

/**
 * Which rules apply to a certificate: `tls`, those of TLS server certificates (it has serverAuth, or one of the CA/Browser Forum's policies
 * for them, or a host name or address and no stated purpose); `ca`; `other`, such as e-mail; `unreadable`.
 */
export type CertificateScope = 'tls' | 'ca' | 'other' | 'unreadable'

/** Facts about a certificate, plain data. BR: the CA/Browser Forum's Baseline Requirements. */
export interface CertificateFacts {
  /** The kind of certificate, which decides which rules apply. */
  readonly scope: CertificateScope
  /** Validity in days, including both ends; a fraction counts as a whole day (BR 6.3.2). `null` when a date is missing. */
  readonly validityDays: number | null
  /** Whether it needs no revocation information: at most 10 days, from 2026-03-15 at most 7 (BR 1.6.1). */
  readonly isShortLived: boolean
  /** Milliseconds from `notBefore` to the earliest timestamp of a log or an SCT; negative if that was before. `null` when unknown. */
  readonly loggedAfterMs: number | null
  /** Bits of the serial number; 0 when it is not positive (BR 7.1.2.7), `null` when it is unreadable. */
  readonly serialBits: number | null
  /** Kind and size of the key, such as `RSA 2048`, `EC P-256`, `Ed25519` (BR 6.1.5); `null` when it is unreadable. */
  readonly key: string | null
  /** Name of the signature's algorithm, or its OID (BR 7.1.3.2). */
  readonly signature: string | null
  /** The validation level that its policies claim (BR 7.1.2.7.9). */
  readonly validation: ValidationLevel | null
  /** Number of DNS names and IP addresses. */
  readonly names: number
  /** Number of IP addresses. */
  readonly ipAddresses: number
  /** Number of DNS names that begin with `*.`. */
  readonly wildcards: number
  /** Number of distinct registrable domains by the public suffix list, among the first 10,000 names. */
  readonly registrableDomains: number
  /** Private suffixes of its names, below which anybody can get a name, such as `github.io`: the first 10. */
  readonly freeHosting: readonly string[]
  /** Number of distinct logs of the embedded SCTs. */
  readonly sctLogs: number
  /** Whether the subject has a common name, which is not recommended (BR 7.1.2.7.2). */
  readonly hasCommonName: boolean
  /** Whether its extended key usage has clientAuth (Chrome Root Program Policy). */
  readonly hasClientAuth: boolean
}

/** The facts that rules need besides the certificate. */
export type JudgedFacts = Pick<
  CertificateFacts,
  'scope' | 'validityDays' | 'isShortLived' | 'loggedAfterMs' | 'serialBits' | 'sctLogs'
>

/** Most names examined: more than any honest certificate has. */
export const MAX_NAMES = 10_000
const MAX_SUFFIXES = 10
const DAY = 86_400_000

export const TLS_POLICIES = ['2.23.140.1.1', '2.23.140.1.2.1', '2.23.140.1.2.2', '2.23.140.1.2.3']
const ANY_PURPOSE = '2.5.29.37.0'
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** Never throws for the contents of a certificate. */
export function factsOf(cert: InspectedCertificate): CertificateFacts {
  const { publicKey, signatureAlgorithm, dnsNames, ipAddresses } = cert
  const suffixes = suffixesOf(dnsNames)
  const { scope, validityDays, isShortLived, loggedAfterMs, serialBits, sctLogs } = judgedFactsOf(cert)
  return {
    scope,
    validityDays,
    isShortLived,
    loggedAfterMs,
    serialBits,
    key: publicKey === undefined ? null : keyText(publicKey),
    signature: signatureAlgorithm?.name ?? signatureAlgorithm?.oid ?? null,
    validation: cert.validation ?? null,
    names: dnsNames.length + ipAddresses.length,
    ipAddresses: ipAddresses.length,
    wildcards: dnsNames.reduce((count, name) => count + (name.startsWith('*.') ? 1 : 0), 0),
    registrableDomains: suffixes.domains,
    freeHosting: suffixes.freeHosting,
    sctLogs,
    hasCommonName: cert.subject.commonName !== undefined,
    hasClientAuth: purposes(cert).includes(CLIENT_AUTH),
  }
}

/** @param scope - Pass it when it is known already. */
export function judgedFactsOf(cert: InspectedCertificate, scope = scopeOf(cert)): JudgedFacts {
  return {
    scope,
    validityDays: validityDays(cert) ?? null,
    isShortLived: isShortLived(cert),
    loggedAfterMs: loggedAfter(cert) ?? null,
    serialBits: serialBits(cert.serialNumber) ?? null,
    sctLogs: distinctLogs(cert),
  }
}

function distinctLogs({ scts }: InspectedCertificate): number {
  return scts.length < 2 ? scts.length : new Set(scts.map(({ logId }) => logId)).size
}

/** @param names - `false` ignores names: the scope is then `other` where they would decide. */
export function scopeOf(cert: InspectedCertificate, names = true): CertificateScope {
  if (cert.kind === 'unparsable') return 'unreadable'
  if (cert.isCa) return 'ca'
  const stated = purposes(cert)
  if (stated.some((oid) => oid === SERVER_AUTH || oid === ANY_PURPOSE)) return 'tls'
  if (cert.policies.some(({ oid }) => TLS_POLICIES.includes(oid))) return 'tls'
  return names && stated.length === 0 && cert.dnsNames.length + cert.ipAddresses.length > 0 ? 'tls' : 'other'
}

/** Extended key usages by OID; `[]` when there are none. */
export function purposes({ extendedKeyUsage = [] }: InspectedCertificate): string[] {
  return extendedKeyUsage.map(({ oid }) => oid)
}

type Dates = Pick<CtCertificate, 'notBefore' | 'notAfter'>

/** Both ends belong to the validity, so it is one second longer than their difference. */
export function validityMs({ notBefore, notAfter }: Dates): number | undefined {
  return notBefore && notAfter && notAfter.getTime() - notBefore.getTime() + 1000
}

/** A fraction counts as a whole day. */
export function validityDays(cert: Dates): number | undefined {
  const ms = validityMs(cert)
  return ms === undefined ? undefined : Math.ceil(ms / DAY)
}

const SHORTER_FROM = Date.UTC(2026, 2, 15)

export function isShortLived(cert: InspectedCertificate): boolean {
  const ms = validityMs(cert)
  return ms !== undefined && isShort(ms, cert.notBefore?.getTime() ?? Number.NEGATIVE_INFINITY)
}

/** @param ms - Validity. @param begin - Epoch milliseconds. */
export function isShort(ms: number, begin: number): boolean {
  return ms > 0 && ms <= (begin >= SHORTER_FROM ? 7 : 10) * DAY
}

/**
 * Milliseconds from `notBefore` to the earliest known timestamp. SCTs are made just before the certificate is signed, and a precertificate is
 * logged earlier still. A final certificate can be logged at any time, so the timestamp of its entry counts only if it has SCTs.
 */
function loggedAfter({ kind, timestamp, scts, notBefore }: InspectedCertificate): number | undefined {
  const times = scts.map((sct) => sct.timestamp.getTime())
  if (timestamp !== undefined && (kind === 'precertificate' || times.length > 0)) times.push(timestamp.getTime())
  if (notBefore === undefined || times.length === 0) return undefined
  return times.reduce((a, b) => Math.min(a, b)) - notBefore.getTime()
}

function serialBits(serial: string | undefined): number | undefined {
  if (serial === undefined) return undefined
  if (/^[89a-f]/.test(serial)) return 0
  const digits = serial.replace(/^0+/, '')
  return digits === '' ? 0 : (digits.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(digits.charAt(0), 16)))
}

/** `RSA 2048`, `EC P-256`, `Ed25519`. */
export function keyText({ algorithm, bits, curve }: PublicKeyInfo): string {
  if (curve !== undefined) return `${algorithm} ${curve}`
  return bits === undefined || algorithm === `Ed${bits}` || /\d$/.test(algorithm) ? algorithm : `${algorithm} ${bits}`
}

function suffixesOf(names: readonly string[]): { readonly domains: number; readonly freeHosting: readonly string[] } {
  const domains = new Set<string>()
  const freeHosting = new Set<string>()
  for (const name of names.slice(0, MAX_NAMES)) {
    const base = name.startsWith('*.') ? name.slice(2) : name
    const domain = registrableDomain(base)
    domains.add(domain ?? base)
    if (freeHosting.size === MAX_SUFFIXES) continue
    const suffix = base.slice(splitName(base).suffixAt)
    if (isPrivateSuffix(suffix)) freeHosting.add(suffix)
  }
  return { domains: domains.size, freeHosting: [...freeHosting] }
}
