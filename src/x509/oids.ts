import type { ValidationLevel } from '../types/certificate-fields.js'
import { encodeOid } from './oid.js'

/** Extensions this library reads, by their RFC 5280 and RFC 6962 names. */
export const ExtensionOid = {
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  /** RFC 6962 section 3.3. */
  sctList: '1.3.6.1.4.1.11129.2.4.2',
  /** RFC 6962 section 3.1. */
  precertPoison: '1.3.6.1.4.1.11129.2.4.3',
} as const

/** Names of extensions that occur in certificates, whether this library reads them or not. */
export const extensionNames: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(ExtensionOid).map(([name, oid]) => [oid, name])),
  '1.3.6.1.5.5.7.1.3': 'qcStatements',
  '1.3.6.1.5.5.7.1.11': 'subjectInfoAccess',
  '1.3.6.1.5.5.7.1.12': 'logotype',
  '1.3.6.1.5.5.7.1.24': 'tlsFeature',
  '1.3.6.1.5.5.7.48.1.5': 'ocspNoCheck',
  '2.5.29.9': 'subjectDirectoryAttributes',
  '2.5.29.16': 'privateKeyUsagePeriod',
  '2.5.29.18': 'issuerAltName',
  '2.5.29.30': 'nameConstraints',
  '2.5.29.33': 'policyMappings',
  '2.5.29.36': 'policyConstraints',
  '2.5.29.46': 'freshestCRL',
  '2.5.29.54': 'inhibitAnyPolicy',
  '1.3.6.1.4.1.311.20.2': 'microsoftCertificateTemplateName',
  '1.3.6.1.4.1.311.21.1': 'microsoftCaVersion',
  '1.3.6.1.4.1.311.21.7': 'microsoftCertificateTemplate',
  '1.3.6.1.4.1.311.21.10': 'microsoftApplicationPolicies',
  '1.3.6.1.4.1.44363.44': 'delegationUsage',
  '2.16.840.1.113730.1.1': 'netscapeCertType',
  '2.16.840.1.113730.1.13': 'netscapeComment',
  '2.23.140.3.1': 'cabfOrganizationIdentifier',
}

/**
 * Short names of name attributes: the descriptors of RFC 4514 section 3 and RFC 4519, and OpenSSL's where those have none.
 */
export const attributeNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.13': 'description',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.18': 'postOfficeBox',
  '2.5.4.20': 'telephoneNumber',
  '2.5.4.41': 'name',
  '2.5.4.42': 'GN',
  '2.5.4.43': 'initials',
  '2.5.4.44': 'generationQualifier',
  '2.5.4.45': 'x500UniqueIdentifier',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.3': 'mail',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionL',
  '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
}

/** Public key algorithms: RFC 3279, 4055, 5480, 8410, 9881 (ML-DSA), 9909 (SLH-DSA). */
export const keyAlgorithms: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'RSA',
  '1.2.840.113549.1.1.7': 'RSA-OAEP',
  '1.2.840.113549.1.1.10': 'RSA-PSS',
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10046.2.1': 'DH',
  '1.2.840.10045.2.1': 'EC',
  '1.3.101.110': 'X25519',
  '1.3.101.111': 'X448',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
  '2.16.840.1.101.3.4.3.20': 'SLH-DSA-SHA2-128s',
  '2.16.840.1.101.3.4.3.21': 'SLH-DSA-SHA2-128f',
  '2.16.840.1.101.3.4.3.22': 'SLH-DSA-SHA2-192s',
  '2.16.840.1.101.3.4.3.23': 'SLH-DSA-SHA2-192f',
  '2.16.840.1.101.3.4.3.24': 'SLH-DSA-SHA2-256s',
  '2.16.840.1.101.3.4.3.25': 'SLH-DSA-SHA2-256f',
  '2.16.840.1.101.3.4.3.26': 'SLH-DSA-SHAKE-128s',
  '2.16.840.1.101.3.4.3.27': 'SLH-DSA-SHAKE-128f',
  '2.16.840.1.101.3.4.3.28': 'SLH-DSA-SHAKE-192s',
  '2.16.840.1.101.3.4.3.29': 'SLH-DSA-SHAKE-192f',
  '2.16.840.1.101.3.4.3.30': 'SLH-DSA-SHAKE-256s',
  '2.16.840.1.101.3.4.3.31': 'SLH-DSA-SHAKE-256f',
  '2.16.840.1.101.3.4.4.1': 'ML-KEM-512',
  '2.16.840.1.101.3.4.4.2': 'ML-KEM-768',
  '2.16.840.1.101.3.4.4.3': 'ML-KEM-1024',
  '1.2.643.7.1.1.1.1': 'GOST-2012-256',
  '1.2.643.7.1.1.1.2': 'GOST-2012-512',
  '1.2.643.2.2.19': 'GOST-2001',
}

