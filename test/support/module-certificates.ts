import { createHash } from 'node:crypto'
import { decodeEntry } from '../../src/decode/decode-entry.js'
import { type IssuedCertificate, issueCertificates } from '../../src/testing/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import type { LogInfo } from '../../src/types/log.js'
import { encodeMerkleLeaf, type LeafEntry } from '../../src/wire/merkle-leaf.js'

/** A log that certificates can be said to come from. */
export const logNamed = (name: string): LogInfo => ({
  id: createHash('sha256').update(name).digest('base64'),
  description: name,
  operator: 'tests',
  kind: 'rfc6962',
  url: `https://${name}.example.net/`,
})

export interface MadeOptions {
  readonly log?: LogInfo
  readonly seed?: string
  readonly kinds?: 'pairs' | 'certificates' | 'precertificates'
  readonly start?: number
}

/** Certificates as a stream delivers them, with indexes from 0. */
export function madeCertificates(count: number, options: MadeOptions = {}): CtCertificate[] {
  const { seed = 'modules', kinds = 'certificates' } = options
  return deliveredCertificates([...issueCertificates(count, { sign: false, seed, kinds })], options)
}

/** Certificates of your choice, as a stream delivers them. */
export function deliveredCertificates(
  certificates: readonly IssuedCertificate[],
  { log = logNamed('one'), start = 0 }: Pick<MadeOptions, 'log' | 'start'> = {},
): CtCertificate[] {
  return certificates.map((issued, i) => {
    const entry: LeafEntry =
      issued.kind === 'certificate'
        ? { kind: 'x509', certificate: issued.der }
        : { kind: 'precert', issuerKeyHash: issued.issuerKeyHash, tbsCertificate: issued.tbs }
    const leafInput = encodeMerkleLeaf({ timestamp: 1_790_000_000_000 + i, entry, extensions: new Uint8Array(0) })
    return decodeEntry(
      {
        index: start + i,
        leafInput,
        extra: {
          preCertificate: () => (issued.kind === 'precertificate' ? issued.der : undefined),
          chain: () => ({ kind: 'certificates', certificates: issued.chain }),
        },
      },
      {
        log,
        historical: false,
        cursor: (index) => `after ${index}`,
        issuer: () => Promise.reject(new Error('no issuer is asked for here')),
      },
    )
  })
}
