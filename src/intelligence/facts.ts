import type { CtCertificate, PublicKeyInfo, ValidationLevel } from '../types/certificate.js'
import { isPrivateSuffix, registrableDomain, splitName } from '../watchlist/suffix.js'

/** What is read of a certificate. */
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
 * Which rules a certificate is under: `tls`, those of TLS server certificates (it says serverAuth, or one of the CA/Browser Forum's
 * policies for them, or no purpose at all while it has a host name or address); `ca`; `other`, such as e-mail; `unreadable`.
 */
export type CertificateScope = 'tls' | 'ca' | 'other' | 'unreadable'

/** What can be said of a certificate, plain data. BR: the CA/Browser Forum's Baseline Requirements. */
export interface CertificateFacts {
  /** What kind of certificate it is, which decides the rules it is under. */
  readonly scope: CertificateScope
  /** Days, the last one counted as a whole, both ends included (BR 6.3.2); `null` when a date is missing. */
  readonly validityDays: number | null
  /** Whether it needs no revocation information: at most 10 days, from 2026-03-15 at most 7 (BR 1.6.1). */
  readonly isShortLived: boolean
  /** Milliseconds from `notBefore` to the first sign of it, in a log or an SCT; negative when that was before. `null` when unknown. */
  readonly loggedAfterMs: number | null
  /** Bits of the serial number, 0 for one that is not positive (BR 7.1.2.7); `null` when it is unreadable. */
  readonly serialBits: number | null
  /** Such as `RSA 2048`, `EC P-256`, `Ed25519` (BR 6.1.5); `null` when it is unreadable. */
  readonly key: string | null
  /** Name of the signature's algorithm, or its OID (BR 7.1.3.2). */
  readonly signature: string | null
  /** What the policies claim (BR 7.1.2.7.9). */
  readonly validation: ValidationLevel | null
  /** DNS names and IP addresses in all. */
  readonly names: number
  /** IP addresses among the names. */
  readonly ipAddresses: number
  /** DNS names that begin with `*.`. */
  readonly wildcards: number
  /** Distinct registrable domains by the public suffix list; of the first 10,000 names. */
  readonly registrableDomains: number
  /** Suffixes below which strangers have names, such as `github.io`: the first 10. */
  readonly freeHosting: readonly string[]
  /** Distinct logs of the embedded SCTs. */
  readonly sctLogs: number
  /** Whether the subject has a common name, which is not recommended (BR 7.1.2.7.2). */
  readonly hasCommonName: boolean
  /** Whether clientAuth is among its purposes (Chrome Root Program Policy). */
  readonly hasClientAuth: boolean
}

/** What rules ask for beside the certificate itself. */
export type JudgedFacts = Pick<
  CertificateFacts,
  'scope' | 'validityDays' | 'isShortLived' | 'loggedAfterMs' | 'serialBits' | 'sctLogs'
>

/** Names that are looked at one by one: more than any honest certificate has. */
export const MAX_NAMES = 10_000
const MAX_SUFFIXES = 10
const DAY = 86_400_000

export const TLS_POLICIES = ['2.23.140.1.1', '2.23.140.1.2.1', '2.23.140.1.2.2', '2.23.140.1.2.3']
const ANY_PURPOSE = '2.5.29.37.0'
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** Never throws for what a certificate holds. */
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

/** @param scope - Where it is known already. */
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

/** @param names - Whether those count; without, it is `other` where they would decide. */
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

/** Both ends are part of the validity: one more second. */
export function validityMs({ notBefore, notAfter }: Dates): number | undefined {
  return notBefore && notAfter && notAfter.getTime() - notBefore.getTime() + 1000
}

/** A fraction is a day. */
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
 * It was signed then or before. A final certificate can come to a log at any time, but its SCTs were made just before it; a
 * precertificate comes to a log before there is anything else.
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
