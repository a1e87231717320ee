import type { CtErrorCode } from '../errors.js'
import type { LogInfo } from '../types/log.js'

/** Data that the entries of a batch share; all of its certificates refer to the same object. */
export interface EntryContext {
  /** The log of the entries. */
  readonly log: LogInfo
  /** Whether the entries lie below the head seen when the log was opened. */
  readonly historical: boolean
  /** Whether the entries are proven to be in a tree whose head the log signed. Default `false`. */
  readonly verified?: boolean
  /** Error code of the log's misbehaviour, when its unproven entries are delivered nevertheless. */
  readonly accusedOf?: CtErrorCode | undefined
  /** Epoch milliseconds when the batch was received: CertStream's `seen`. Default: each entry's own timestamp. */
  readonly seenAt?: number
  /** The cursor just after the entry of this index; called each time it is read. */
  cursor(index: number): string
  /** Returns the issuer certificate (DER) with this SHA-256, 32 bytes, and checks the hash. Called only for static-ct logs. */
  issuer(fingerprint: Uint8Array): Promise<Uint8Array>
}
