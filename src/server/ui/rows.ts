import type { CtCertificate } from '../../types/certificate.js'
import { cutText } from '../../util/harmless.js'
import type { FeedRow } from './shapes.js'

const MAX_NAMES = 3
/** Longest name shown: the length limit of DNS. */
const MAX_TEXT = 253
/** Longest filter; the rest is cut. */
const MAX_MATCH = 200

/** A certificate on one line. Its text is not escaped: that is left to the page. */
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
 * @param text - Words; each must occur in a name, the issuer, the log, the kind or the SHA-256, in any case.
 * @returns `undefined` for an empty filter, which every certificate passes.
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

/** The issuer's common name, with its organization in front unless it begins with that: `R11` alone says little. */
function issuerName({ issuer }: Pick<CtCertificate, 'issuer'>): string {
  const { commonName, organization } = issuer
  if (commonName === undefined) return organization ?? issuer.toString()
  return organization === undefined || commonName.startsWith(organization)
    ? commonName
    : `${organization} ${commonName}`
}
