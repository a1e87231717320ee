import { booleanOption, objectOption, optionError } from '../util/options.js'
import { breachesOf, bySeverity, type RuleKnowledge } from './breaches.js'
import { type CertificateFacts, factsOf, type InspectedCertificate, judgedFactsOf } from './facts.js'
import { OrdinaryCertificate } from './ordinary-certificate.js'
import { Remembered } from './remembered.js'
import type { RuleBreach } from './rule.js'
import { isSound } from './soundness.js'
import { isSoundValidity, validityRules } from './validity-rules.js'

const HOUR = 3_600_000
const REMEMBERED_HOURS = 10_000
const none: readonly RuleBreach[] = Object.freeze([])

/** Options of {@link inspectCertificate}; all optional. */
export interface InspectOptions {
  /**
   * Whether to test RSA keys for close primes (Fermat, 100 rounds) and for the ROCA form, which takes some tenths of a millisecond for each
   * key. Default `false`.
   */
  readonly weakKeys?: boolean
  /**
   * Keys known to be weak: `spkiSha256`, 64 lower-case hex digits, or 20 as in the lists of Debian's openssl-blacklist
   * (`openssl x509 -noout -modulus | sha1sum`, of which the last 20 digits). Default none.
   */
  readonly knownWeakKeys?: ReadonlySet<string>
  /** Operators by base64 log id; may grow later. An unknown log counts as having any operator. Default: operators are not checked. */
  readonly operators?: ReadonlyMap<string, string>
}

/** Result of {@link inspectCertificate}. */
export interface Inspection {
  /** Facts about the certificate, plain data. */
  readonly facts: CertificateFacts
  /** Rules that the certificate breaks, most severe first; empty when it breaks none, or none applies. */
  readonly breaches: readonly RuleBreach[]
}

/**
 * Finds facts about a certificate, and which rules of the RFCs and of the CA/Browser Forum it breaks, as of its `notBefore`.
 *
 * Pure; never throws for the contents of a certificate. Takes time linear in its size, and examines the first 10,000 names. All rules apply
 * to TLS server certificates, those of keys and signatures to CA certificates, none to others.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function inspectCertificate(cert: InspectedCertificate, options: InspectOptions = {}): Inspection {
  return inspector(options)(cert)
}

/** Makes an {@link inspectCertificate} whose options are checked once. */
export function inspector(options: InspectOptions): (cert: InspectedCertificate) => Inspection {
  const knowledge = knowledgeOf(options)
  return (cert) => {
    const facts = factsOf(cert)
    return { facts, breaches: breachesOf(cert, facts, knowledge) }
  }
}

/**
 * Finds the same breaches as {@link inspector}, without the facts, for many certificates: it decides from the bytes that an ordinary
 * certificate breaks no rule, and decodes only the others.
 *
 * @param ordinary - Reads the bytes; may be shared with another reader of the same certificates.
 */
export function breachFinder(
  options: InspectOptions,
  ordinary: OrdinaryCertificate = new OrdinaryCertificate(),
): (cert: InspectedCertificate) => readonly RuleBreach[] {
  const knowledge = knowledgeOf(options)
  const late = new Remembered<readonly RuleBreach[], number>(REMEMBERED_HOURS)
  return (cert) => {
    const scope = ordinary.read(cert) ? (ordinary.profile.scope ?? 'tls') : undefined
    if (scope === 'other') return none
    if (scope !== 'tls' || !isSound(cert, ordinary, knowledge))
      return breachesOf(cert, judgedFactsOf(cert, scope), knowledge)
    const { begin, end, loggedAfterMs } = ordinary
    if (isSoundValidity(begin, end, loggedAfterMs)) return none
    // Old certificates are sometimes logged by the million: the breach of being late is made once for each hour of lateness.
    const isLateAlone = isSoundValidity(begin, end, 0)
    const hours = Math.trunc(loggedAfterMs / HOUR)
    const known = isLateAlone ? late.get(hours) : undefined
    if (known !== undefined) return known
    const logged = Number.isNaN(loggedAfterMs) ? null : loggedAfterMs
    const found = bySeverity(validityRules(new Date(begin), new Date(end), logged))
    return isLateAlone ? late.set(hours, found) : found
  }
}

function knowledgeOf(options: InspectOptions): RuleKnowledge {
  const given = objectOption<InspectOptions>('options', options, ['weakKeys', 'knownWeakKeys', 'operators'])
  const keys = {
    weakKeys: booleanOption('weakKeys', given.weakKeys, false),
    knownWeakKeys: given.knownWeakKeys ?? new Set<string>(),
  }
  if (!(keys.knownWeakKeys instanceof Set)) throw optionError('knownWeakKeys', 'a Set', given.knownWeakKeys)
  const { operators } = given
  if (operators !== undefined && typeof operators.get !== 'function') throw optionError('operators', 'a Map', operators)
  return { keys, operators }
}
