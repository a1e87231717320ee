import { inspect } from 'node:util'
import type { Certificate } from '@peculiar/asn1-x509'
import { CtStreamError } from '../errors.js'
import type {
  BasicConstraints,
  CertificateJson,
  CertificateKind,
  CertificatePolicy,
  CtCertificate,
  ExtendedKeyUsage,
  Extension,
  GeneralName,
  KeyUsageName,
  LogKeys,
  Name,
  Problem,
  PublicKeyInfo,
  Sct,
  SctVerification,
  SignatureAlgorithm,
  ValidationLevel,
} from '../types/certificate.js'
import type { CertStreamDomains, CertStreamForm, CertStreamMessage, CertStreamUpdate } from '../types/certstream.js'
import type { EntryChain, RawEntry } from '../types/entries.js'
import type { LogInfo } from '../types/log.js'
import { sha1Hex, sha256, sha256Hex } from '../util/hash.js'
import { choiceOption } from '../util/options.js'
import { certificatePem } from '../util/pem.js'
import { decodeMerkleLeaf, type LeafEntry } from '../wire/merkle-leaf.js'
import { leafIndexOf } from '../wire/tile-extensions.js'
import { AccessMethod, validationLevel } from '../x509/extension-values.js'
import { parseFull } from '../x509/full.js'
import { noName } from '../x509/name.js'
import { Octets } from '../x509/oids.js'
import type { Outline } from '../x509/outline.js'
import { hasExtension } from '../x509/precertificate.js'
import { ProblemList } from '../x509/problem-list.js'
import { certificateJson } from './certificate-json.js'
import { certificateLine } from './certificate-line.js'
import { certStreamUpdate } from './certstream.js'
import { checkLinks, fetchChain, finalIssuer } from './chain.js'
import { readScts } from './embedded-scts.js'
import type { EntryContext } from './entry-context.js'
import { type OpenedLeaf, openLeaf } from './open-leaf.js'
import { checkPreCertificate, readPreCertificate } from './submitted.js'
import { verifySctsOf } from './verify-scts.js'

const LEAF_PREFIX = Uint8Array.of(0)
const FORMS: readonly CertStreamForm[] = ['full', 'lite', 'domains']
/** The problems of every certificate that has none; frozen, since all share it. */
const noStrings: readonly string[] = Object.freeze([])

/** {@link CtCertificate} over the bytes of one entry. Holds the entry and its decoded fields, but nothing of its batch. */
export class DecodedEntry implements CtCertificate {
  readonly index: number
  private readonly raw: RawEntry
  private readonly context: EntryContext
  protected readonly found = new ProblemList()
  private keptFields: Map<string, unknown> | undefined
  private opened: OpenedLeaf | undefined
  private knownLeafHash: Uint8Array | undefined
  private fetchedChain: Promise<readonly Uint8Array[]> | undefined
  /** Issuers that are available without a request: those of an RFC 6962 entry, or those that `chain()` has fetched. */
  private issuers: readonly Uint8Array[] | undefined

  constructor(raw: RawEntry, context: EntryContext, leafHash: Uint8Array | undefined) {
    this.index = raw.index
    this.raw = raw
    this.context = context
    this.knownLeafHash = leafHash
  }

  /** What an entry was decoded with; `undefined` for anything that was not made here. */
  static contextOf(value: unknown): EntryContext | undefined {
    return value instanceof DecodedEntry ? value.context : undefined
  }

  /** The bytes of an entry as its log sent them; `undefined` for anything that was not made here. */
  static rawOf(value: unknown): RawEntry | undefined {
    return value instanceof DecodedEntry ? value.raw : undefined
  }

  /** Whether the bytes of an entry say all that there is of it: nothing was added by somebody who passed it on. */
  static isOfBytes(value: object): boolean {
    return Object.getPrototypeOf(value) === DecodedEntry.prototype
  }

  /** Where the fields are in the bytes; `undefined` where there are no bytes, or what holds them was not made here. */
  static outlineOf(value: unknown): Outline | undefined {
    return value instanceof DecodedEntry ? value.fields?.outline : undefined
  }

