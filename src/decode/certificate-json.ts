import type { CtCertificate } from '../types/certificate.js'
import type { CertificateJson } from '../types/certificate-json.js'
import { toBase64, toHex } from '../util/bytes.js'

/** The record of a certificate: every key of {@link CertificateJson}, in its order. Shares no mutable data with the certificate. */
export function certificateJson(certificate: CtCertificate): CertificateJson {
  const { publicKey, signatureAlgorithm, basicConstraints, issuerKeyHash } = certificate
  return {
    kind: certificate.kind,
    log: { ...certificate.log },
    index: certificate.index,
    timestamp: certificate.timestamp?.toISOString() ?? null,
    leafHash: toHex(certificate.leafHash),
    historical: certificate.historical,
    verified: certificate.verified,
    cursor: certificate.cursor,
    sha256: certificate.sha256 ?? null,
    sha1: certificate.sha1 ?? null,
    issuanceId: certificate.issuanceId ?? null,
    issuerKeyHash: issuerKeyHash === undefined ? null : toHex(issuerKeyHash),
    serialNumber: certificate.serialNumber ?? null,
    subject: certificate.subject.toJSON(),
    issuer: certificate.issuer.toJSON(),
    notBefore: certificate.notBefore?.toISOString() ?? null,
    notAfter: certificate.notAfter?.toISOString() ?? null,
    dnsNames: [...certificate.dnsNames],
    ipAddresses: [...certificate.ipAddresses],
    emailAddresses: [...certificate.emailAddresses],
    uris: [...certificate.uris],
    altNames: certificate.altNames.map(({ kind, value }) => ({ kind, value })),
    publicKey: publicKey
      ? {
          algorithm: publicKey.algorithm,
          oid: publicKey.oid,
          bits: publicKey.bits ?? null,
          curve: publicKey.curve ?? null,
          spkiSha256: publicKey.spkiSha256,
        }
      : null,
    signatureAlgorithm: signatureAlgorithm ? named(signatureAlgorithm) : null,
    keyUsage: certificate.keyUsage?.slice() ?? null,
    extendedKeyUsage: certificate.extendedKeyUsage?.map(named) ?? null,
    basicConstraints: basicConstraints
      ? { ca: basicConstraints.ca, pathLength: basicConstraints.pathLength ?? null }
      : null,
    subjectKeyId: certificate.subjectKeyId ?? null,
    authorityKeyId: certificate.authorityKeyId ?? null,
    ocspUrls: [...certificate.ocspUrls],
    caIssuerUrls: [...certificate.caIssuerUrls],
    crlUrls: [...certificate.crlUrls],
    policies: certificate.policies.map((policy) => ({ ...named(policy), cpsUris: [...policy.cpsUris] })),
    validation: certificate.validation ?? null,
    scts: certificate.scts.map(({ logId, timestamp }) => ({ logId, timestamp: timestamp.toISOString() })),
    isCa: certificate.isCa,
    isSelfIssued: certificate.isSelfIssued,
    problems: certificate.problems.map((problem) => ({ ...problem })),
    leafInput: certificate.kind === 'unparsable' ? toBase64(certificate.leafInput) : null,
  }
}

function named({ oid, name }: { readonly oid: string; readonly name: string | undefined }) {
  return { oid, name: name ?? null }
}
