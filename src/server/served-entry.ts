import { contextOf, decodeEntry } from '../decode/index.js'
import type { CtErrorCode } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'
import type { LogInfo } from '../types/log.js'
import { Issuer } from './issuer.js'

/**
 * What a server holds of an entry: enough to make every message of it again, at any time and byte for byte the same. Messages are made of
 * this, also when they are sent at once, so that one sent again by a file does not differ.
 */
export interface ServedEntry {
  readonly log: LogInfo
  readonly index: number
  readonly historical: boolean
  readonly verified: boolean
  /** As in the entry's context: what its log is accused of. */
  readonly accusedOf: CtErrorCode | undefined
  /** Epoch milliseconds; `undefined`: the entry's own timestamp counts. */
  readonly seenAt: number | undefined
  readonly leafInput: Uint8Array
  /** The precertificate as submitted; `undefined` for others, or when the log sent none that can be read. */
  readonly submitted: Uint8Array | undefined
  /** What a module said of the entry: this is sent, not the entry, which has a number of its own. */
  readonly finding?: Finding | undefined
  /** Nearest first; `undefined`: they could not be had. */
  readonly issuers: readonly Issuer[] | undefined
}

/**
 * @param issuers - Of `certificate.chain()`; `undefined` when that failed.
 * @param issuerOf - Has the same issuer for equal certificates, where many entries share them.
 */
export function servedEntry(
  certificate: CtCertificate,
  issuers: readonly Uint8Array[] | undefined,
  issuerOf = (der: Uint8Array): Issuer => new Issuer(der),
): ServedEntry {
  const context = contextOf(certificate)
  const { log, index, historical, verified, kind, leafInput } = certificate
  return {
    log,
    index,
    historical,
    verified,
    accusedOf: context?.accusedOf,
    seenAt: context?.seenAt,
    leafInput,
    submitted: kind === 'precertificate' ? certificate.der : undefined,
    issuers: issuers?.map(issuerOf),
  }
}

/** The certificate again. Its `cursor` is the id that the server gives it: what a client goes on from. */
export function certificateOf(entry: ServedEntry, id: string): CtCertificate {
  const { log, index, historical, verified, accusedOf, seenAt, leafInput, submitted, issuers } = entry
  return decodeEntry(
    {
      index,
      leafInput,
      extra: {
        preCertificate: () => submitted,
        chain: () =>
          issuers === undefined
            ? { kind: 'fingerprints', fingerprints: [] }
            : { kind: 'certificates', certificates: issuers.map(({ der }) => der) },
      },
    },
    {
      log,
      historical,
      verified,
      accusedOf,
      ...(seenAt !== undefined && { seenAt }),
      cursor: () => id,
      issuer: () => Promise.reject(new Error('issuers are in the chain')),
    },
  )
}
