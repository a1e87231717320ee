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
   * Whether RSA keys are tried for primes that are close to each other (Fermat, 100 rounds) and for the ROCA form: some tenths of a
   * millisecond each. Default `false`.
   */
  readonly weakKeys?: boolean
  /**
   * Keys known to be weak: `spkiSha256`, 64 lower-case hex digits, or 20 as in the lists of Debian's openssl-blacklist
   * (`openssl x509 -noout -modulus | sha1sum`, of which the last 20 digits). Default none.
   */
  readonly knownWeakKeys?: ReadonlySet<string>
  /** Operator of a log by base64 log id; may grow meanwhile. SCTs of logs that are not in it may be anybody's. Default: not checked. */
  readonly operators?: ReadonlyMap<string, string>
}

/** What {@link inspectCertificate} returns. */
export interface Inspection {
  /** What can be said of it, plain data. */
  readonly facts: CertificateFacts
  /** Rules that the certificate breaks, most severe first; empty when there are none, or it is under none. */
  readonly breaches: readonly RuleBreach[]
}

/**
 * What can be said of a certificate, and which rules of the RFCs and of the CA/Browser Forum it breaks, as they were on the day it begins.
 *
 * Pure, and never throws for what a certificate holds. Time is linear in its size; of its names the first 10,000 are looked at. TLS
 * server certificates are under all rules, CA certificates under those of keys and signatures alone, others under none.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function inspectCertificate(cert: InspectedCertificate, options: InspectOptions = {}): Inspection {
  return inspector(options)(cert)
}

/** {@link inspectCertificate} with options that are checked once. */
export function inspector(options: InspectOptions): (cert: InspectedCertificate) => Inspection {
  const knowledge = knowledgeOf(options)
  return (cert) => {
    const facts = factsOf(cert)
    return { facts, breaches: breachesOf(cert, facts, knowledge) }
  }
}

/**
 * The breaches of {@link inspector}, without the facts, for many certificates: that an ordinary one breaks no rule is found out from its
 * bytes, and only the others are decoded.
 *
 * @param ordinary - Reads them; whoever reads the same ones can share it.
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
    // Somebody gives old certificates to a log, by the million: that they are late is said once for each hour.
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
