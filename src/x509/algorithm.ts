import type { SignatureAlgorithm } from '../types/certificate-fields.js'
import { DerReader, noteNonMinimal, Tag } from './der.js'
import { ignore, type Note } from './note.js'
import { decodeOid } from './oid.js'
import { signatureAlgorithms } from './oids.js'

/**
 * Decodes an `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2) without its parameters.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED`
 */
export function decodeSignatureAlgorithm(
  bytes: Uint8Array,
  start: number,
  end: number,
  note: Note = ignore,
): SignatureAlgorithm {
  const reader = new DerReader(bytes, start, end)
  // AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY DEFINED BY algorithm OPTIONAL }
  reader.expect(Tag.sequence, 'AlgorithmIdentifier')
  reader.enter()
  reader.expect(Tag.oid, 'algorithm')
  const oid = decodeOid(bytes, reader.start, reader.stop)
  noteNonMinimal(reader, note)
  return { oid, name: signatureAlgorithms[oid] }
}
