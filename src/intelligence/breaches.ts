import { precertificateRules, purposeRules, revocationRules, sctRules } from './extension-rules.js'
import type { InspectedCertificate, JudgedFacts } from './facts.js'
import { type KeyRuleOptions, keyRules, signatureRules } from './key-rules.js'
import { nameRules } from './name-rules.js'
import type { RuleBreach } from './rule.js'
import { serialRules, validityRules } from './validity-rules.js'

/** What rules need besides the certificate. */
export interface RuleKnowledge {
  readonly keys: KeyRuleOptions
  /** Operators by log id; `undefined` when unknown. */
  readonly operators: ReadonlyMap<string, string> | undefined
}

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
const none: readonly RuleBreach[] = Object.freeze([])

/** Rules that a certificate breaks, most severe first. */
export function breachesOf(
  cert: InspectedCertificate,
  facts: JudgedFacts,
  { keys, operators }: RuleKnowledge,
): readonly RuleBreach[] {
  const isTls = facts.scope === 'tls'
  if (!isTls && facts.scope !== 'ca') return none
  const found: RuleBreach[] = []
  addTo(found, keyRules(cert, keys))
  addTo(found, signatureRules(cert))
  if (isTls) {
    addTo(found, validityRules(cert.notBefore, cert.notAfter, facts.loggedAfterMs))
    addTo(found, serialRules(cert, facts))
    addTo(found, purposeRules(cert))
    addTo(found, nameRules(cert))
    addTo(found, revocationRules(cert, facts))
    addTo(found, sctRules(cert, facts, operators))
    addTo(found, precertificateRules(cert))
  }
  return bySeverity(found)
}

/** Sorts breaches in place, most severe first. */
export function bySeverity(found: RuleBreach[]): RuleBreach[] {
  return found.length < 2
    ? found
    : found.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

function addTo(found: RuleBreach[], more: readonly RuleBreach[]): void {
  for (const breach of more) found.push(breach)
}
