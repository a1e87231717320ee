import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CertificateKind } from '../types/certificate-kind.js'
import { optionError } from '../util/options.js'
import { outlineCertificate, outlineTbs } from '../x509/certificate-frame.js'
import { decodeTime } from '../x509/dates.js'
import { hostNamesOf, unreadNames } from '../x509/host-names.js'
import type { Outline } from '../x509/outline.js'
import type { DomainSet } from './domain-set.js'
import type { IssuerMatcher } from './issuer-matcher.js'
import { contentStart, elementEnd, LeafWalk } from './leaf-walk.js'
import { Look } from './name-hashes.js'
import type { TextTest } from './stateless.js'

/** Checked conditions of a filter; those that are `undefined` do not apply. */
export interface FilterRules {
  readonly kinds: ReadonlySet<CertificateKind>
  readonly domains: { readonly set: DomainSet; readonly tests: readonly TextTest[] } | undefined
  readonly issuers: IssuerMatcher | undefined
  /** Epoch milliseconds, from inclusive to before exclusive. */
  readonly notAfter: { readonly from: number; readonly before: number } | undefined
  readonly match: ((certificate: CtCertificate) => boolean) | undefined
}

/**
 * Decides which entries are delivered, in two steps: {@link mayMatch} on the bytes of every entry, then {@link matches} on the
 * certificates of the few that remain.
 */
export class EntryFilter {
  private readonly rules: FilterRules
  private readonly walk = new LeafWalk()

  constructor(rules: FilterRules) {
    this.rules = rules
  }

  /**
   * `false` only if {@link matches} would refuse the certificate of this leaf.
   *
   * @param leafInput - `MerkleTreeLeaf`; may be a view, nothing of it is kept.
   */
  mayMatch(leafInput: Uint8Array): boolean {
    const { kinds, domains, issuers, notAfter } = this.rules
    const { walk } = this
    const type = walk.open(leafInput)
    if (type === undefined) return kinds.has('unparsable')
    const isWantedKind = kinds.has(type === 'x509' ? 'certificate' : 'precertificate')
    if (!isWantedKind && !kinds.has('unparsable')) return false
    if (!walk.fields()) return true // unparsable, or too unusual to decide here
    if (!isWantedKind) return false
    if (notAfter !== undefined && !this.expiresWithin(notAfter)) return false
    if (issuers !== undefined && !issuers.has(leafInput, walk.issuerStart, walk.validityStart)) return false
    return domains === undefined || walk.names(domains.set.hashes) !== Look.none || this.hasName(domains.tests)
  }

  /**
   * Whether the certificate is wanted.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` when the caller's `match` returns something else than a boolean.
   */
  matches(certificate: CtCertificate): boolean {
    const { kinds, match } = this.rules
    if (!kinds.has(certificate.kind)) return false
    if (certificate.kind !== 'unparsable' && !this.hasWantedFields(certificate)) return false
    if (match === undefined) return true
    const verdict: unknown = match(certificate)
    if (typeof verdict !== 'boolean')
      throw optionError('filter.match', 'a function that returns true or false', verdict)
    return verdict
  }

  private hasWantedFields(certificate: CtCertificate): boolean {
    const { domains, issuers, notAfter } = this.rules
    const expiry = certificate.notAfter?.getTime()
    if (notAfter !== undefined && !isWithin(expiry, notAfter)) return false
    const issuer = certificate.issuer.raw
    if (issuers !== undefined && !issuers.has(issuer, 0, issuer.length)) return false
    if (domains === undefined) return true
    const { set, tests } = domains
    return (
      certificate.dnsNames.some((name) => set.has(name) || tests.some((test) => test(name))) ||
      this.hasBrokenNames(certificate.leafInput)
    )
  }

  /** Whether the bytes deviate where names are, or hold names that the decoder cannot read. */
  private hasBrokenNames(leafInput: Uint8Array): boolean {
    const { walk } = this
    if (walk.open(leafInput) === undefined) return false
    if (walk.fields() && walk.hasBrokenNames()) return true
    const outline = this.outline()
    return outline === undefined || unreadNames(outline) !== undefined
  }

  /** Validity ::= SEQUENCE { notBefore Time, notAfter Time } */
  private expiresWithin(interval: NonNullable<FilterRules['notAfter']>): boolean {
    const { bytes, validityStart, subjectStart } = this.walk
    if (bytes[validityStart] !== 0x30) return true
    const notAfter = elementEnd(bytes, contentStart(bytes, validityStart), subjectStart)
    const stop = notAfter < 0 ? -1 : elementEnd(bytes, notAfter, subjectStart)
    if (stop < 0) return true
    return isWithin(decodeTime(bytes, bytes[notAfter] as number, contentStart(bytes, notAfter), stop), interval)
  }

  /** Whether a name passes one of the tests that need strings. */
  private hasName(tests: readonly TextTest[]): boolean {
    if (tests.length === 0) return false
    const outline = this.outline()
    return outline === undefined || hostNamesOf(outline).dnsNames.some((name) => tests.some((test) => test(name)))
  }

  /** Where the decoder finds the fields of the leaf that the walk is at; `undefined` when it cannot. */
  private outline(): Outline | undefined {
    const { bytes, start, end } = this.walk
    const der = bytes.subarray(start, end)
    try {
      return bytes[11] === 0 ? outlineCertificate(der).outline : outlineTbs(der)
    } catch (error) {
      if (CtStreamError.is(error)) return undefined
      throw error
    }
  }
}

/** Whether a time is in the range. An unreadable date (`undefined`) counts as inside, so that nothing is missed. */
function isWithin(time: number | undefined, { from, before }: NonNullable<FilterRules['notAfter']>): boolean {
  return time === undefined || (time >= from && time < before)
}
