import { decodeEntry } from '../../../src/decode/index.js'
import {
  bitString,
  context,
  contextPrimitive,
  octetString,
  oid,
  sequence,
  set,
  tlv,
  utcTime,
  utf8,
} from '../../../src/testing/der-writer.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { EntryExtra } from '../../../src/types/entries.js'
import { plain } from '../../../src/util/bytes.js'
import { encodeMerkleLeaf } from '../../../src/wire/merkle-leaf.js'
import { rfcLog } from '../decode/real-entries.js'

export interface LeafParts {
  readonly kind?: 'certificate' | 'precertificate'
  /** dNSNames: text, or octets as they stand. */
  readonly names?: readonly (string | Uint8Array)[]
  /** Common names: text, or a whole DER value. */
  readonly commonNames?: readonly (string | Uint8Array)[]
  readonly issuer?: { readonly commonName?: string; readonly organization?: string }
  /** Instead of a subject of common names. */
  readonly subject?: Uint8Array
  /** Instead of the issuer. */
  readonly issuerName?: Uint8Array
  /** `YYMMDDHHMMSSZ`. */
  readonly notAfter?: string
  /** Instead of the SubjectAltName's content. */
  readonly sanValue?: Uint8Array
  /** Instead of all extensions. */
  readonly extensions?: Uint8Array
  /** Instead of the element that holds them. */
  readonly extensionsElement?: Uint8Array
  /** A second list of them. */
  readonly moreExtensions?: Uint8Array
}

/** A leaf with as much of a certificate as a filter looks at. */
export function leafOf(parts: LeafParts): Uint8Array {
  const { kind = 'certificate', names = [], commonNames = [], issuer = {}, notAfter = '300101000000Z' } = parts
  const issuerName = sequence(
    ...(issuer.organization === undefined ? [] : [attribute('2.5.4.10', utf8(issuer.organization))]),
    ...(issuer.commonName === undefined ? [] : [attribute('2.5.4.3', utf8(issuer.commonName))]),
  )
  const subject =
    parts.subject ??
    sequence(...commonNames.map((name) => attribute('2.5.4.3', typeof name === 'string' ? utf8(name) : name)))
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const san = parts.sanValue ?? sequence(...names.map((name) => contextPrimitive(2, octets(name))))
  const extensions = parts.extensions ?? sequence(sequence(oid('2.5.29.17'), octetString(san)))
  const tbs = sequence(
    context(0, Buffer.of(2, 1, 2)),
    tlv(0x02, Buffer.of(1)),
    algorithm,
    parts.issuerName ?? issuerName,
    sequence(utcTime('200101000000Z'), utcTime(notAfter)),
    subject,
    sequence(algorithm, bitString(Buffer.alloc(65))),
    parts.extensionsElement ?? context(3, extensions),
    ...(parts.moreExtensions === undefined ? [] : [context(3, parts.moreExtensions)]),
  )
  return plain(
    encodeMerkleLeaf({
      timestamp: 1_700_000_000_000,
      extensions: new Uint8Array(0),
      entry:
        kind === 'certificate'
          ? { kind: 'x509', certificate: sequence(tbs, algorithm, bitString(Buffer.alloc(70))) }
          : { kind: 'precert', issuerKeyHash: new Uint8Array(32), tbsCertificate: tbs },
    }),
  )
}

const attribute = (type: string, value: Uint8Array) => set(sequence(oid(type), value))
const octets = (name: string | Uint8Array) => (typeof name === 'string' ? Buffer.from(name, 'latin1') : name)

const noExtra: EntryExtra = {
  preCertificate: () => undefined,
  chain: () => ({ kind: 'certificates', certificates: [] }),
}

/** The certificate a reader would get of a leaf. */
export function certificateOf(leafInput: Uint8Array): CtCertificate {
  return decodeEntry(
    { index: 0, leafInput, extra: noExtra },
    {
      log: rfcLog,
      historical: false,
      cursor: () => '',
      issuer: () => Promise.reject(new Error('none')),
    },
  )
}
