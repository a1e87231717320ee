import { DerReader, Tag } from './der.js'
import { ignore, type Note } from './note.js'
import { Outline } from './outline.js'

/** The outline of a whole certificate: its TBSCertificate, and where the outer signature algorithm is. */
export interface CertificateFrame {
  readonly outline: Outline
  /** Where the outer `signatureAlgorithm` begins; -1 when there is none. */
  readonly signatureAlgorithmStart: number
}

/**
 * Outlines a certificate (RFC 5280 section 4.1). Notes deviations after the TBSCertificate, and trailing bytes.
 *
 * @param start - Where it begins in `bytes`, default 0; `end`: where it must end, default their end.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when the bytes do not have the outer structure of a certificate.
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
 * Outlines a bare TBSCertificate, such as that in the leaf of a precertificate.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when the bytes do not have its outer structure.
 */
export function outlineTbs(bytes: Uint8Array, note: Note = ignore, start = 0, end = bytes.length): Outline {
  const reader = new DerReader(bytes, start, end)
  const outline = Outline.ofTbs(reader, note)
  if (outline.tbsEnd < end) note('trailing-data', `${end - outline.tbsEnd} bytes after the TBSCertificate`)
  return outline
}

/** Notes trouble after the TBSCertificate, without failing: the TBSCertificate is valid by itself. */
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
