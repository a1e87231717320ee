import { contextOf, decodeEntry } from '../decode/index.js'
import type { CtErrorCode } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'
import type { LogInfo } from '../types/log.js'
import { Issuer } from './issuer.js'

/**
 * What a server keeps of an entry: enough to make each of its messages again, byte for byte the same. Messages sent at once are made from
 * this too, so that one sent again from the file does not differ.
 */
export interface ServedEntry {
  readonly log: LogInfo
  readonly index: number
  readonly historical: boolean
  readonly verified: boolean
  /** From the entry's context: what its log is accused of. */
  readonly accusedOf: CtErrorCode | undefined
  /** Epoch milliseconds; `undefined` when the entry's own timestamp counts. */
  readonly seenAt: number | undefined
  readonly leafInput: Uint8Array
  /** What {@link CtCertificate.der} was, unless the leaf is a readable certificate's: a precertificate as submitted, even beside an unreadable leaf. */
  readonly submitted: Uint8Array | undefined
  /** A module's finding about the entry: sent in its place, since the entry itself has a number of its own. */
  readonly finding?: Finding | undefined
  /** Issuers, nearest first; `undefined` when unavailable. */
  readonly issuers: readonly Issuer[] | undefined
}

/**
 * @param issuers - Of `certificate.chain()`; `undefined` when that failed.
 * @param issuerOf - Returns the same object for equal certificates, as many entries share an issuer.
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
    submitted: kind === 'certificate' ? undefined : certificate.der,
    issuers: issuers?.map(issuerOf),
  }
}

/** Makes the certificate again. Its `cursor` is its message id, from which a client can resume. */
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
