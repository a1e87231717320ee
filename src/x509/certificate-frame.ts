import { DerReader, Tag } from './der.js'
import { ignore, type Note } from './note.js'
import { Outline } from './outline.js'

/** A whole certificate: its TBSCertificate and where the signature algorithm outside it is. */
export interface CertificateFrame {
  readonly outline: Outline
  /** Where the outer `signatureAlgorithm` begins; -1 when there is none. */
  readonly signatureAlgorithmStart: number
}

/**
 * Outlines a certificate (RFC 5280 section 4.1). What comes after the TBSCertificate and after the certificate is noted when it is
 * not as it should be.
 *
 * @param start - Where it begins in `bytes`, default 0; `end`: where it must end, default their end.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when the bytes are not the frame of a certificate.
 */
export function outlineCertificate(
  bytes: Uint8Array,
  note: Note = ignore,
  start = 0,
  end = bytes.length,
): CertificateFrame {
  const reader = new DerReader(bytes, start, end)
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
  reader.expect(Tag.sequence, 'Certificate')
  if (reader.stop < end) note('trailing-data', `${end - reader.stop} bytes after the certificate`)
  reader.enter()
  const outline = Outline.ofTbs(reader, note)
  const signatureAlgorithmStart = reader.offset < reader.end ? reader.offset : -1
  finishCertificate(reader, note)
  return { outline, signatureAlgorithmStart }
}

/**
 * Outlines a bare TBSCertificate, such as the leaf of a precertificate holds.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when the bytes are not the frame of one.
 */
export function outlineTbs(bytes: Uint8Array, note: Note = ignore, start = 0, end = bytes.length): Outline {
  const reader = new DerReader(bytes, start, end)
  const outline = Outline.ofTbs(reader, note)
  if (outline.tbsEnd < end) note('trailing-data', `${end - outline.tbsEnd} bytes after the TBSCertificate`)
  return outline
}

/** The TBSCertificate stands for itself: trouble behind it is noted, no more. */
function finishCertificate(reader: DerReader, note: Note): void {
  try {
    if (!reader.next()) note('der-malformed', 'the certificate has no signatureAlgorithm')
    else if (!reader.next() || !reader.isA(Tag.bitString))
      note('der-malformed', 'the certificate has no signatureValue')
    else if (reader.next())
      note('trailing-data', `${reader.end - reader.head} bytes inside the certificate, after its signature`)
  } catch (error) {
    note('der-malformed', error instanceof Error ? error.message : String(error))
  }
}
