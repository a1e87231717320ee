import type { Severity } from '../types/finding.js'
import { cutText, harmless } from '../util/harmless.js'

/** One rule that certificates are checked against. */
interface Rule {
  /** How bad a breach is. */
  readonly severity: Severity
  /** Where the rule is written. BR: the CA/Browser Forum's Baseline Requirements for TLS certificates, sections as of 2.2.6. */
  readonly clause: string
  /** What a breach of it is, in a few words. */
  readonly title: string
}

const rule = (severity: Severity, clause: string, title: string): Rule => ({ severity, clause, title })

/** All rules, by id. */
export const RULES = {
  'validity-long': rule('medium', 'BR 6.3.2', 'valid for longer than certificates of its date may be'),
  'validity-negative': rule('medium', 'RFC 5280 4.1.2.5', 'ends before it begins'),
  backdated: rule('low', 'BR 7.1.2.7', 'notBefore is more than 48 hours before it was signed'),
  'forward-dated': rule('low', 'BR 7.1.2.7', 'notBefore is more than 48 hours after it was logged'),
  'serial-range': rule('medium', 'RFC 5280 4.1.2.2', 'serial number not positive, or longer than 20 octets'),
  'serial-entropy': rule('low', 'BR 7.1.2.7', 'serial number too small for 64 bits from a random generator'),
  'key-small': rule('high', 'BR 6.1.5', 'RSA key of less than 2048 bits'),
  'key-size-odd': rule('low', 'BR 6.1.5', 'RSA modulus whose size in bits is no multiple of 8'),
  'key-exponent': rule('high', 'BR 6.1.6', 'RSA exponent that is even, or less than 3'),
  'key-exponent-small': rule('info', 'BR 6.1.6', 'RSA exponent less than 65537, which is advised'),
  'key-curve': rule('medium', 'BR 6.1.5', 'EC key on another curve than P-256, P-384 and P-521'),
  'key-algorithm': rule('medium', 'BR 6.1.5', 'key that is neither RSA nor EC'),
  'key-close-primes': rule('critical', 'BR 6.1.1.3', 'RSA key that Fermat factorization breaks'),
  'key-roca': rule('critical', 'BR 6.1.1.3', 'RSA key of the form that the ROCA attack breaks'),
  'key-known-weak': rule('critical', 'BR 6.1.1.3', 'key on the list of weak keys'),
  'signature-weak': rule('high', 'BR 7.1.3.2', 'signed with SHA-1, MD5 or MD2'),
  'validation-policy': rule('medium', 'BR 7.1.2.7.9', 'not exactly one of the policies DV, OV, IV and EV'),
  'eku-server-auth': rule('medium', 'BR 7.1.2.7.10', 'extended key usage without serverAuth'),
  'eku-forbidden': rule('medium', 'BR 7.1.2.7.10', 'extended key usage that a TLS certificate must not have'),
  'eku-client-auth': rule('low', 'Chrome Root Program Policy', 'clientAuth in a TLS server certificate'),
  'key-usage': rule('medium', 'BR 7.1.2.7.11', 'key usage that does not fit its key'),
  'san-missing': rule('medium', 'BR 7.1.2.7.12', 'no DNS name or IP address in the SubjectAltName'),
  'san-type': rule('medium', 'BR 7.1.2.7.12', 'SubjectAltName of another type than DNS name and IP address'),
  'name-syntax': rule('medium', 'BR 7.1.2.7.12', 'DNS name that is none'),
  'name-underscore': rule('low', 'BR 7.1.2.7.12', 'underscore in a DNS name'),
  'name-reserved-label': rule('low', 'BR 7.1.2.7.12', 'label with "--" in third place that is no xn-- label'),
  'name-punycode': rule('medium', 'BR 7.1.2.7.12', 'xn-- label that is no Punycode'),
  'name-idn': rule('low', 'RFC 5890 2.3.2.1', 'xn-- label of what is no internationalized label'),
  'name-internal': rule('high', 'BR 7.1.2.7.12', 'internal name'),
  'name-arpa': rule('medium', 'BR 7.1.2.7.12', 'name below in-addr.arpa or ip6.arpa'),
  'ip-reserved': rule('high', 'BR 7.1.2.7.12', 'reserved IP address'),
  'wildcard-suffix': rule('high', 'BR 3.2.2.6', 'wildcard directly below a public suffix'),
  'cn-not-in-san': rule('low', 'BR 7.1.4.3', 'common name that is not in the SubjectAltName'),
  'aia-missing': rule('low', 'BR 7.1.2.7.6', 'no AuthorityInfoAccess'),
  'revocation-missing': rule(
    'medium',
    'BR 7.1.2.11.2',
    'neither CRL distribution point nor OCSP URL, and not short-lived',
  ),
  'sct-count': rule('low', "Apple's CT policy", 'embedded SCTs of fewer logs than its lifetime asks for'),
  'sct-operators': rule('low', "Apple's CT policy", 'embedded SCTs of a single operator'),
  'precertificate-signing-ca': rule('medium', 'BR 7.1.2.4', 'precertificate signed by a precertificate signing CA'),
} as const satisfies Readonly<Record<string, Rule>>

/** Id of a rule; stable. */
export type RuleId = keyof typeof RULES

/** A rule that a certificate breaks. Plain data. */
export interface RuleBreach {
  /** Id of the rule; never changes its meaning. */
  readonly rule: RuleId
  /** How bad it is. */
  readonly severity: Severity
  /** Where the rule is written, such as `BR 6.3.2` or `RFC 5280 4.1.2.2`. */
  readonly clause: string
  /** For people: one line of at most 300 characters, harmless to a terminal (control characters are escaped as `\x1b`). */
  readonly text: string
  /** The first 3 names concerned, each cut to 253 characters; empty when the breach is about the certificate as a whole. */
  readonly names: readonly string[]
}

const SHOWN_NAMES = 3
const MAX_NAME = 253
const MAX_TEXT = 300

/** @param detail - Details to add to the rule's title. @param names - All names concerned. */
export function breach(id: RuleId, detail = '', names: readonly string[] = []): RuleBreach {
  const { severity, clause, title } = RULES[id]
  const shown = names.slice(0, SHOWN_NAMES).map((name) => harmless(cutText(name, MAX_NAME)))
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : ''
  const about = detail === '' && shown.length > 0 ? `${shown.join(', ')}${more}` : detail
  const text = harmless(cutText(about === '' ? title : `${title}: ${about}`, MAX_TEXT))
  return { rule: id, severity, clause, text, names: shown }
}
