import { isTold } from '../decode/decode-entry.js'
import type { KeyUsageName } from '../types/certificate-fields.js'
import { equalBytes } from '../util/bytes.js'
import {
  CLIENT_AUTH,
  type InspectedCertificate,
  type JudgedFacts,
  purposes,
  SERVER_AUTH,
  TLS_POLICIES,
} from './facts.js'
import { breach, type RuleBreach } from './rule.js'
import { submittedIssuer } from './submitted-issuer.js'

/** When the profiles of BR 2.0.0 came into force. */
const PROFILES_FROM = Date.UTC(2023, 8, 15)
/** SC-063: OCSP became optional, and CRLs needed instead. */
const CRL_FROM = Date.UTC(2024, 2, 15)
const NO_CLIENT_AUTH_FROM = Date.UTC(2027, 2, 15)
/** Dates on which {@link purposeRules} and {@link revocationRules} change; in between they give the same result for the same extensions. */
export const EXTENSION_DATES: readonly number[] = [PROFILES_FROM, CRL_FROM, NO_CLIENT_AUTH_FROM]
const SCTS_FROM = Date.UTC(2021, 3, 21)
const FEW_SCTS_DAYS = 180
/** Since when precertificate signing CAs are forbidden. */
export const NO_SIGNING_CA_FROM = Date.UTC(2026, 2, 15)
const AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1'

const FORBIDDEN_PURPOSES: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '1.3.6.1.4.1.11129.2.4.4': 'precertificate signing',
}

/** BR 7.1.2.7.11, by the algorithm of the key. */
const ALLOWED_USES: ReadonlyMap<string, readonly KeyUsageName[]> = new Map([
  ['EC', ['digitalSignature', 'keyAgreement']],
  ['RSA', ['digitalSignature', 'keyEncipherment', 'dataEncipherment']],
])

const begins = ({ notBefore }: InspectedCertificate): number => notBefore?.getTime() ?? Number.NEGATIVE_INFINITY

/** Rules of key usages and policies. */
export function purposeRules(cert: InspectedCertificate): RuleBreach[] {
  const at = begins(cert)
  const found: RuleBreach[] = []
  const stated = purposes(cert)
  if (!stated.includes(SERVER_AUTH) && !(stated.length === 0 && isTold(cert))) found.push(breach('eku-server-auth'))
  const forbidden = stated.flatMap((oid) => FORBIDDEN_PURPOSES[oid] ?? [])
  if (forbidden.length > 0 && at >= PROFILES_FROM)
    found.push(breach('eku-forbidden', forbidden.slice(0, 10).join(', ')))
  if (at >= NO_CLIENT_AUTH_FROM && stated.includes(CLIENT_AUTH)) found.push(breach('eku-client-auth'))
  const policies = new Set(cert.policies.flatMap(({ oid }) => (TLS_POLICIES.includes(oid) ? [oid] : [])))
  const areUntold = cert.policies.length === 0 && isTold(cert)
  if (at >= PROFILES_FROM && policies.size !== 1 && !areUntold)
    found.push(breach('validation-policy', `${policies.size} of them`))
  return [...found, ...keyUsageRules(cert, at)]
}

function keyUsageRules({ keyUsage, publicKey }: InspectedCertificate, at: number): RuleBreach[] {
  if (keyUsage === undefined || publicKey === undefined || at < PROFILES_FROM) return []
  const { algorithm } = publicKey
  const allowed = ALLOWED_USES.get(algorithm)
  if (allowed === undefined) return []
  const wrong = keyUsage.filter((use) => !allowed.includes(use))
  if (wrong.length > 0) return [breach('key-usage', `${wrong.join(', ')} of an ${algorithm} key`)]
  return algorithm !== 'EC' || keyUsage.includes('digitalSignature')
    ? []
    : [breach('key-usage', 'an EC key without digitalSignature')]
}

/** Rules of URLs of the issuer's certificate and of revocation. */
export function revocationRules(
  cert: InspectedCertificate,
  { isShortLived }: Pick<JudgedFacts, 'isShortLived'>,
): RuleBreach[] {
  // Both rules ask what is missing. Servers leave out what they have no words for: nothing shows that it is.
  if (isTold(cert)) return []
  const at = begins(cert)
  const found: RuleBreach[] = []
  if (at >= PROFILES_FROM && !cert.extensions.some(({ oid }) => oid === AUTHORITY_INFO_ACCESS))
    found.push(breach('aia-missing'))
  if (at >= CRL_FROM && !isShortLived && cert.crlUrls.length + cert.ocspUrls.length === 0)
    found.push(breach('revocation-missing'))
  return found
}

/** How many distinct logs a certificate needs SCTs of. @param begin - Epoch milliseconds. */
export function sctsNeeded(begin: number, validityDays: number): number {
  if (begin < SCTS_FROM) return 0
  return validityDays <= FEW_SCTS_DAYS ? 2 : 3
}

/** @param operators - Operators by log id; `undefined` when unknown. */
export function sctRules(
  cert: InspectedCertificate,
  { validityDays, sctLogs }: JudgedFacts,
  operators: ReadonlyMap<string, string> | undefined,
): RuleBreach[] {
  if (cert.kind !== 'certificate' || validityDays === null || (sctLogs === 0 && isTold(cert))) return []
  const needed = sctsNeeded(begins(cert), validityDays)
  if (needed === 0) return []
  if (sctLogs < needed) return [breach('sct-count', `${sctLogs} of ${needed}`)]
  if (operators === undefined) return []
  // An unknown log may belong to any operator.
  const known = cert.scts.map(({ logId }) => operators.get(logId))
  return known.includes(undefined) || new Set(known).size > 1 ? [] : [breach('sct-operators', known[0])]
}

/**
 * A precertificate signing CA signs instead of the CA: the issuer in the submitted precertificate then differs from the one in what the log
 * hashed (RFC 6962 section 3.2).
 */
export function precertificateRules(cert: InspectedCertificate): RuleBreach[] {
  // Read the precertificate last: reading it decodes it from the log's answer.
  if (cert.kind !== 'precertificate' || begins(cert) < NO_SIGNING_CA_FROM) return []
  const issuer = submittedIssuer(cert)
  return issuer === undefined || equalBytes(issuer, cert.issuer.raw) ? [] : [breach('precertificate-signing-ca')]
}
