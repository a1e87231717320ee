import type { CtCertificate } from '../../../src/types/certificate.js'
import type { CertificateJson } from '../../../src/types/certificate-json.js'
import type { Name } from '../../../src/types/name.js'

export function name(changes: Partial<Name> = {}): Name {
  const text = changes.commonName === undefined ? '' : `CN=${changes.commonName}`
  const empty = { organization: undefined, organizationalUnit: undefined, country: undefined, locality: undefined }
  return {
    ...empty,
    commonName: undefined,
    stateOrProvince: undefined,
    emailAddress: undefined,
    attributes: [],
    raw: new Uint8Array(),
    toString: () => text,
    toJSON: () => ({ text, commonName: changes.commonName ?? null }) as never,
    ...changes,
  }
}

/** A record with the fields formats read, as the decoder would fill them. */
export function certificate(changes: Partial<CtCertificate> = {}): CtCertificate {
  const cert = {
    kind: 'certificate',
    log: {
      id: 'bG9n',
      description: "Example 'Log'",
      operator: 'Example',
      kind: 'rfc6962',
      url: 'https://log.example/',
    },
    index: 4_294_967_297,
    timestamp: new Date(Date.UTC(2026, 10, 22, 13, 57, 1, 250)),
    dnsNames: ['example.com', 'www.example.com'],
    ipAddresses: [],
    emailAddresses: [],
    uris: [],
    subject: name({ commonName: 'example.com' }),
    issuer: name({ commonName: 'R10', organization: "Let's Encrypt" }),
    notBefore: new Date(Date.UTC(2026, 10, 1)),
    notAfter: new Date(Date.UTC(2027, 0, 30)),
    serialNumber: '03ab',
    publicKey: { algorithm: 'EC', oid: '1.2', bits: 256, curve: 'P-256', exponent: undefined, spkiSha256: 'cc' },
    signatureAlgorithm: { oid: '1.2.3', name: 'ecdsa-with-SHA384' },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [{ oid: '1.3.6.1.5.5.7.3.1', name: 'serverAuth' }],
    validation: 'DV',
    isCa: false,
    scts: [{}, {}],
    sha256: 'aa',
    issuanceId: 'bb',
    problems: [],
    ...changes,
  }
  const json = () => {
    const { kind, log, index, timestamp, dnsNames, subject, issuer, validation } = cert
    const fields = { kind, log, index, timestamp, dnsNames, subject, issuer, validation }
    return JSON.parse(JSON.stringify(fields)) as CertificateJson
  }
  const message = () => ({ message_type: 'certificate_update', data: { cert_index: cert.index } })
  return { toJSON: json, toCertStream: message, ...cert } as unknown as CtCertificate
}