  /** Whether the JSON of this certificate is what {@link certificateJson} makes of its properties. */
  static hasJsonOf({ toJSON }: CtCertificate): boolean {
    return toJSON === DecodedEntry.prototype.toJSON
  }

  // — the entry

  get kind(): CertificateKind {
    return this.leaf.kind
  }

  get log(): LogInfo {
    return this.context.log
  }

  get timestamp(): Date | undefined {
    return dateOf(this.leaf.timestamp)
  }

  get leafHash(): Uint8Array {
    // One buffer and one call are faster than hashing in two steps. It is not kept, so it may come from Node's pool.
    this.knownLeafHash ??= sha256(Buffer.concat([LEAF_PREFIX, this.raw.leafInput]))
    return this.knownLeafHash
  }

  get historical(): boolean {
    return this.context.historical
  }

  get verified(): boolean {
    return this.context.verified === true && this.context.accusedOf === undefined
  }

  get cursor(): string {
    // Not cached: the next time it may cover more of the other logs.
    return this.context.cursor(this.index)
  }

  get leafInput(): Uint8Array {
    return this.raw.leafInput
  }

  get der(): Uint8Array | undefined {
    const { certificate, tbsCertificate } = this.leaf
    if (tbsCertificate === undefined) return certificate
    return this.once('der', () => readPreCertificate(this.raw.extra, this.found))
  }

  get pem(): string | undefined {
    return this.der === undefined ? undefined : certificatePem(this.der)
  }

  get tbs(): Uint8Array | undefined {
    return this.leaf.tbsCertificate ?? this.fields?.tbs
  }

  get issuerKeyHash(): Uint8Array | undefined {
    return this.leaf.issuerKeyHash
  }

  get sha256(): string | undefined {
    return this.once('sha256', () => (this.der === undefined ? undefined : sha256Hex(this.der)))
  }

  get sha1(): string | undefined {
    return this.once('sha1', () => (this.der === undefined ? undefined : sha1Hex(this.der)))
  }

  get issuanceId(): string | undefined {
    return this.fields?.issuanceId
  }

  // — the certificate

  get serialNumber(): string | undefined {
    return this.fields?.serialNumber
  }

  get subject(): Name {
    return this.fields?.subject ?? noName
  }

  get issuer(): Name {
    return this.fields?.issuer ?? noName
  }

  get notBefore(): Date | undefined {
    return dateOf(this.fields?.notBefore)
  }

  get notAfter(): Date | undefined {
    return dateOf(this.fields?.notAfter)
  }

  get dnsNames(): readonly string[] {
    return this.fields?.dnsNames ?? noStrings
  }

  get ipAddresses(): readonly string[] {
    return this.fields?.ipAddresses ?? noStrings
  }

  get emailAddresses(): readonly string[] {
    return this.fields?.emailAddresses ?? noStrings
  }

  get uris(): readonly string[] {
    return this.fields?.uris ?? noStrings
  }

  get altNames(): readonly GeneralName[] {
    return this.fields?.altNames ?? []
  }

  get publicKey(): PublicKeyInfo | undefined {
    return this.fields?.publicKey
  }

  get signatureAlgorithm(): SignatureAlgorithm | undefined {
    return this.fields?.signatureAlgorithm
  }

  get keyUsage(): readonly KeyUsageName[] | undefined {
    return this.fields?.keyUsage
  }

  get extendedKeyUsage(): readonly ExtendedKeyUsage[] | undefined {
    return this.fields?.extendedKeyUsage
  }

  get basicConstraints(): BasicConstraints | undefined {
    return this.fields?.basicConstraints
  }

  get subjectKeyId(): string | undefined {
    return this.fields?.subjectKeyId
  }

  get authorityKeyId(): string | undefined {
    return this.fields?.authorityKeyId
  }

  get ocspUrls(): readonly string[] {
    return this.once('ocspUrls', () => this.accessUrls(AccessMethod.ocsp))
  }

  get caIssuerUrls(): readonly string[] {
    return this.once('caIssuerUrls', () => this.accessUrls(AccessMethod.caIssuers))
  }

