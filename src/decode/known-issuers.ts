import { CtStreamError } from '../errors.js'
import { ByteMemory } from '../util/byte-memory.js'
import { CertificateFields } from '../x509/certificate-fields.js'
import type { Outline } from '../x509/outline.js'
import { ProblemList } from '../x509/problem-list.js'

/** Extended key usage of a Precertificate Signing Certificate, RFC 6962 section 3.1. */
const PRECERTIFICATE_SIGNING = '1.3.6.1.4.1.11129.2.4.4'

/** A key that issues certificates. */
export interface IssuerKey {
  /** SHA-256 of the SubjectPublicKeyInfo, 32 bytes. */
  readonly hash: Uint8Array
  /** Whether it is that of a Precertificate Signing Certificate, which issues no final certificates. */
  readonly signsPrecertificates: boolean
}

/** A certificate of a chain. Entries share it: a few hundred sign nearly everything that is logged. */
export class KnownIssuer {
  /** `undefined`: it cannot be read. */
  readonly fields: CertificateFields | undefined
  private knownKey: IssuerKey | undefined

  constructor(der: Uint8Array) {
    this.fields = fieldsOf(der)
  }

  get outline(): Outline | undefined {
    return this.fields?.outline
  }

  get key(): IssuerKey | undefined {
    const { fields } = this
    if (fields === undefined) return undefined
    this.knownKey ??= {
      hash: fields.spkiHash,
      signsPrecertificates: fields.extendedKeyUsage?.some(({ oid }) => oid === PRECERTIFICATE_SIGNING) ?? false,
    }
    return this.knownKey
  }
}

/** Real ones have 1 or 2 KiB. */
const known = new ByteMemory<KnownIssuer>(9, 8192)

/** The same for equal bytes, as long as it is remembered. */
export function knownIssuer(der: Uint8Array): KnownIssuer {
  const found = known.find(der)
  if (found !== undefined) return found
  // Of bytes of its own: it outlives the entry.
  const issuer = new KnownIssuer(new Uint8Array(der))
  known.keep(issuer, der)
  return issuer
}

function fieldsOf(der: Uint8Array): CertificateFields | undefined {
  try {
    return CertificateFields.ofCertificate(der, new ProblemList())
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return undefined
  }
}