/** Sizes that follow from the algorithm alone. */
export const keyAlgorithmBits: Readonly<Record<string, number>> = { X25519: 253, X448: 448, Ed25519: 256, Ed448: 456 }

/** Named curves: RFC 5480 section 2.1.1.1, SEC 2, RFC 5639. */
export const namedCurves: Readonly<Record<string, { readonly name: string; readonly bits: number }>> = {
  '1.2.840.10045.3.1.1': { name: 'P-192', bits: 192 },
  '1.3.132.0.33': { name: 'P-224', bits: 224 },
  '1.2.840.10045.3.1.7': { name: 'P-256', bits: 256 },
  '1.3.132.0.34': { name: 'P-384', bits: 384 },
  '1.3.132.0.35': { name: 'P-521', bits: 521 },
  '1.3.132.0.8': { name: 'secp160r1', bits: 160 },
  '1.3.132.0.9': { name: 'secp160k1', bits: 160 },
  '1.3.132.0.10': { name: 'secp256k1', bits: 256 },
  '1.3.132.0.31': { name: 'secp192k1', bits: 192 },
  '1.3.132.0.32': { name: 'secp224k1', bits: 224 },
  '1.3.132.0.1': { name: 'sect163k1', bits: 163 },
  '1.3.132.0.15': { name: 'sect163r2', bits: 163 },
  '1.3.132.0.26': { name: 'sect233k1', bits: 233 },
  '1.3.132.0.27': { name: 'sect233r1', bits: 233 },
  '1.3.132.0.16': { name: 'sect283k1', bits: 283 },
  '1.3.132.0.17': { name: 'sect283r1', bits: 283 },
  '1.3.132.0.36': { name: 'sect409k1', bits: 409 },
  '1.3.132.0.37': { name: 'sect409r1', bits: 409 },
  '1.3.132.0.38': { name: 'sect571k1', bits: 571 },
  '1.3.132.0.39': { name: 'sect571r1', bits: 571 },
  '1.3.36.3.3.2.8.1.1.7': { name: 'brainpoolP256r1', bits: 256 },
  '1.3.36.3.3.2.8.1.1.11': { name: 'brainpoolP384r1', bits: 384 },
  '1.3.36.3.3.2.8.1.1.13': { name: 'brainpoolP512r1', bits: 512 },
  '1.2.156.10197.1.301': { name: 'SM2', bits: 256 },
}

/** Signature algorithms, by the identifiers of the RFCs that define them. */
export const signatureAlgorithms: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.3': 'md4WithRSAEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.3.14.3.2.29': 'sha1WithRSASignature',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
  '1.2.840.10040.4.3': 'dsa-with-sha1',
  '2.16.840.1.101.3.4.3.1': 'dsa-with-sha224',
  '2.16.840.1.101.3.4.3.2': 'dsa-with-sha256',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '1.2.156.10197.1.501': 'SM2-with-SM3',
  '1.2.643.7.1.1.3.2': 'gost3411-2012-256-with-gost3410-2012-256',
  ...Object.fromEntries(Object.entries(keyAlgorithms).filter(([, name]) => /^(ML|SLH)-DSA/.test(name))),
}

/** Key purposes: RFC 5280 section 4.2.1.12, RFC 6962 section 3.1, and those of vendors that occur in logs. */
export const keyPurposes: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.5': 'ipsecEndSystem',
  '1.3.6.1.5.5.7.3.6': 'ipsecTunnel',
  '1.3.6.1.5.5.7.3.7': 'ipsecUser',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '1.3.6.1.5.5.7.3.17': 'ipsecIKE',
  '1.3.6.1.5.5.7.3.31': 'brandIndicatorForMessageIdentification',
  '1.3.6.1.5.5.7.3.36': 'documentSigning',
  '1.3.6.1.5.2.3.4': 'pkinitKPClientAuth',
  '1.3.6.1.5.2.3.5': 'pkinitKPKdc',
  '1.3.6.1.4.1.11129.2.4.4': 'precertificateSigning',
  '1.3.6.1.4.1.311.10.3.3': 'microsoftServerGatedCrypto',
  '1.3.6.1.4.1.311.10.3.4': 'microsoftEncryptedFileSystem',
  '1.3.6.1.4.1.311.10.3.12': 'microsoftDocumentSigning',
  '1.3.6.1.4.1.311.20.2.2': 'microsoftSmartcardLogon',
  '2.16.840.1.113730.4.1': 'netscapeServerGatedCrypto',
}