  get crlUrls(): readonly string[] {
    return this.fields?.crlUrls ?? noStrings
  }

  get policies(): readonly CertificatePolicy[] {
    return this.fields?.policies ?? []
  }

  get validation(): ValidationLevel | undefined {
    return validationLevel(this.policies)
  }

  get scts(): readonly Sct[] {
    return this.once('scts', () => readScts(this.fields?.sctLists ?? [], this.found))
  }

  get extensions(): readonly Extension[] {
    return this.fields?.extensions ?? []
  }

  get isCa(): boolean {
    return this.basicConstraints?.ca ?? false
  }

  get isSelfIssued(): boolean {
    return this.fields?.isSelfIssued ?? false
  }

  // — checks

  get problems(): readonly Problem[] {
    this.once('everything', () => {
      for (const field of decodedFields) void this[field]
      // To decode them all would be dear, and nearly always for nothing.
      if (this.fields?.outline?.hasPlainExtensions !== true) void this.extensions
      this.checkSubmitted()
      this.checkPoison()
      this.checkIndex()
      this.checkVerified()
      this.issuersAtHand()
    })
    // Issuers may have been fetched since the problems were first read.
    if (this.issuers !== undefined) this.once('links', () => this.checkIssuers(this.issuers ?? []))
    return this.found.toArray()
  }

  chain(): Promise<readonly Uint8Array[]> {
    this.fetchedChain ??= this.fetchChain().catch((error: unknown) => {
      this.fetchedChain = undefined
      throw error
    })
    return this.fetchedChain
  }

  async verifyScts(logs: LogKeys): Promise<readonly SctVerification[]> {
    if (this.scts.length === 0) return []
    return verifySctsOf(this.scts, await this.signedByScts(), logs)
  }

  // — other forms

  x509(): Certificate {
    return this.once('x509', () => {
      if (this.der !== undefined) return parseFull(this.der)
      throw new CtStreamError('CT_DER_MALFORMED', `${this.log.url}: entry ${this.index} has no certificate to decode`, {
        logId: this.log.id,
        index: this.index,
      })
    })
  }

  toString(): string {
    return certificateLine(this)
  }

  toJSON(): CertificateJson {
    return certificateJson(this)
  }

  toCertStream(form: 'domains'): CertStreamDomains
  toCertStream(form?: 'full' | 'lite'): CertStreamUpdate
  toCertStream(form?: CertStreamForm): CertStreamMessage
  toCertStream(form?: CertStreamForm): CertStreamMessage {
    const wanted = choiceOption('form', form, FORMS, 'full')
    if (wanted === 'domains') return { message_type: 'dns_entries', data: [...this.dnsNames] }
    const chain = wanted === 'full' ? (this.issuersAtHand() ?? []) : undefined
    return certStreamUpdate(this, this.fields, chain, this.context.seenAt)
  }

  /** Called by `console.log`. */
  [inspect.custom](_depth: number, options: object): string {
    return `CtCertificate ${inspect(this.toJSON(), options)}`
  }

  protected get leaf(): OpenedLeaf {
    this.opened ??= openLeaf(this.raw.leafInput, this.found)
    return this.opened
  }

  private get fields() {
    return this.leaf.fields
  }

  private accessUrls(method: string): readonly string[] {
    const uris: string[] = []
    for (const location of this.fields?.accessLocations ?? []) if (location.method === method) uris.push(location.uri)
    return uris
  }

  /** Checks the data beside the leaf, which the Merkle tree does not cover. */
  private checkSubmitted(): void {
    const { tbsCertificate } = this.leaf
    if (tbsCertificate !== undefined && this.der !== undefined)
      checkPreCertificate(this.der, tbsCertificate, this.found)
  }

  /** The poison extension marks a precertificate (RFC 6962 section 3.1); in an entry of a certificate it is a problem. */
  private checkPoison(): void {
    const outline = this.fields?.outline
    if (outline !== undefined && hasExtension(outline, Octets.precertPoison))
      this.found.add('extensions', 'poison-unexpected', `the poison extension in a ${this.kind}'s entry`)
  }

