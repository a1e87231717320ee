import { equalBytes } from '../util/bytes.js'
import { outlineTbs } from './certificate-frame.js'
import { isTbsWithout } from './issuance-tbs.js'
import { decodeOid, sameOctets } from './oid.js'
import { Octets } from './oids.js'
import type { ExtensionParts, Outline } from './outline.js'

const NULL = Uint8Array.of(0x05, 0x00)

/**
 * Compares a submitted precertificate with the TBSCertificate that the log hashed (RFC 6962 section 3.2); `undefined` when they match,
 * else the difference.
 *
 * Compares fields as raw bytes. Only the precertificate may have the poison. If it was signed by a Precertificate Signing Certificate,
 * issuer and AuthorityKeyIdentifier may differ in value, but not in place.
 *
 * @param submitted - Of the precertificate.
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when the TBSCertificate cannot be read.
 */
export function precertificateMismatch(submitted: Outline, tbsCertificate: Uint8Array): string | undefined {
  if (!hasExtension(submitted, Octets.precertPoison)) return 'the precertificate has no poison extension'
  // Nearly always only the poison differs.
  if (isTbsWithout(submitted, [Octets.precertPoison], tbsCertificate)) return undefined
  const hashed = outlineTbs(tbsCertificate)
  const issuer = ({ bytes, issuerStart, validityStart }: Outline) => bytes.subarray(issuerStart, validityStart)
  const sameIssuer = equalBytes(issuer(submitted), issuer(hashed))
  const mismatch = fieldMismatch(submitted, hashed) ?? extensionMismatch(submitted, hashed, sameIssuer)
  return mismatch ?? (sameIssuer ? 'the TBSCertificates are encoded in different ways' : undefined)
}

/** Whether there is an extension of the type with these OID octets. */
export function hasExtension(outline: Outline, oid: Uint8Array): boolean {
  for (let i = 0; i < outline.extensionCount; i++) if (outline.isExtension(i, oid)) return true
  return false
}

/** Checks that the poison is critical and holds an ASN.1 NULL (RFC 6962 section 3.1); `undefined` when it does, or there is none. */
export function poisonFault(outline: Outline): string | undefined {
  for (let i = 0; i < outline.extensionCount; i++) {
    if (!outline.isExtension(i, Octets.precertPoison)) continue
    const { critical, valueStart, valueEnd } = outline.extension(i)
    if (!critical) return 'the poison extension is not critical'
    if (!sameOctets(outline.bytes, valueStart, valueEnd, NULL)) return 'the poison extension does not hold NULL'
  }
  return undefined
}

function fieldMismatch(a: Outline, b: Outline): string | undefined {
  const differs = (from: (o: Outline) => number, to: (o: Outline) => number) =>
    !equalBytes(a.bytes.subarray(from(a), to(a)), b.bytes.subarray(from(b), to(b)))
  if (a.version !== b.version) return 'the versions differ'
  if (
    differs(
      (o) => o.serialStart,
      (o) => o.signatureStart,
    )
  )
    return 'the serial numbers differ'
  if (
    differs(
      (o) => o.signatureStart,
      (o) => o.issuerStart,
    )
  )
    return 'the signature algorithms differ'
  if (
    differs(
      (o) => o.validityStart,
      (o) => o.subjectStart,
    )
  )
    return 'the validities differ'
  if (
    differs(
      (o) => o.subjectStart,
      (o) => o.spkiStart,
    )
  )
    return 'the subjects differ'
  if (
    differs(
      (o) => o.spkiStart,
      (o) => o.spkiEnd,
    )
  )
    return 'the public keys differ'
  if (differs((o) => o.spkiEnd, extensionsOrEnd)) return 'the unique identifiers differ'
  return undefined
}

const extensionsOrEnd = (o: Outline) => (o.extensionsStart < 0 ? o.tbsEnd : o.extensionsStart)

function extensionMismatch(submitted: Outline, hashed: Outline, sameIssuer: boolean): string | undefined {
  let at = 0
  for (let i = 0; i < submitted.extensionCount; i++) {
    if (submitted.isExtension(i, Octets.precertPoison)) continue
    const ours = submitted.extension(i)
    const oid = decodeOid(submitted.bytes, ours.oidStart, ours.oidEnd)
    if (at >= hashed.extensionCount) return `extension ${oid} is in the precertificate only`
    const theirs = hashed.extension(at)
    const raw = spanBytes(hashed, at++)
    const theirOid = decodeOid(hashed.bytes, theirs.oidStart, theirs.oidEnd)
    if (theirOid !== oid) return `extension ${oid} stands where the leaf has ${theirOid}`
    if (ours.critical !== theirs.critical) return `extension ${oid} is critical in one of the two only`
    const mayDiffer = !sameIssuer && submitted.isExtension(i, Octets.authorityKeyIdentifier)
    if (!mayDiffer && !equalBytes(valueBytes(submitted, ours), valueBytes(hashed, theirs)))
      return `extension ${oid} differs in value`
    if (!mayDiffer && !equalBytes(spanBytes(submitted, i), raw)) return `extension ${oid} is encoded in another way`
  }
  return at < hashed.extensionCount ? 'the leaf has more extensions than the precertificate' : undefined
}

function spanBytes(outline: Outline, i: number): Uint8Array {
  const { start, end } = outline.extensionSpan(i)
  return outline.bytes.subarray(start, end)
}

function valueBytes({ bytes }: Outline, { valueStart, valueEnd }: ExtensionParts): Uint8Array {
  return bytes.subarray(valueStart, valueEnd)
}
