import type { PublicKeyInfo } from '../types/certificate-fields.js'
import type { InspectedCertificate } from './facts.js'
import { breach, type RuleBreach } from './rule.js'
import { blacklistEntry, isRocaModulus, modulusOf, splitsByFermat } from './weak-keys.js'

const CURVES = ['P-256', 'P-384', 'P-521']
export const LEAST_RSA_BITS = 2048
/** BR 1.0, appendix A: 1024 bits for certificates that end before. */
const RSA_2048_FROM = Date.UTC(2014, 0, 1)
const OLD_RSA_BITS = 1024
/** Date of BR 2.0.0, which allows only RSA and EC keys. */
const ALGORITHMS_FROM = Date.UTC(2023, 8, 15)
const SHA1_FROM = Date.UTC(2016, 0, 1)

/** Whether this kind of EC key breaks no rule. @param key - As `keyText` writes it. */
export function isSoundCurve(key: string): boolean {
  return CURVES.some((curve) => key === `EC ${curve}`)
}

export interface KeyRuleOptions {
  readonly weakKeys: boolean
  readonly knownWeakKeys: ReadonlySet<string>
}

export function keyRules(cert: InspectedCertificate, options: KeyRuleOptions): RuleBreach[] {
  const { publicKey, notBefore } = cert
  if (publicKey === undefined) return []
  const { knownWeakKeys } = options
  const isKnown =
    knownWeakKeys.size > 0 &&
    (knownWeakKeys.has(publicKey.spkiSha256) || knownWeakKeys.has(blacklistEntry(publicKey) ?? ''))
  const found = isKnown ? [breach('key-known-weak')] : []
  if (publicKey.algorithm === 'RSA') return [...found, ...rsaRules(publicKey, cert.notAfter, options.weakKeys)]
  const { algorithm, curve } = publicKey
  if (algorithm === 'EC' && !CURVES.includes(curve ?? '')) found.push(breach('key-curve', curve ?? 'not a named one'))
  const isUnderRule = notBefore !== undefined && notBefore.getTime() >= ALGORITHMS_FROM
  if (algorithm !== 'EC' && isUnderRule) found.push(breach('key-algorithm', algorithm))
  return found
}

function rsaRules(
  { bits, exponent, spki }: PublicKeyInfo,
  notAfter: Date | undefined,
  weakKeys: boolean,
): RuleBreach[] {
  const found: RuleBreach[] = []
  // A key without a size could not be read; the certificate's problems report that.
  if (bits === undefined) return found
  const isOfOldRules = notAfter !== undefined && notAfter.getTime() < RSA_2048_FROM
  if (bits < (isOfOldRules ? OLD_RSA_BITS : LEAST_RSA_BITS)) found.push(breach('key-small', `${bits} bits`))
  if (bits % 8 !== 0) found.push(breach('key-size-odd', `${bits} bits`))
  if (exponent !== undefined) {
    if (exponent < 3 || exponent % 2 === 0) found.push(breach('key-exponent', String(exponent)))
    else if (exponent < 65_537) found.push(breach('key-exponent-small', String(exponent)))
  }
  const modulus = weakKeys ? modulusOf(spki) : undefined
  if (modulus !== undefined && isRocaModulus(modulus)) found.push(breach('key-roca'))
  if (modulus !== undefined && splitsByFermat(modulus)) found.push(breach('key-close-primes'))
  return found
}

/** OIDs of weak signatures, from RFC 3279, RFC 5758, and the ISO OID that old tools wrote. */
const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
}

/** @param oid - Of a signature algorithm. */
export function isWeakSignature(oid: string | undefined): boolean {
  return WEAK_SIGNATURES[oid ?? ''] !== undefined
}

/** Skips self-issued certificates: nobody relies on the signature of a root. */
export function signatureRules({ signatureAlgorithm, notBefore, isSelfIssued }: InspectedCertificate): RuleBreach[] {
  const weak = WEAK_SIGNATURES[signatureAlgorithm?.oid ?? '']
  if (weak === undefined || isSelfIssued) return []
  if (weak === 'SHA-1' && (notBefore === undefined || notBefore.getTime() < SHA1_FROM)) return []
  return [breach('signature-weak', weak)]
}
