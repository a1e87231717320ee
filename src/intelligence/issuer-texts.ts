import type { CtCertificate } from '../types/certificate.js'

/** How statistics name the issuer of a certificate. */
export interface IssuerTexts {
  /** Organization, or the common name where there is none. */
  readonly owner: string
  /** Common name and organization. */
  readonly issuer: string
}

export function issuerTexts({ issuer }: Pick<CtCertificate, 'issuer'>): IssuerTexts {
  const { organization, commonName } = issuer
  const owner = organization ?? commonName ?? 'unnamed'
  return { owner, issuer: commonName === undefined || commonName === owner ? owner : `${commonName} (${owner})` }
}
