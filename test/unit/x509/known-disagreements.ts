// Where this library and another decoder say different things of a real certificate, and why. Names are those of the files; an
// unlisted disagreement fails the differential test, and so does a listed one that is gone.

const BER = 'an indefinite length: BER, which is refused here'
const REENCODED = 'OpenSSL encodes RSA keys anew; here they stay as they stand, faults and parameters included'
const INVALID = 'OpenSSL finds some other extension invalid and then calls nothing a CA'
const ODD_TIME = 'a date in another form than RFC 5280 asks for, which it does not read'
const NO_SECONDS = 'a date without seconds, which OpenSSL refuses in newer versions'

/** Files that hold no certificate, or none in DER. */
export const notCertificates: Readonly<Record<string, string>> = {
  'testdata/asn1_indefinite_length_encoding.pem': BER,
  'testdata/ocspThisUpdateAfterProducedAt.der': 'an OCSP response',
  'testdata/ocspThisUpdateNotAfterProducedAt.der': 'an OCSP response',
  'golden/cloudflare-tbs-without-sct.der': 'a bare TBSCertificate',
  'golden/preissuer-precert-tbs.der': 'a bare TBSCertificate',
  'test/tbs.bin': 'a bare TBSCertificate',
}

/** Disagreements with OpenSSL, as node:crypto has it, in every version that was tried: 3.0 (Node 20) and 3.5 (Node 22, 24, 26). */
const fromAnyOpenssl: Readonly<Record<string, string>> = {
  'invalid/xf-der-invalid-nonminimal-int.pem: readable': 'OpenSSL refuses redundant octets in an INTEGER',
  'invalid/xf-der-pubkey-rsa-nonminimal-int.pem: key': REENCODED,
  'invalid/xf-ext-extended-key-usage-empty-oid.pem: extendedKeyUsage': 'OpenSSL gives none where one purpose is broken',
  'invalid/xf-pubkey-rsa-modulus-negative.pem: key': REENCODED,
  'invalid/xf-pubkey-rsa-param-nonnull.pem: key': REENCODED,
  'testdata/asn1_indefinite_length_encoding.pem: readable': BER,
  'testdata/matrixssl_sample.pem: key': REENCODED,
  'testdata/multiple_eku.pem: extendedKeyUsage': 'OpenSSL gives none where the extension occurs twice',
  'testdata/caMaxPathNegative.pem: ca': 'a negative path length makes the certificate invalid to OpenSSL, and no CA',
  'testdata/dNSNameNoUnderscores.pem: notBefore': 'the year 1, which Date.parse does not read',
  'testdata/dNSNameWithUnderscores.pem: notBefore': 'the year 1, which Date.parse does not read',
  'testdata/ncOnX400.pem: ca': INVALID,
  'testdata/publicKeyIsRSAExplicitNullMissing.pem: key': REENCODED,
  'testdata/rsaAlgIDNoNULLParams.pem: key': REENCODED,
  'testdata/rsaKeyWithParameters.pem: key': REENCODED,
  'testdata/userNoticeExpTextNotIA5String.pem: ca': INVALID,
  'testdata/userNoticeExpTextUtf8.pem: ca': INVALID,
  'testdata/userNoticeMissing.pem: ca': INVALID,
  'testdata/userNoticePres.pem: ca': INVALID,
  'testdata/userNoticeUnrecommended.pem: ca': INVALID,
  'testdata/utf8ControlX10.pem: ca': INVALID,
  'testdata/utf8ControlX88.pem: ca': INVALID,
  'legacy/rsa_key_no_param.crttest: key': REENCODED,
  'dv_final_certificate/rsa_missing_null_param.crttest: key': REENCODED,
}

/** Further ones with OpenSSL 3.5. 3.0 agrees; those between were not tried, no Node has them. */
const fromOpenssl35: Readonly<Record<string, string>> = {
  'testdata/marchnetworks_com.pem: readable': NO_SECONDS,
  'testdata/generalizedNoSeconds.pem: readable': NO_SECONDS,
  'testdata/generalizedTimeNoSeconds.pem: readable': NO_SECONDS,
  'testdata/utcNoSeconds.pem: readable': NO_SECONDS,
}

/** @param version - That of OpenSSL, as in `process.versions.openssl`. */
export function fromOpenssl(version: string): Readonly<Record<string, string>> {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return major > 3 || (major === 3 && minor >= 5) ? { ...fromAnyOpenssl, ...fromOpenssl35 } : fromAnyOpenssl
}

/** Disagreements with @peculiar/asn1-x509. */
export const fromPeculiar: Readonly<Record<string, string>> = {
  'invalid/xf-ext-extended-key-usage-empty-oid.pem: extendedKeyUsage':
    'an object identifier of no octets, which it gives as an empty string',
  'invalid/xf-ext-extended-key-usage-empty.pem: extendedKeyUsage': 'it refuses an empty list',
  'testdata/marchnetworks_com.pem: notBefore': ODD_TIME,
  'testdata/marchnetworks_com.pem: notAfter': ODD_TIME,
  'testdata/promise_com.pem: notBefore': ODD_TIME,
  'testdata/subrigo_net.pem: notBefore': ODD_TIME,
  'testdata/SANDNSNameNotFQDN.pem: altNames': 'it refuses names with tags that no GeneralName has',
  'testdata/SANEDIParty.pem: altNames': 'it refuses this ediPartyName',
  'testdata/SANURINotIA5.pem: altNames': 'UTF-8 in an IA5String, which it reads as Latin-1',
  'testdata/caMaxPathNegative.pem: basicConstraints': 'a negative path length, which is none here',
  'testdata/commonNameInSAN.pem: notBefore': ODD_TIME,
  'testdata/dNSNameNoUnderscores.pem: notBefore': 'the year 1, which it takes for 1901',
  'testdata/dNSNameWithUnderscores.pem: notBefore': 'the year 1, which it takes for 1901',
  'testdata/explicitTextBMPNotNFC.pem: policies': 'it refuses a user notice of odd length',
  'testdata/generalizedNoSeconds.pem: notBefore': ODD_TIME,
  'testdata/generalizedNotZulu.pem: notAfter': 'it applies an offset of hours to days',
  'testdata/incorrect_ku_length.pem: keyUsage': 'it misreads a BIT STRING of four octets',
  'testdata/subCAWNoURL.pem: access': 'it refuses an empty location',
  'testdata/subCertPathLenNegative.pem: altNames': 'it refuses this ediPartyName',
  'testdata/subCertPathLenNegative.pem: basicConstraints': 'a negative path length, which is none here',
  'testdata/subCertPathLenPositive.pem: altNames': 'it refuses this ediPartyName',
  'testdata/utcNoSeconds.pem: notBefore': ODD_TIME,
  'der/ftp.eurofins.se.der: notAfter': ODD_TIME,
  'testdata/argon2025h2-get-roots.json#593: notBefore': ODD_TIME,
  'testdata/argon2025h2-get-roots.json#593: notAfter': ODD_TIME,
  'testdata/argon2025h2-get-roots.json#661: subject': 'a BIT STRING in a name: RFC 4514 puts a # and its DER',
  'testdata/argon2025h2-get-roots.json#661: issuer': 'a BIT STRING in a name: RFC 4514 puts a # and its DER',
}

/** Disagreements with `openssl x509 -nameopt RFC2253`. */
export const opensslNames: Readonly<Record<string, string>> = {
  'testdata/dupl_subj_attrs_ko_02.pem: subject':
    'it turns the values of one RDN round as well; RFC 4514 section 2.2 leaves their order open',
}
