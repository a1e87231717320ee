import { createHash } from 'node:crypto'
import { isTold, unreadNamesOf } from '../decode/decode-entry.js'
import type { CtCertificate } from '../types/certificate.js'
import { type Identifiable, identityOf } from '../util/identity.js'
import type { Concern, ConcernClass } from './concern.js'
import { type Match, OwnScore } from './match.js'
import { issuerText, type Policy } from './policy.js'
import { readName } from './read-name.js'
import type { Requirements } from './requirements.js'
import { splitName } from './suffix.js'

/** What is read of a certificate; a precertificate will do as well. */
export type ConcerningCertificate = Pick<
  CtCertificate,
  | 'kind'
  | 'dnsNames'
  | 'ipAddresses'
  | 'emailAddresses'
  | 'uris'
  | 'altNames'
  | 'issuer'
  | 'issuerKeyHash'
  | 'authorityKeyId'
  | 'issuanceId'
  | 'publicKey'
  | 'leafHash'
> &
  Partial<Pick<CtCertificate, 'validation' | 'notBefore' | 'notAfter'>> &
  Identifiable

export interface Rules {
  match(name: string): Match[]
  readonly policy: Policy
  readonly requirements: Requirements
  /** Whether there are own names at all. */
  readonly hasOwn: boolean
  /** Whether e-mail addresses and URIs count. */
  readonly mentions: boolean
}

const NOT_PARSED = 'the entry cannot be parsed: it could concern you'
const SEVERITIES = ['high', 'medium', 'low', 'info'] as const

/** All that a certificate is reported for, most severe first. */
export function concernsOf(cert: ConcerningCertificate, rules: Rules): Concern[] {
  if (cert.kind === 'unparsable') return rules.hasOwn ? [unreadable(cert, NOT_PARSED)] : []
  const concerns = readable(cert, rules)
  return concerns.length < 2
    ? concerns
    : concerns.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.score - a.score)
}

function readable(cert: ConcerningCertificate, rules: Rules): Concern[] {
  const groups = new MatchGroups()
  for (const name of cert.dnsNames) for (const match of rules.match(name)) groups.add(name, match, cert)
  for (const name of cert.ipAddresses) for (const match of rules.match(name)) groups.add(name, match, cert)
  const concerns = groups.map((matches) => {
    matches.sort((a, b) => b.score - a.score)
    return matches[0]?.kind === 'own' ? ownConcern(cert, rules, matches) : otherConcern(cert, matches)
  })
  if (rules.mentions) concerns.push(...mentioned(cert, rules))
  const unread = rules.hasOwn ? unreadNamesOf(cert) : undefined
  if (unread !== undefined) concerns.push(unreadable(cert, `some names cannot be read, and could be yours: ${unread}`))
  return concerns
}

/** Matches of a certificate by what they are about. Makes nothing for a certificate without matches, as nearly all are. */
class MatchGroups {
  private groups: Map<string, Match[]> | undefined
  private alternative: ReadonlySet<string> | undefined

  add(name: string, match: Match, cert: ConcerningCertificate): void {
    // Clients have not looked at common names for years: a single host that stands there alone is hardly served.
    const mayBeCommonName = match.rule.startsWith('=') && match.score === OwnScore.normal
    if (mayBeCommonName) this.alternative ??= alternativeNames(cert)
    const isCommonName = mayBeCommonName && this.alternative?.has(name) === false
    // With its kind: a word or a pattern may read as the subject of another kind does.
    const key = JSON.stringify([match.kind, subjectOf(match)])
    this.groups ??= new Map()
    const there = this.groups.get(key) ?? []
    this.groups.set(key, there)
    there.push(isCommonName ? { ...match, score: OwnScore.possible } : match)
  }

  map(make: (matches: Match[]) => Concern): Concern[] {
    return this.groups === undefined ? [] : Array.from(this.groups.values(), make)
  }
}

function alternativeNames({ altNames }: ConcerningCertificate): ReadonlySet<string> {
  return new Set(altNames.flatMap(({ kind, value }) => (kind === 'dNSName' ? readName(value).names : [])))
}

