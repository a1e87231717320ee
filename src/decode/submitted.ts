import { CtStreamError } from '../errors.js'
import type { EntryExtra } from '../types/entries.js'
import { outlineCertificate } from '../x509/certificate-frame.js'
import { poisonFault, precertificateMismatch } from '../x509/precertificate.js'
import { ProblemList } from '../x509/problem-list.js'

/** The precertificate that a log sends beside the leaf, unchecked; when it is missing, this is a problem of `der`. */
export function readPreCertificate(extra: EntryExtra, problems: ProblemList): Uint8Array | undefined {
  let preCertificate: Uint8Array | undefined
  try {
    preCertificate = extra.preCertificate()
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    problems.add('der', 'extra-malformed', error.message)
    return undefined
  }
  if (preCertificate === undefined || preCertificate.length === 0) {
    problems.add('der', 'precertificate-missing', 'the log did not send the precertificate')
    return undefined
  }
  return preCertificate
}

/**
 * Compares a precertificate, which the Merkle tree does not cover, with the TBSCertificate that the log hashed (RFC 6962 section 3.2).
 * Differences are problems of `der`.
 */
export function checkPreCertificate(
  preCertificate: Uint8Array,
  tbsCertificate: Uint8Array,
  problems: ProblemList,
): void {
  try {
    const noted = new ProblemList()
    const { outline } = outlineCertificate(preCertificate, noted.noteFor('der'))
    const mismatch = precertificateMismatch(outline, tbsCertificate)
    if (mismatch !== undefined) problems.add('der', 'precertificate-mismatch', mismatch)
    for (const { code, message } of noted.toArray()) problems.add('der', code, message)
    const fault = poisonFault(outline)
    if (fault !== undefined) problems.add('der', 'poison-malformed', fault)
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    problems.add('der', 'precertificate-mismatch', `the precertificate cannot be read: ${error.message}`)
  }
}
