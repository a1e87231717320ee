import { outlineOf } from '../decode/decode-entry.js'
import { Octets } from '../x509/oids.js'
import type { Outline } from '../x509/outline.js'
import { latin1 } from '../x509/strings.js'
import type { ExtensionRules } from './breaches.js'
import { EXTENSION_DATES, purposeRules, revocationRules } from './extension-rules.js'
import { type CertificateScope, type InspectedCertificate, type JudgedFacts, scopeOf } from './facts.js'
import { Remembered } from './remembered.js'
import type { RuleBreach } from './rule.js'

/** Profiles remembered, twice: CAs have some thousand, and who makes them up cannot make this grow. */
const MOST = 2000
/** Longest that is remembered, octets; those of CAs have some hundred. */
const MAX_KEY = 2000

/** Types of extensions that differ from certificate to certificate, and that no remembered rule asks for the content of. */
const OWN_EXTENSIONS = [
  Octets.subjectAltName,
  Octets.sctList,
  Octets.subjectKeyIdentifier,
  Octets.precertPoison,
  Octets.crlDistributionPoints,
]

/**
 * What the rules say of extensions, remembered by their bytes: an issuer's certificates have the same but for a few that are left out of
 * the key. Compared are the bytes themselves, not a hash of them.
 */
export class ExtensionProfiles {
  private readonly known = new Remembered<ExtensionProfile>(MOST)

  /** `undefined` for a certificate that has no bytes, or none that are worth remembering. */
  of(cert: InspectedCertificate): ExtensionProfile | undefined {
    const outline = outlineOf(cert)
    const key = outline === undefined ? undefined : keyOf(outline, cert.publicKey?.algorithm ?? '')
    if (key === undefined) return undefined
    return this.known.get(key) ?? this.known.set(key, new ExtensionProfile(cert))
  }
}

/** What is said of one set of extensions. */
export class ExtensionProfile implements ExtensionRules {
  /** `undefined` when the names decide. */
  readonly scope: CertificateScope | undefined
  private readonly hasOcsp: boolean
  private readonly purposesByEra: (readonly RuleBreach[] | undefined)[] = []
  private readonly revocationByEra: (readonly RuleBreach[] | undefined)[] = []

  constructor(cert: InspectedCertificate) {
    const scope = scopeOf(cert, false)
    const isStated = (cert.extendedKeyUsage ?? []).length > 0
    this.scope = scope === 'other' && !isStated ? undefined : scope
    this.hasOcsp = cert.ocspUrls.length > 0
  }

  purposes(cert: InspectedCertificate): readonly RuleBreach[] {
    return (this.purposesByEra[eraOf(cert)] ??= purposeRules(cert))
  }

  revocation(cert: InspectedCertificate, facts: JudgedFacts): readonly RuleBreach[] {
    const isCovered = facts.isShortLived || this.hasOcsp || cert.crlUrls.length > 0
    const place = eraOf(cert) * 2 + (isCovered ? 1 : 0)
    return (this.revocationByEra[place] ??= revocationRules(cert, facts))
  }
}

/** The dates of rules that a certificate is under, as a number. */
function eraOf({ notBefore }: InspectedCertificate): number {
  const at = notBefore?.getTime() ?? Number.NEGATIVE_INFINITY
  let era = 0
  for (const from of EXTENSION_DATES) if (at >= from) era++
  return era
}

function keyOf(outline: Outline, algorithm: string): string | undefined {
  let key = `${algorithm}\n`
  let from = 0
  let to = 0
  for (let i = 0; i < outline.extensionCount; i++) {
    if (OWN_EXTENSIONS.some((oid) => outline.isExtension(i, oid))) continue
    const { start, end } = outline.extensionSpan(i)
    // Neighbours are read in one piece.
    if (start !== to) {
      if (to > from) key += latin1(outline.bytes, from, to)
      from = start
    }
    to = end
    if (to - from + key.length > MAX_KEY) return undefined
  }
  return to > from ? key + latin1(outline.bytes, from, to) : key
}
