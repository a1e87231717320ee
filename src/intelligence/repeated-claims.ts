import { outlineOf } from '../decode/decode-entry.js'
import type { CtCertificate } from '../types/certificate.js'
import { Octets } from '../x509/oids.js'
import type { Outline } from '../x509/outline.js'
import { latin1 } from '../x509/strings.js'
import { Remembered } from './remembered.js'

/** Of each: there are some thousand issuers, and fewer sets of policies. */
const MOST = 2000
/** Longest that is remembered, octets. */
const MAX_KEY = 1000

interface IssuerTexts {
  /** Organization, or the common name where there is none. */
  readonly owner: string
  /** Common name and organization. */
  readonly issuer: string
}

type Claiming = Pick<CtCertificate, 'issuer' | 'validation'>

/** What certificates say in the same bytes again and again, decoded once. */
export class RepeatedClaims {
  private readonly issuers = new Remembered<IssuerTexts>(MOST)
  private readonly validations = new Remembered<string>(MOST)

  issuerOf(cert: Claiming): IssuerTexts {
    const outline = outlineOf(cert)
    if (outline === undefined) return textsOf(cert)
    const { bytes, issuerStart, validityStart } = outline
    if (validityStart - issuerStart > MAX_KEY) return textsOf(cert)
    const key = latin1(bytes, issuerStart, validityStart)
    return this.issuers.get(key) ?? this.issuers.set(key, textsOf(cert))
  }

  /** `none` where the policies claim nothing. */
  validationOf(cert: Claiming): string {
    const outline = outlineOf(cert)
    const key = outline === undefined ? undefined : policiesIn(outline)
    if (key === undefined) return cert.validation ?? 'none'
    return this.validations.get(key) ?? this.validations.set(key, cert.validation ?? 'none')
  }
}

function textsOf({ issuer }: Claiming): IssuerTexts {
  const { organization, commonName } = issuer
  const owner = organization ?? commonName ?? 'unnamed'
  return { owner, issuer: commonName === undefined || commonName === owner ? owner : `${commonName} (${owner})` }
}

/** The policies as they stand; `undefined` when they are too long to be remembered. */
function policiesIn(outline: Outline): string | undefined {
  let key = ''
  for (let i = 0; i < outline.extensionCount; i++) {
    if (!outline.isExtension(i, Octets.certificatePolicies)) continue
    const { start, end } = outline.extensionSpan(i)
    if (key.length + end - start > MAX_KEY) return undefined
    key += latin1(outline.bytes, start, end)
  }
  return key
}
