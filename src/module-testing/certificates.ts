import { decodeEntry } from '../decode/index.js'
import { type CertificateRequest, type IssuedCertificate, issueCertificates } from '../testing/index.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogInfo } from '../types/log.js'
import { optionError } from '../util/options.js'
import { encodeMerkleLeaf, type LeafEntry } from '../wire/merkle-leaf.js'

/**
 * A certificate for a module: a DNS name that it is for; what `issueCertificates()` makes, or is asked for (`{ dnsNames, issuer, … }`); or
 * one that you have, of a stream or `decodeCertificate()`.
 */
export type TestCertificate = string | CertificateRequest | IssuedCertificate | CtCertificate

/** Where a made certificate is said to be logged. */
export interface EntryPlace {
  readonly log: LogInfo
  readonly index: number
  /** Epoch milliseconds. */
  readonly timestamp: number
  /** Whether it counts as proven to be in the log. */
  readonly verified: boolean
}

/** The log that made certificates come from. */
export const testLogInfo: LogInfo = {
  id: Buffer.alloc(32, 'ct-stream test log ').toString('base64'),
  description: 'Test log',
  operator: 'Test',
  kind: 'rfc6962',
  url: 'https://log.test/',
}

/**
 * As a stream would deliver it. A request for a pair comes as two.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for what is none of these.
 */
export function entriesOf(given: TestCertificate, placeOf: () => EntryPlace): CtCertificate[] {
  if (typeof given === 'string') return entriesOf({ dnsNames: [given] }, placeOf)
  if (typeof given !== 'object' || given === null)
    throw optionError('certificate', 'a DNS name, a request, or a certificate', given)
  if ('log' in given) return [given]
  const issued = 'der' in given ? [given] : issueCertificates(given)
  return [...issued].map((one) => entryOf(one, placeOf()))
}

/** An issued certificate as an entry of a log. */
export function entryOf(issued: IssuedCertificate, { log, index, timestamp, verified }: EntryPlace): CtCertificate {
  const entry: LeafEntry =
    issued.kind === 'certificate'
      ? { kind: 'x509', certificate: issued.der }
      : { kind: 'precert', issuerKeyHash: issued.issuerKeyHash, tbsCertificate: issued.tbs }
  return decodeEntry(
    {
      index,
      leafInput: encodeMerkleLeaf({ timestamp, entry, extensions: new Uint8Array(0) }),
      extra: {
        preCertificate: () => (issued.kind === 'precertificate' ? issued.der : undefined),
        chain: () => ({ kind: 'certificates', certificates: issued.chain }),
      },
    },
    {
      log,
      historical: false,
      verified,
      cursor: (index) => `after ${index}`,
      issuer: () => Promise.reject(new Error('its issuers are in its chain')),
    },
  )
}