function subjectOf({ kind, rule, brand, name }: Match): string {
  if (kind === 'own') return 'own'
  return kind === 'lookalike' ? `${brand} ${name.slice(splitName(name).domainAt)}` : rule
}

function ownConcern(cert: ConcerningCertificate, { policy, requirements }: Rules, matches: Match[]): Concern {
  const reasons: string[] = []
  const issuer = policy.isExpectedIssuer(
    cert,
    matches.map(({ name }) => name),
  )
  const broken = requirements.broken(cert)
  if (issuer === false) reasons.push(`issued by ${issuerText(cert)}, which is none of the expected issuers`)
  if (issuer === undefined)
    reasons.push(
      isTold(cert)
        ? 'the server does not say enough of the issuer to judge whether it is expected'
        : 'the key of the issuer is not in this entry: whether it is expected is said of its precertificate',
    )
  reasons.push(...broken)
  const kind = ownClass(cert, policy, matches, issuer, broken.length > 0)
  if (kind === 'new-key' && cert.publicKey === undefined && isTold(cert))
    reasons.push('the server does not say its key: it may be a known one')
  return concernOf(cert, kind, 'own', matches, reasons)
}

function ownClass(
  cert: ConcerningCertificate,
  policy: Policy,
  matches: Match[],
  issuer: boolean | undefined,
  isAgainstPolicy: boolean,
): ConcernClass {
  if (policy.isKnownIssuance(cert)) return 'known'
  if (issuer === false) return 'unexpected-issuer'
  if (isAgainstPolicy) return 'against-policy'
  if (matches.some(({ score }) => score === OwnScore.high)) return 'suffix-wildcard'
  const unknown = matches.filter(({ name }) => !policy.isKnownName(name))
  if (unknown.some(({ name }) => name.startsWith('*.'))) return 'new-wildcard'
  if (unknown.length > 0) return 'new-name'
  return policy.isKnownKey(cert) && issuer === true ? 'renewal' : 'new-key'
}

function otherConcern(cert: ConcerningCertificate, matches: Match[]): Concern {
  const [best] = matches as [Match]
  return concernOf(cert, best.kind as 'lookalike' | 'word' | 'pattern', subjectOf(best), matches, [])
}

function mentioned(cert: ConcerningCertificate, rules: Rules): Concern[] {
  const hosts = [
    ...cert.emailAddresses.map((address) => address.slice(address.lastIndexOf('@') + 1)),
    ...cert.uris.map((uri) => /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#:]*)/i.exec(uri)?.[1] ?? ''),
  ]
  const matches = hosts
    .flatMap((host) => rules.match(host).filter(({ kind }) => kind === 'own'))
    .map((match) => ({ ...match, score: OwnScore.possible }))
  return matches.length === 0 ? [] : [concernOf(cert, 'mention', 'mention', matches, ['in an e-mail address or URI'])]
}

function unreadable(cert: ConcerningCertificate, reason: string): Concern {
  return concernOf(cert, 'unreadable', 'unreadable', [], [reason])
}

function concernOf(
  cert: ConcerningCertificate,
  kind: ConcernClass,
  subject: string,
  matches: readonly Match[],
  reasons: readonly string[],
): Concern {
  const score = matches[0]?.score ?? 0
  // Not by class: a precertificate says more of its issuer than its certificate.
  const about = kind === 'mention' ? kind : (matches[0]?.kind ?? kind)
  const id = createHash('sha256')
    .update(JSON.stringify([identityOf(cert), about, subject]))
    .digest('hex')
    .slice(0, 32)
  return { id, class: kind, severity: severityOf(kind, score), score, subject, matches, reasons }
}

function severityOf(kind: ConcernClass, score: number): Concern['severity'] {
  if (kind === 'lookalike') return score >= 75 ? 'high' : score >= 60 ? 'medium' : score >= 50 ? 'low' : 'info'
  if (kind === 'unexpected-issuer' || kind === 'against-policy' || kind === 'suffix-wildcard') return 'high'
  if (kind === 'new-wildcard' || kind === 'new-name') return score <= OwnScore.possible ? 'low' : 'medium'
  return kind === 'new-key' || kind === 'word' || kind === 'pattern' ? 'low' : 'info'
}
