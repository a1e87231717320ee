import type { CtErrorCode } from '../errors.js'
import type { LogInfo } from '../types/log.js'

/** What the entries of one batch have in common; every certificate of it refers to the same object. */
export interface EntryContext {
  /** The log that the entry is of. */
  readonly log: LogInfo
  /** Whether the entries lie below the head seen when the log was opened. */
  readonly historical: boolean
  /** Whether the entries are proven to be in a tree whose head the log signed. Default `false`: nobody proved them. */
  readonly verified?: boolean
  /** Code of what the log is accused of, where its entries are delivered in spite of it; they are not proven. */
  readonly accusedOf?: CtErrorCode | undefined
  /** Epoch milliseconds when the batch was received: CertStream's `seen`. Default: each entry's own timestamp. */
  readonly seenAt?: number
  /** The opaque position just after the entry of this index; asked each time it is read. */
  cursor(index: number): string
  /** The issuer certificate (DER) with this SHA-256, 32 bytes; only asked on static-ct logs. Must check it. */
  issuer(fingerprint: Uint8Array): Promise<Uint8Array>
}
