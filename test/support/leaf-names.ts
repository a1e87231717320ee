import { CtStreamError } from '../../src/errors.js'
import { bufferOf } from '../../src/util/bytes.js'
import { leafKind } from '../../src/wire/merkle-leaf.js'
import { outlineCertificate, outlineTbs } from '../../src/x509/certificate-frame.js'
import { hostNamesOf } from '../../src/x509/host-names.js'
import { ignore } from '../../src/x509/note.js'
import type { Outline } from '../../src/x509/outline.js'

/** Bytes of a leaf before its certificate: version, leaf type, timestamp, entry type, length (RFC 6962 section 3.4). */
const X509_OFFSET = 15
/** The same with the issuer key hash, before the TBSCertificate. */
const PRECERT_OFFSET = 47

/**
 * The `dnsNames` of the entry in a leaf, without making a certificate of it: for deciding whether it is wanted.
 *
 * @param leafInput - `MerkleTreeLeaf`; may be a view, nothing of it is kept.
 * @returns Exactly what `decodeEntry` would say; `undefined` for an unparsable entry.
 */
export function dnsNamesOfLeaf(leafInput: Uint8Array): readonly string[] | undefined {
  const outline = outlineOfLeaf(leafInput)
  return outline === undefined ? undefined : hostNamesOf(outline).dnsNames
}

/** Outline of the TBSCertificate in a leaf; `undefined` when there is none to read. */
export function outlineOfLeaf(leafInput: Uint8Array): Outline | undefined {
  const kind = leafKind(leafInput)
  if (kind === undefined) return undefined
  const offset = kind === 'x509' ? X509_OFFSET : PRECERT_OFFSET
  // A timestamp of 2^53 or more, which decoding the leaf refuses.
  const isAbsurd = leafInput[2] !== 0 || (leafInput[3] as number) >= 0x20
  if (isAbsurd || leafInput.length < offset + 2) return undefined
  const length =
    (leafInput[offset - 3] as number) * 0x10000 +
    (leafInput[offset - 2] as number) * 0x100 +
    (leafInput[offset - 1] as number)
  const end = offset + length
  if (end + 2 > leafInput.length) return undefined
  const extensions = (leafInput[end] as number) * 0x100 + (leafInput[end + 1] as number)
  if (end + 2 + extensions !== leafInput.length) return undefined
  try {
    const bytes = bufferOf(leafInput)
    return kind === 'x509'
      ? outlineCertificate(bytes, ignore, offset, end).outline
      : outlineTbs(bytes, ignore, offset, end)
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return undefined
  }
}
