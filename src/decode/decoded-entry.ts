import { inspect } from 'node:util'
import type { Certificate } from '@peculiar/asn1-x509'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CertificateJson } from '../types/certificate-json.js'
import type { CertStreamDomains, CertStreamForm, CertStreamMessage, CertStreamUpdate } from '../types/certstream.js'
import type { EntryChain, RawEntry } from '../types/entries.js'
import type { Problem } from '../types/problem.js'
import type { LogKeys, SctVerification } from '../types/sct.js'
import { choiceOption } from '../util/options.js'
import { inTurns } from '../util/turns.js'
import { decodeMerkleLeaf } from '../wire/merkle-leaf.js'
import { leafIndexOf } from '../wire/tile-extensions.js'
import { parseFull } from '../x509/full.js'
import { Octets } from '../x509/oids.js'
import type { Outline } from '../x509/outline.js'
import { hasExtension } from '../x509/precertificate.js'
import { ProblemList } from '../x509/problem-list.js'
import { certificateJson } from './certificate-json.js'
import { certificateLine } from './certificate-line.js'
import { certStreamUpdate } from './certstream.js'
import { checkLinks, fetchChain, finalIssuer, namedIssuer } from './chain.js'
import { EntryCertificate } from './entry-certificate.js'
import type { EntryContext } from './entry-context.js'
import { checkPreCertificate } from './submitted.js'
import { type SignedEntry, verifySctsOf } from './verify-scts.js'

const FORMS: readonly CertStreamForm[] = ['full', 'lite', 'domains']

/** {@link CtCertificate} over the bytes of one entry. Holds the entry and its decoded fields, but nothing of its batch. */
export class DecodedEntry extends EntryCertificate implements CtCertificate {
  private fetchedChain: Promise<readonly Uint8Array[]> | undefined
  /** Issuers that are available without a request: those of an RFC 6962 entry, or those that `chain()` has fetched. */
  private issuers: readonly Uint8Array[] | undefined

  /** Problems of the last `chain()`, while none has succeeded. */
  private chainFailures: ProblemList | undefined

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

  /** Why `dnsNames` or `ipAddresses` may lack some; `undefined` when they do not, or nobody can say. */
  static unreadNamesOf(value: unknown): string | undefined {
    return value instanceof DecodedEntry ? value.fields?.unreadNames : undefined
  }

  /** Whether its fields come from a server's description: what is absent there may be in the certificate. */
  static isTold(value: unknown): boolean {
    return value instanceof DecodedEntry && value.fields !== undefined && value.fields.outline === undefined
  }

  /** Its `timestamp`, epoch milliseconds, mostly without an object; `undefined` also for anything that was not made here. */
  static timeOf(value: unknown): number | undefined {
    if (!(value instanceof DecodedEntry)) return undefined
    // Where others passed it on, the leaf was made of what they said: a time that nobody knows is 0 there.
    return DecodedEntry.isOfBytes(value) ? value.leaf.timestamp : value.timestamp?.getTime()
  }

  /** Whether the JSON of this certificate is what {@link certificateJson} makes of its properties. */
  static hasJsonOf({ toJSON }: CtCertificate): boolean {
    return toJSON === DecodedEntry.prototype.toJSON
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
    return this.found.toArray(this.chainFailures)
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
    return inTurns(verifySctsOf(this.scts, await this.signedByScts(), logs))
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

  override toString(): string {
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

  private checkVerified(): void {
    const { accusedOf } = this.context
    if (accusedOf === undefined) return
    this.found.add('verified', 'entry-unverified', `not proven: delivered after the log was accused of ${accusedOf}`)
  }

  /** Checks the index that a static-ct log writes into each of its leaves. */
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
    if (chain.kind === 'fingerprints') {
      const failures = new ProblemList()
      try {
        this.issuers = await fetchChain(chain.fingerprints, this.context, failures)
        this.chainFailures = undefined
      } catch (error) {
        this.chainFailures = failures
        throw error
      }
    }
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
  private async signedByScts(): Promise<SignedEntry | string> {
    const { fields } = this
    if (fields === undefined) return 'there is no certificate'
    const { outline } = fields
    const tbsCertificate = fields.issuanceTbs()
    if (outline === undefined || tbsCertificate === undefined) return 'the certificate itself was not sent'
    const { issuerKeyHash } = this.leaf
    if (issuerKeyHash !== undefined)
      return { entry: { kind: 'precert', issuerKeyHash, tbsCertificate }, doubt: undefined }
    return this.chain().then(
      (issuers) => {
        const named = namedIssuer(outline, issuers)
        const hash = named ?? finalIssuer(issuers, undefined, this.found)
        if (hash === undefined) return 'the chain has no issuer whose key could be read'
        // The tree does not cover the chain. A CA may write its name in another way than its certificates do: only a signature can tell.
        const doubt = named === undefined ? 'the chain is not that of this certificate' : undefined
        return { entry: { kind: 'precert', issuerKeyHash: hash, tbsCertificate }, doubt }
      },
      (error: unknown) => `the issuer is not available: ${error instanceof Error ? error.message : String(error)}`,
    )
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
