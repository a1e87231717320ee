import { isTold } from '../decode/decode-entry.js'
import type { CtCertificate } from '../types/certificate.js'
import { organizationsOf } from './ca-owners.js'
import type { Place } from './place.js'
import { printable } from './printable.js'

/** What says that an issuer is one of yours. */
export type IssuerRule =
  | { readonly kind: 'key' | 'id'; readonly hex: string }
  /** In lower case. */
  | { readonly kind: 'organization'; readonly texts: ReadonlySet<string> }

/** What is known of your certificates. */
export interface KnownRule {
  readonly kind: 'issuance' | 'key' | 'name'
  readonly value: string
}

/**
 * `key:` and the SHA-256 of the issuer's SubjectPublicKeyInfo, `id:` and its key identifier, `owner:` and a CA owner, by its name
 * or its domain in CAA records, or an organization (O) to the letter. What is not a key any accepted root can write.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, or `CT_WATCHLIST_INVALID` with file and line.
 */
export function parseIssuerRule(place: Place, text: string): IssuerRule {
  const trimmed = text.trim()
  const [, kind, hex = ''] = /^(key|id):(.*)$/i.exec(trimmed) ?? []
  const owner = /^owner:\s*(.+)$/i.exec(trimmed)?.[1]
  if (owner !== undefined) return { kind: 'organization', texts: organizationsOf(owner) }
  if (kind === undefined && trimmed !== '' && !/^owner:/i.test(trimmed))
    return { kind: 'organization', texts: new Set([trimmed.toLowerCase()]) }
  const digits = hex.replaceAll(':', '').toLowerCase()
  if (kind?.toLowerCase() === 'key' && /^[0-9a-f]{64}$/.test(digits)) return { kind: 'key', hex: digits }
  if (kind?.toLowerCase() === 'id' && /^([0-9a-f]{2}){1,64}$/.test(digits)) return { kind: 'id', hex: digits }
  throw place.refuse(
    "an issuer: 'key:' and 64 hex digits, 'id:' and hex digits, 'owner:' and a CA owner, or its organization",
    text,
  )
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID`, or `CT_WATCHLIST_INVALID` with file and line. */
export function parseKnownRule(place: Place, text: string): KnownRule {
  const [, kind, value = ''] = /^(issuance|key|name):(.*)$/i.exec(text.trim()) ?? []
  const lower = value.trim().toLowerCase()
  if (kind?.toLowerCase() === 'name' && /^[a-z0-9._*-]{1,253}$/.test(lower)) return { kind: 'name', value: lower }
  const hex = lower.replaceAll(':', '')
  if (kind !== undefined && kind.toLowerCase() !== 'name' && /^[0-9a-f]{64}$/.test(hex))
    return { kind: kind.toLowerCase() as 'issuance' | 'key', value: hex }
  throw place.refuse("'issuance:' or 'key:' and 64 hex digits, or 'name:' and a name of a certificate", text)
}

type Issued = Pick<CtCertificate, 'issuer' | 'issuerKeyHash' | 'authorityKeyId' | 'issuanceId' | 'publicKey'>

/** What is expected of the certificates of own names. */
export class Policy {
  private readonly issuers: readonly IssuerRule[]
  private readonly wildcardIssuers: readonly IssuerRule[]
  private readonly known: Readonly<Record<KnownRule['kind'], ReadonlySet<string>>>

  /** @param wildcardIssuers - Of names that begin with `*.`; when empty, `issuers` are. */
  constructor(
    issuers: readonly IssuerRule[],
    known: readonly KnownRule[],
    wildcardIssuers: readonly IssuerRule[] = [],
  ) {
    this.issuers = issuers
    this.wildcardIssuers = wildcardIssuers.length === 0 ? issuers : wildcardIssuers
    const of = (wanted: KnownRule['kind']) =>
      new Set(known.filter(({ kind }) => kind === wanted).map(({ value }) => value))
    this.known = { issuance: of('issuance'), key: of('key'), name: of('name') }
  }

  /**
   * `undefined` when a rule could only be judged by what the entry does not say: the issuer's key, of final certificates, and what a server
   * leaves out that sends no DER.
   *
   * @param names - Own names of the certificate.
   */
  isExpectedIssuer(cert: Issued, names: readonly string[]): boolean | undefined {
    const isWildcard = (name: string) => name.startsWith('*.')
    const one = names.every(isWildcard) && names.length > 0 ? true : isAmong(this.issuers, cert)
    const other = names.some(isWildcard) ? isAmong(this.wildcardIssuers, cert) : true
    return one === false || other === false ? false : one && other
  }

  isKnownIssuance({ issuanceId }: Issued): boolean {
    return issuanceId !== undefined && this.known.issuance.has(issuanceId)
  }

  /** Also when no keys are listed. */
  isKnownKey({ publicKey }: Issued): boolean {
    return this.known.key.size === 0 || (publicKey !== undefined && this.known.key.has(publicKey.spkiSha256))
  }

  isKnownName(name: string): boolean {
    return this.known.name.has(name)
  }
}

/** Whether the issuer meets a rule, or there are none. */
function isAmong(rules: readonly IssuerRule[], cert: Issued): boolean | undefined {
  if (rules.length === 0) return true
  const { issuer, issuerKeyHash, authorityKeyId } = cert
  const key = issuerKeyHash === undefined ? undefined : Buffer.from(issuerKeyHash).toString('hex')
  const id = authorityKeyId?.toLowerCase().replaceAll(':', '')
  const organization = issuer.organization?.trim().toLowerCase() ?? ''
  const isOne = rules.some((rule) =>
    rule.kind === 'organization' ? rule.texts.has(organization) : rule.hex === (rule.kind === 'key' ? key : id),
  )
  if (isOne) return true
  const isUntold = {
    key: key === undefined,
    id: id === undefined && isTold(cert),
    organization: isTold(cert) && issuer.attributes.length === 0,
  }
  return rules.some(({ kind }) => isUntold[kind]) ? undefined : false
}

/** For people. */
export function issuerText({ issuer, issuerKeyHash }: Issued): string {
  const key = issuerKeyHash === undefined ? '' : `, key ${Buffer.from(issuerKeyHash).toString('hex')}`
  return `${printable(issuer.toString(), 200)}${key}`
}