/** Policies of the CA/Browser Forum (Baseline Requirements section 7.1.6.1, EV Guidelines, S/MIME, code signing) and RFC 5280. */
export const policyNames: Readonly<Record<string, string>> = {
  '2.5.29.32.0': 'anyPolicy',
  '2.23.140.1.1': 'extended-validation',
  '2.23.140.1.2.1': 'domain-validated',
  '2.23.140.1.2.2': 'organization-validated',
  '2.23.140.1.2.3': 'individual-validated',
  '2.23.140.1.3': 'ev-code-signing',
  '2.23.140.1.4.1': 'code-signing',
  '2.23.140.1.4.2': 'timestamping',
  '2.23.140.1.31': 'onion-ev',
  '0.4.0.2042.1.4': 'etsi-evcp',
  '0.4.0.2042.1.6': 'etsi-dvcp',
  '0.4.0.2042.1.7': 'etsi-ovcp',
  '0.4.0.194112.1.4': 'etsi-qevcp-w',
  '0.4.0.194112.1.5': 'etsi-qncp-w',
}

/** EV policies of single CAs, which browsers knew by root before all CAs had to use `2.23.140.1.1`. */
const evPolicies = [
  '1.2.40.0.17.1.22', // A-Trust
  '1.3.159.1.17.1', // Actalis
  '1.3.6.1.4.1.34697.2.1', // AffirmTrust
  '1.3.6.1.4.1.34697.2.2',
  '1.3.6.1.4.1.34697.2.3',
  '1.3.6.1.4.1.34697.2.4',
  '2.16.578.1.26.1.3.3', // Buypass
  '1.3.6.1.4.1.17326.10.8.12.1.2', // Camerfirma
  '1.3.6.1.4.1.17326.10.14.2.1.2',
  '1.2.616.1.113527.2.5.1.1', // Certum
  '2.16.156.112554.3', // CFCA
  '1.3.6.1.4.1.29836.1.10', // CNNIC
  '1.3.6.1.4.1.6334.1.100.1', // Cybertrust
  '1.3.6.1.4.1.4788.2.202.1', // D-TRUST
  '2.16.840.1.114412.1.3.0.2', // DigiCert
  '2.16.840.1.114412.2.1',
  '2.16.528.1.1001.1.1.1.12.6.1.1.1', // DigiNotar
  '2.16.840.1.114028.10.1.2', // Entrust
  '1.3.6.1.4.1.13177.10.1.3.10', // Firmaprofesional
  '1.3.6.1.4.1.14370.1.6', // GeoTrust
  '1.3.6.1.4.1.4146.1.1', // GlobalSign
  '2.16.840.1.114413.1.7.23.3', // GoDaddy
  '1.3.6.1.4.1.14777.6.1.1', // Izenpe
  '1.3.6.1.4.1.14777.6.1.2',
  '1.3.6.1.4.1.22234.2.5.2.3.1', // Keynectis
  '1.3.6.1.4.1.782.1.2.1.8.1', // Network Solutions
  '1.3.6.1.4.1.8024.0.2.100.1.2', // QuoVadis
  '1.2.392.200091.100.721.1', // SECOM
  '1.3.6.1.4.1.6449.1.2.1.5.1', // Sectigo
  '1.3.6.1.4.1.38064.1.1.1.0', // SSL.com
  '1.3.6.1.4.1.38064.1.3.1.4',
  '2.16.840.1.114414.1.7.23.3', // Starfield
  '2.16.840.1.114414.1.7.24.3',
  '1.3.6.1.4.1.23223.1.1.1', // StartCom
  '2.16.756.1.89.1.2.1.1', // SwissSign
  '1.3.6.1.4.1.7879.13.24.1', // T-Systems
  '2.16.840.1.113733.1.7.48.1', // thawte
  '2.16.840.1.114404.1.1.2.4.1', // Trustwave
  '1.3.6.1.4.1.40869.1.1.22.3', // TWCA
  '2.16.840.1.113733.1.7.23.6', // VeriSign
  '2.16.840.1.114171.500.9', // Wells Fargo
]

/** The policies that say how a TLS certificate was validated: those reserved by the CA/Browser Forum, and the CAs' own for EV. */
export const validationPolicies: Readonly<Record<string, ValidationLevel>> = {
  ...Object.fromEntries(evPolicies.map((oid) => [oid, 'EV'])),
  '2.23.140.1.1': 'EV',
  '2.23.140.1.2.1': 'DV',
  '2.23.140.1.2.2': 'OV',
  '2.23.140.1.2.3': 'IV',
}

/** Content octets of object identifiers for comparison in place. */
export const Octets = {
  commonName: encodeOid('2.5.4.3'),
  subjectAltName: encodeOid(ExtensionOid.subjectAltName),
  authorityKeyIdentifier: encodeOid(ExtensionOid.authorityKeyIdentifier),
  sctList: encodeOid(ExtensionOid.sctList),
  precertPoison: encodeOid(ExtensionOid.precertPoison),
  subjectKeyIdentifier: encodeOid(ExtensionOid.subjectKeyIdentifier),
  crlDistributionPoints: encodeOid(ExtensionOid.crlDistributionPoints),
  certificatePolicies: encodeOid(ExtensionOid.certificatePolicies),
} as const
