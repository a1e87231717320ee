import { CtStreamError } from '../errors.js'
import type { CertificateKind } from '../types/certificate.js'
import { decodeMerkleLeaf } from '../wire/merkle-leaf.js'
import { CertificateFields } from '../x509/certificate-fields.js'
import type { ProblemList } from '../x509/problem-list.js'
import type { EntryFields } from './entry-fields.js'

/** A `Date` can hold times up to this many milliseconds before and after the epoch. */
const MAX_DATE = 8.64e15

/** The content of a leaf. */
export interface OpenedLeaf {
  readonly kind: CertificateKind
  /** Epoch milliseconds; `undefined` when there is none a `Date` can hold. */
  readonly timestamp: number | undefined
  /** The certificate of an X.509 entry. */
  readonly certificate: Uint8Array | undefined
  /** The TBSCertificate of a precert entry, as the log hashed it. */
  readonly tbsCertificate: Uint8Array | undefined
  /** The issuer key hash of a precert entry. */
  readonly issuerKeyHash: Uint8Array | undefined
  /** `undefined` when the bytes are not the frame of a certificate. */
  readonly fields: EntryFields | undefined
}

const nothing = {
  kind: 'unparsable',
  timestamp: undefined,
  certificate: undefined,
  tbsCertificate: undefined,
  issuerKeyHash: undefined,
  fields: undefined,
} as const satisfies OpenedLeaf

/** Parses a leaf (RFC 6962 section 3.4) and outlines its certificate. Never throws: malformed parts are problems. */
export function openLeaf(leafInput: Uint8Array, problems: ProblemList): OpenedLeaf {
  const decoded = decodeMerkleLeaf(leafInput)
  if (decoded.kind === 'malformed') {
    problems.add('leafInput', 'leaf-malformed', decoded.reason)
    return nothing
  }
  if (decoded.kind === 'unknown') {
    problems.add('leafInput', 'entry-type-unknown', `${decoded.field} ${decoded.value} is not defined by RFC 6962`)
    return nothing
  }
  const { entry } = decoded.leaf
  const timestamp = dateable(decoded.leaf.timestamp, problems)
  if (entry.kind === 'x509') {
    const { certificate } = entry
    const fields = outlined('der', problems, () => CertificateFields.ofCertificate(certificate, problems))
    return { ...nothing, kind: fields ? 'certificate' : 'unparsable', timestamp, certificate, fields }
  }
  const { tbsCertificate, issuerKeyHash } = entry
  const fields = outlined('tbs', problems, () => CertificateFields.ofTbs(tbsCertificate, problems))
  const kind = fields ? 'precertificate' : 'unparsable'
  return { ...nothing, kind, timestamp, tbsCertificate, issuerKeyHash, fields }
}

function dateable(timestamp: number, problems: ProblemList): number | undefined {
  if (timestamp <= MAX_DATE) return timestamp
  problems.add('timestamp', 'leaf-malformed', `timestamp ${timestamp} is beyond all dates`)
  return undefined
}

function outlined(
  field: string,
  problems: ProblemList,
  outline: () => CertificateFields,
): CertificateFields | undefined {
  try {
    return outline()
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    problems.add(field, 'der-malformed', error.message)
    return undefined
  }
}
