import { createHash } from 'node:crypto'
import { entryOf } from '../../src/module-testing/certificates.js'
import { type IssuedCertificate, issueCertificates } from '../../src/testing/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import type { LogInfo } from '../../src/types/log.js'

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
  return certificates.map((issued, i) =>
    entryOf(issued, { log, index: start + i, timestamp: 1_790_000_000_000 + i, verified: false }),
  )
}