  /** Checks the index that a static-ct log writes into each of its leaves. */
  private checkVerified(): void {
    const { accusedOf } = this.context
    if (accusedOf === undefined) return
    this.found.add('verified', 'entry-unverified', `not proven: delivered after the log was accused of ${accusedOf}`)
  }

  private checkIndex(): void {
    const decoded = this.log.kind === 'static-ct' ? decodeMerkleLeaf(this.raw.leafInput) : undefined
    if (decoded?.kind !== 'leaf') return
    try {
      // A static-ct log made from the entries of an RFC 6962 log has no index in its leaves.
      const index = leafIndexOf(decoded.leaf.extensions) ?? this.index
      if (index !== this.index)
        this.found.add('leafInput', 'leaf-index-mismatch', `entry ${this.index} states index ${index}`)
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
      this.found.add('leafInput', 'leaf-index-mismatch', error.message)
    }
  }

  private async fetchChain(): Promise<readonly Uint8Array[]> {
    const chain = this.sentChain()
    if (chain.kind === 'fingerprints') this.issuers = await fetchChain(chain.fingerprints, this.context, this.found)
    return this.issuersAtHand() ?? []
  }

  /** What the log sends of the chain. @throws `CT_LEAF_MALFORMED` */
  private sentChain(): EntryChain {
    try {
      return this.once('sentChain', () => this.raw.extra.chain())
    } catch (error) {
      if (CtStreamError.is(error) && !this.kept.has('chainProblem')) {
        this.kept.set('chainProblem', true)
        this.found.add('chain', 'extra-malformed', error.message)
      }
      throw error
    }
  }

  private issuersAtHand(): readonly Uint8Array[] | undefined {
    if (this.issuers !== undefined) return this.issuers
    try {
      const chain = this.sentChain()
      if (chain.kind === 'certificates') this.issuers = chain.certificates
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
    }
    return this.issuers
  }

  private checkIssuers(issuers: readonly Uint8Array[]): void {
    const { issuerKeyHash } = this.leaf
    if (issuerKeyHash !== undefined) finalIssuer(issuers, issuerKeyHash, this.found)
    checkLinks(issuerKeyHash === undefined ? this.fields?.outline : undefined, issuers, this.found)
  }

  /** The entry that embedded SCTs sign, or why it is not available. */
  private async signedByScts(): Promise<LeafEntry | string> {
    const { fields } = this
    if (fields === undefined) return 'there is no certificate'
    const tbsCertificate = fields.issuanceTbs()
    if (tbsCertificate === undefined) return 'the certificate itself was not sent'
    const { issuerKeyHash } = this.leaf
    if (issuerKeyHash !== undefined) return { kind: 'precert', issuerKeyHash, tbsCertificate }
    return this.chain().then(
      (issuers) => {
        const hash = finalIssuer(issuers, undefined, this.found)
        return hash === undefined
          ? 'the chain has no issuer whose key could be read'
          : { kind: 'precert', issuerKeyHash: hash, tbsCertificate }
      },
      (error: unknown) => `the issuer is not available: ${error instanceof Error ? error.message : String(error)}`,
    )
  }

  private get kept(): Map<string, unknown> {
    this.keptFields ??= new Map()
    return this.keptFields
  }

  private once<T>(field: string, make: () => T): T {
    if (!this.kept.has(field)) this.kept.set(field, make())
    return this.kept.get(field) as T
  }
}

/** Every property that can find a problem. */
const decodedFields = [
  'timestamp',
  'der',
  'issuanceId',
  'serialNumber',
  'subject',
  'issuer',
  'notBefore',
  'notAfter',
  'dnsNames',
  'ipAddresses',
  'emailAddresses',
  'uris',
  'altNames',
  'publicKey',
  'signatureAlgorithm',
  'keyUsage',
  'extendedKeyUsage',
  'basicConstraints',
  'subjectKeyId',
  'authorityKeyId',
  'ocspUrls',
  'crlUrls',
  'policies',
  'scts',
] as const satisfies readonly (keyof DecodedEntry)[]

/** A new object each time, because a `Date` is mutable. */
function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time)
}
