import { CtStreamError } from '../errors.js'
import type { PublicKeyInfo } from '../types/certificate-fields.js'
import { sha256Hex } from '../util/hash.js'
import { DerReader, noteNonMinimal, Tag } from './der.js'
import { bitLength, isNegative, noteInteger, smallInteger } from './integer.js'
import { ignore, type Note } from './note.js'
import { decodeOid } from './oid.js'
import { keyAlgorithmBits, keyAlgorithms, namedCurves } from './oids.js'

/** Fields of {@link PublicKeyInfo} that depend on the algorithm. */
type KeyDetails = Partial<Pick<PublicKeyInfo, 'bits' | 'curve' | 'exponent'>>

/**
 * Decodes a `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7). Notes a key that does not fit its algorithm, and keeps algorithm and bytes; an
 * unknown algorithm is no problem.
 *
 * @returns `spki` is a view of `bytes`.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when it does not have this outer structure.
 */
export function decodePublicKey(bytes: Uint8Array, start: number, end: number, note: Note = ignore): PublicKeyInfo {
  const reader = new DerReader(bytes, start, end)
  // SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
  reader.expect(Tag.sequence, 'SubjectPublicKeyInfo')
  const spki = reader.element()
  reader.enter()
  reader.expect(Tag.sequence, 'AlgorithmIdentifier')
  const outer = reader.enter()
  reader.expect(Tag.oid, 'algorithm')
  const oid = decodeOid(bytes, reader.start, reader.stop)
  const parameters = new DerReader(bytes, reader.offset, reader.end)
  reader.leave(outer)
  const algorithm = keyAlgorithms[oid] ?? oid
  let details: KeyDetails = {}
  try {
    reader.expect(Tag.bitString, 'subjectPublicKey')
    details = keyDetails(algorithm, parameters, reader, note)
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    note('key-malformed', `${algorithm} key: ${error.message}`)
  }
  noteNonMinimal(reader, note)
  const { bits, curve, exponent } = details
  return { algorithm, oid, bits, curve, exponent, spki, spkiSha256: sha256Hex(spki) }
}

function keyDetails(algorithm: string, parameters: DerReader, key: DerReader, note: Note): KeyDetails {
  if (algorithm === 'RSA' || algorithm === 'RSA-PSS' || algorithm === 'RSA-OAEP') return rsaDetails(key, note)
  if (algorithm === 'EC') return ecDetails(parameters, note)
  if (algorithm === 'DSA') return dsaDetails(parameters)
  return { bits: keyAlgorithmBits[algorithm] }
}

/** RFC 3279 section 2.3.1. */
function rsaDetails(key: DerReader, note: Note): KeyDetails {
  const reader = bitStringReader(key)
  // RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
  reader.expect(Tag.sequence, 'RSAPublicKey')
  reader.enter()
  reader.expect(Tag.integer, 'modulus')
  const modulus = reader.content()
  reader.expect(Tag.integer, 'publicExponent')
  const publicExponent = reader.content()
  noteInteger(modulus, note)
  noteInteger(publicExponent, note)
  // Some CAs omitted the zero octet that keeps a modulus positive: reads it as unsigned.
  if (bitLength(modulus) === 0 || isNegative(modulus)) note('key-malformed', 'an RSA modulus that is not positive')
  return { bits: bitLength(modulus), exponent: smallInteger(publicExponent) }
}

/** RFC 5480 section 2.1.1: a named curve; explicit parameters are noted as a problem. */
function ecDetails(parameters: DerReader, note: Note): KeyDetails {
  if (!parameters.next() || !parameters.isA(Tag.oid)) {
    note('key-malformed', 'an EC key without a named curve')
    return {}
  }
  const oid = decodeOid(parameters.bytes, parameters.start, parameters.stop)
  const curve = namedCurves[oid]
  return curve === undefined ? { curve: oid } : { curve: curve.name, bits: curve.bits }
}

/** RFC 3279 section 2.3.2; the parameters may be inherited from the issuer. */
function dsaDetails(parameters: DerReader): KeyDetails {
  if (!parameters.next() || !parameters.isA(Tag.sequence)) return {}
  // Dss-Parms ::= SEQUENCE { p INTEGER, q INTEGER, g INTEGER }
  parameters.enter()
  parameters.expect(Tag.integer, 'p')
  return { bits: bitLength(parameters.content()) }
}

/** A reader of a BIT STRING's content, after the octet of unused bits. */
function bitStringReader(reader: DerReader): DerReader {
  if (reader.start >= reader.stop || reader.bytes[reader.start] !== 0) reader.fail('has unused bits, or none at all')
  return new DerReader(reader.bytes, reader.start + 1, reader.stop)
}
