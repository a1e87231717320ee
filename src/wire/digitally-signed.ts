import type { CtErrorCode } from '../errors.js'
import { ByteReader, copyBytes } from '../util/bytes.js'

/** The parts of a `DigitallySigned` (RFC 5246 section 4.7). */
export interface DigitallySigned {
  /** 4 is SHA-256. */
  readonly hashAlgorithm: number
  /** 1 is RSA, 3 is ECDSA. */
  readonly signatureAlgorithm: number
  readonly signature: Uint8Array
}

/** Parses exactly one `DigitallySigned`, without trailing bytes. */
export function parseDigitallySigned(bytes: Uint8Array, code: CtErrorCode): DigitallySigned {
  const reader = new ByteReader(bytes, 'DigitallySigned', code)
  const signed = readDigitallySigned(reader)
  reader.finish()
  return signed
}

function readDigitallySigned(reader: ByteReader): DigitallySigned {
  // SignatureAndHashAlgorithm algorithm;
  const hashAlgorithm = reader.u8('hash algorithm')
  const signatureAlgorithm = reader.u8('signature algorithm')
  // opaque signature<0..2^16-1>;
  const signature = copyBytes(reader.view(reader.u16('signature length'), 'signature'))
  return { hashAlgorithm, signatureAlgorithm, signature }
}

/** One `DigitallySigned` as it stands: a view. */
export function digitallySignedView(reader: ByteReader): Uint8Array {
  const { offset } = reader
  reader.skip(1, 'hash algorithm')
  reader.skip(1, 'signature algorithm')
  reader.skip(reader.u16('signature length'), 'signature')
  return reader.bytes.subarray(offset, reader.offset)
}
