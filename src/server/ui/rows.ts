import type { CtCertificate } from '../../types/certificate.js'
import { cutText } from '../../util/harmless.js'
import type { FeedRow } from './shapes.js'

const MAX_NAMES = 3
/** As long as a DNS name can be. */
const MAX_TEXT = 253
/** Longer filters are cut: nobody types as much. */
const MAX_MATCH = 200

/** A certificate on one line. Nothing of it is harmless: whoever shows it does that. */
export function rowOf(certificate: CtCertificate, id: string): FeedRow {
  const { kind, timestamp, log, verified } = certificate
  const names = namesOf(certificate)
  return {
    id,
    kind,
    at: timestamp?.getTime() ?? null,
    names: names.slice(0, MAX_NAMES).map((name) => cutText(name, MAX_TEXT)),
    more: Math.max(0, names.length - MAX_NAMES),
    issuer: cutText(issuerName(certificate), MAX_TEXT),
    log: cutText(log.description, MAX_TEXT),
    isVerified: verified,
  }
}

/**
 * @param text - Words, of which each must be in a name, the issuer, the log, the kind or the SHA-256; upper and lower case are alike.
 * @returns `undefined`: every certificate.
 */
export function matcherOf(text: string): ((certificate: CtCertificate) => boolean) | undefined {
  const words = text.slice(0, MAX_MATCH).toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return undefined
  return (certificate) => {
    const { log, kind, sha256 } = certificate
    const texts = [...namesOf(certificate), issuerName(certificate), log.description, kind, sha256 ?? '']
    const lower = texts.map((one) => one.toLowerCase())
    return words.every((word) => lower.some((one) => one.includes(word)))
  }
}

function namesOf({ dnsNames, ipAddresses, emailAddresses, subject }: CtCertificate): readonly string[] {
  for (const names of [dnsNames, ipAddresses, emailAddresses]) if (names.length > 0) return names
  const text = subject.commonName ?? subject.toString()
  return text === '' ? [] : [text]
}

/** `R11` alone tells little: with the organization before it, unless the name begins with that. */
function issuerName({ issuer }: Pick<CtCertificate, 'issuer'>): string {
  const { commonName, organization } = issuer
  if (commonName === undefined) return organization ?? issuer.toString()
  return organization === undefined || commonName.startsWith(organization)
    ? commonName
    : `${organization} ${commonName}`
}
