import { CtStreamError } from '../errors.js'
import type { CertificateKind } from '../types/certificate-kind.js'
import { decodeMerkleLeaf, type LeafEntry } from '../wire/merkle-leaf.js'
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

/** Made by a constructor: V8 comes to allocate literals among the old objects, and what they hold stays with them (see `wire/leaf-batch.ts`). */
class Leaf implements OpenedLeaf {
  readonly kind: CertificateKind
  readonly timestamp: number | undefined
  readonly certificate: Uint8Array | undefined
  readonly tbsCertificate: Uint8Array | undefined
  readonly issuerKeyHash: Uint8Array | undefined
  readonly fields: EntryFields | undefined

  constructor(kind: CertificateKind, timestamp?: number, entry?: LeafEntry, fields?: EntryFields) {
    this.kind = kind
    this.timestamp = timestamp
    this.certificate = entry?.kind === 'x509' ? entry.certificate : undefined
    this.tbsCertificate = entry?.kind === 'precert' ? entry.tbsCertificate : undefined
    this.issuerKeyHash = entry?.kind === 'precert' ? entry.issuerKeyHash : undefined
    this.fields = fields
  }
}

const nothing: OpenedLeaf = new Leaf('unparsable')

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
    return new Leaf(fields ? 'certificate' : 'unparsable', timestamp, entry, fields)
  }
  const { tbsCertificate } = entry
  const fields = outlined('tbs', problems, () => CertificateFields.ofTbs(tbsCertificate, problems))
  return new Leaf(fields ? 'precertificate' : 'unparsable', timestamp, entry, fields)
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
