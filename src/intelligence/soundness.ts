import type { RuleKnowledge } from './breaches.js'
import { NO_SIGNING_CA_FROM, precertificateRules, sctsNeeded } from './extension-rules.js'
import { type InspectedCertificate, isShort } from './facts.js'
import { isSoundCurve, keyRules, LEAST_RSA_BITS } from './key-rules.js'
import type { OrdinaryCertificate } from './ordinary-certificate.js'

const DAY = 86_400_000
const MIN_SERIAL = 8
const MAX_SERIAL = 20

/**
 * Whether a certificate breaks no rule, except perhaps those of dates, decided from its bytes. `false` means that it may break one: then all
 * rules must be checked.
 *
 * @param cert - A TLS certificate.
 * @param ordinary - The reader that has read it.
 */
export function isSound(
  cert: InspectedCertificate,
  ordinary: OrdinaryCertificate,
  { keys, operators }: RuleKnowledge,
): boolean {
  const { profile, begin } = ordinary
  const ms = ordinary.end - begin + 1000
  const isCovered = isShort(ms, begin) || profile.hasOcsp || ordinary.namesCrl() || cert.crlUrls.length > 0
  const hasUnusualKey = keys.weakKeys || keys.knownWeakKeys.size > 0
  return (
    ordinary.hasSerial(MIN_SERIAL, MAX_SERIAL) &&
    (ordinary.keyBits > 0 ? ordinary.keyBits >= LEAST_RSA_BITS : isSoundCurve(profile.key)) &&
    !(hasUnusualKey && keyRules(cert, keys).length > 0) &&
    !profile.hasWeakSignature &&
    profile.isSound(cert, begin, isCovered) &&
    hasSoundNames(ordinary) &&
    (cert.kind !== 'certificate' || hasEnoughScts(ordinary, sctsNeeded(begin, Math.ceil(ms / DAY)), operators)) &&
    (cert.kind !== 'precertificate' ||
      begin < NO_SIGNING_CA_FROM ||
      ordinary.isSignedByIssuer(cert) ||
      precertificateRules(cert).length === 0)
  )
}

function hasSoundNames({ known }: OrdinaryCertificate): boolean {
  for (const { isBelowListed } of known) if (!isBelowListed) return false
  return true
}

/** The same judgement as `sctRules`. */
function hasEnoughScts(
  { logs }: OrdinaryCertificate,
  needed: number,
  operators: ReadonlyMap<string, string> | undefined,
): boolean {
  if (needed === 0) return true
  const { ids } = logs
  if (ids.length < needed) return false
  if (operators === undefined) return true
  const first = operators.get(ids[0] as string)
  for (const id of ids) {
    const operator = operators.get(id)
    if (operator === undefined || operator !== first) return true
  }
  return false
}
