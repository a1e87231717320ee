import type { CertificateKind } from '../types/certificate-kind.js'
import type { RawEntry } from '../types/entries.js'
import type { LogInfo } from '../types/log.js'
import { sha1Hex, sha256, sha256Hex } from '../util/hash.js'
import { certificatePem } from '../util/pem.js'
import { ProblemList } from '../x509/problem-list.js'
import type { EntryContext } from './entry-context.js'
import { type OpenedLeaf, openLeaf } from './open-leaf.js'
import { readPreCertificate } from './submitted.js'

const LEAF_PREFIX = Uint8Array.of(0)

/** What an entry says of itself, over its bytes. Holds them and what was read of them, but nothing of its batch. */
export abstract class EntryBytes {
  readonly index: number
  protected readonly raw: RawEntry
  protected readonly context: EntryContext
  protected readonly found = new ProblemList()
  private keptFields: Map<string, unknown> | undefined
  private opened: OpenedLeaf | undefined
  private knownLeafHash: Uint8Array | undefined

  constructor(raw: RawEntry, context: EntryContext, leafHash: Uint8Array | undefined) {
    this.index = raw.index
    this.raw = raw
    this.context = context
    this.knownLeafHash = leafHash
  }

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

  protected get leaf(): OpenedLeaf {
    this.opened ??= openLeaf(this.raw.leafInput, this.found)
    return this.opened
  }

  protected get fields() {
    return this.leaf.fields
  }

  protected get kept(): Map<string, unknown> {
    this.keptFields ??= new Map()
    return this.keptFields
  }

  protected once<T>(field: string, make: () => T): T {
    if (!this.kept.has(field)) this.kept.set(field, make())
    return this.kept.get(field) as T
  }
}

/** A new object each time, because a `Date` is mutable. */
export function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time)
}
