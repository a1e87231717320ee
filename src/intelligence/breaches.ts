import { precertificateRules, purposeRules, revocationRules, sctRules } from './extension-rules.js'
import type { InspectedCertificate, JudgedFacts } from './facts.js'
import { type KeyRuleOptions, keyRules, signatureRules } from './key-rules.js'
import type { RuleBreach } from './rule.js'
import { serialRules, validityRules } from './validity-rules.js'

/** What rules need to know beside the certificate. */
export interface RuleKnowledge {
  readonly keys: KeyRuleOptions
  /** Operator by log id, where they are known. */
  readonly operators: ReadonlyMap<string, string> | undefined
  /** Rules of names; may remember what they said of one. */
  readonly names: (cert: InspectedCertificate) => readonly RuleBreach[]
}

/** The rules that say the same of all certificates with the same extensions; may be remembered. */
export interface ExtensionRules {
  readonly purposes: (cert: InspectedCertificate) => readonly RuleBreach[]
  readonly revocation: (cert: InspectedCertificate, facts: JudgedFacts) => readonly RuleBreach[]
}

const asTheyStand: ExtensionRules = { purposes: purposeRules, revocation: revocationRules }
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
const none: readonly RuleBreach[] = Object.freeze([])

/** Rules that a certificate breaks, most severe first. */
export function breachesOf(
  cert: InspectedCertificate,
  facts: JudgedFacts,
  { keys, operators, names }: RuleKnowledge,
  extensions: ExtensionRules = asTheyStand,
): readonly RuleBreach[] {
  const isTls = facts.scope === 'tls'
  if (!isTls && facts.scope !== 'ca') return none
  const found: RuleBreach[] = []
  addTo(found, keyRules(cert, keys))
  addTo(found, signatureRules(cert))
  if (isTls) {
    addTo(found, validityRules(cert, facts))
    addTo(found, serialRules(cert, facts))
    addTo(found, extensions.purposes(cert))
    addTo(found, names(cert))
    addTo(found, extensions.revocation(cert, facts))
    addTo(found, sctRules(cert, facts, operators))
    addTo(found, precertificateRules(cert))
  }
  return found.length < 2
    ? found
    : found.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

function addTo(found: RuleBreach[], more: readonly RuleBreach[]): void {
  for (const breach of more) found.push(breach)
}
