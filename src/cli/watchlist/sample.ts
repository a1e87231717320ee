import { draftOf } from '../../modules/concern-draft.js'
import type { WatchlistModuleOptions } from '../../modules/watchlist.js'
import type { CertificateJson } from '../../types/certificate-json.js'
import type { Finding } from '../../types/finding.js'
import type { ConcerningCertificate } from '../../watchlist/concerns.js'
import { parseOwnRule, Scope } from '../../watchlist/own-rule.js'
import { optionPlace } from '../../watchlist/place.js'
import { Watchlist } from '../../watchlist/watchlist.js'
import { rulesIn } from './rules.js'

/** Invented names that the rules would report: at most one of each kind. */
export function sampleNames(options: WatchlistModuleOptions): string[] {
  const watchlist = Watchlist.of(rulesIn(options))
  const reported = (name: string) =>
    watchlist.match(name).some(({ kind, score }) => kind !== 'lookalike' || score >= (options.lookalikeScore ?? 60))
  const own = (options.own ?? []).flatMap((rule) => {
    const parsed = parseOwnRule(optionPlace('own'), rule)
    if (parsed.kind === 'ip') return []
    // As certificates have it: a rule may be written with U-labels.
    return parsed.scope === Scope.exact ? parsed.name : `login.${parsed.name}`
  })
  const tokens = (options.brands ?? []).flatMap((brand) => brand.tokens)
  const lookalikes = tokens.flatMap((token) => [
    `${token}-login.top`,
    `${token}-secure-login.top`,
    `secure-${token}-account-login.top`,
  ])
  return [own, lookalikes].flatMap((names) => names.find(reported) ?? [])
}

/** The alert about a name, without a certificate. */
export function sampleFinding(name: string, options: WatchlistModuleOptions, now: number): Finding | undefined {
  const [concern] = Watchlist.of(rulesIn(options)).concerns(certificateOf(name))
  if (concern === undefined) return undefined
  const { kind, subject = kind, severity = 'medium', score = 0, reasons = [] } = draftOf(concern)
  const certificate = {
    dnsNames: [name],
    issuer: { organization: 'Some CA' },
    log: { description: 'Some log' },
    index: 0,
  }
  return {
    ...{ id: concern.id, module: 'watchlist', kind, subject, severity, score, reasons },
    ...{ certificate: certificate as unknown as CertificateJson, firstSeen: new Date(now).toISOString() },
  }
}

/** A certificate with one name and no other fields. */
export function certificateOf(name: string): ConcerningCertificate {
  return {
    ...{ kind: 'certificate', dnsNames: [name], ipAddresses: [], emailAddresses: [], uris: [] },
    altNames: [{ kind: 'dNSName', value: name, raw: Buffer.from(name) }],
    issuer: { organization: undefined, toString: () => 'O=Some CA' },
    ...{ issuerKeyHash: undefined, authorityKeyId: undefined, issuanceId: undefined, publicKey: undefined },
    leafHash: new Uint8Array(32),
  } as unknown as ConcerningCertificate
}
