import { execFileSync } from 'node:child_process'
import { type KeyObject, X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AuthorityInfoAccessSyntax,
  AuthorityKeyIdentifier,
  BasicConstraints,
  type Certificate,
  CertificatePolicies,
  CRLDistributionPoints,
  ExtendedKeyUsage,
  type GeneralName,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509'
import { expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { toHex } from '../../../src/util/bytes.js'
import { CertificateFields } from '../../../src/x509/certificate-fields.js'
import { parseFull } from '../../../src/x509/full.js'
import { formatIpAddress, parseIpAddress } from '../../../src/x509/ip-address.js'
import { ProblemList } from '../../../src/x509/problem-list.js'
import { describeReal } from '../../real-data.js'
import { fromOpenssl, fromPeculiar, notCertificates, opensslNames } from './known-disagreements.js'
import { realCertificates } from './real-certificates.js'

interface Subject {
  readonly name: string
  readonly der: Uint8Array
  readonly fields: CertificateFields | undefined
}

describeReal('every certificate of the real data, against other decoders', () => {
  const all: Subject[] = realCertificates().map(({ name, der }) => ({ name, der, fields: outlined(der) }))

  it('there are as many as there should be, and only the listed ones cannot be read', () => {
    expect(all.length).toBe(1989)
    expect(all.filter(({ fields }) => fields === undefined).map(({ name }) => name)).toEqual(
      Object.keys(notCertificates),
    )
  })

  it('agrees with OpenSSL in node:crypto except for the listed disagreements', () => {
    const found = all.flatMap(({ name, der, fields }) => {
      const theirs = attempt(() => new X509Certificate(der))
      if (fields === undefined || theirs === undefined)
        return (fields === undefined) === (theirs === undefined) ? [] : [`${name}: readable`]
      return differences(name, opensslView(theirs, fields), ownOpensslView(fields))
    })
    expect(found.sort()).toEqual(Object.keys(fromOpenssl(process.versions.openssl)).sort())
  })

  it('agrees with @peculiar/asn1-x509 except for the listed disagreements', () => {
    const found = all.flatMap(({ name, der, fields }) => {
      const theirs = attempt(() => parseFull(der))
      if (fields === undefined || theirs === undefined)
        return (fields === undefined) === (theirs === undefined) ? [] : [`${name}: readable`]
      return differences(name, peculiarView(theirs), ownPeculiarView(fields))
    })
    expect(found).toEqual(Object.keys(fromPeculiar))
  })

  it('writes distinguished names as openssl x509 does, except for the case of STREET', () => {
    const found = all
      .filter(({ fields }, i) => fields !== undefined && i % 40 === 0)
      .flatMap(({ name, der, fields }) => {
        const options = ['-nameopt', 'RFC2253,-esc_msb,utf8,-esc_ctrl']
        const text = execFileSync('openssl', ['x509', '-inform', 'DER', '-noout', '-subject', '-issuer', ...options], {
          input: der,
        }).toString('utf8')
        const [subject, issuer] = text
          .split('\n')
          .map((line) => line.replace(/^\w+=/, '').replace(/(^|[,+])street=/g, '$1STREET='))
        return differences(
          name,
          { subject, issuer },
          {
            subject: fields?.subject.toString(),
            issuer: fields?.issuer.toString(),
          },
        )
      })
    expect(found).toEqual(Object.keys(opensslNames))
  })
})

function outlined(der: Uint8Array): CertificateFields | undefined {
  try {
    return CertificateFields.ofCertificate(der, new ProblemList())
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return undefined
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** `name: key` of every value that is not the same. */
function differences(name: string, theirs: Record<string, unknown>, ours: Record<string, unknown>): string[] {
  return Object.keys(theirs)
    .filter((key) => JSON.stringify(theirs[key]) !== JSON.stringify(ours[key]))
    .map((key) => `${name}: ${key}`)
}

function opensslView(theirs: X509Certificate, { keyUsage, basicConstraints, publicKey }: CertificateFields) {
  const key = attempt(() => theirs.publicKey)
  // OpenSSL calls a CA only what may also sign certificates, and a v1 certificate never.
  const maySign = keyUsage === undefined || keyUsage.includes('keyCertSign')
  return {
    serial: theirs.serialNumber,
    notBefore: Date.parse(theirs.validFrom),
    notAfter: Date.parse(theirs.validTo),
    ca: theirs.ca || (basicConstraints?.ca === true && !maySign),
    // An empty list, to OpenSSL, is none.
    extendedKeyUsage: theirs.keyUsage ?? [],
    // Which algorithms it knows depends on its version.
    key: key === undefined ? toHex(publicKey?.spki ?? new Uint8Array()) : exported(key),
    bits: key?.asymmetricKeyDetails?.modulusLength,
    // An empty name is undefined, from Node 22.23 on ''.
    issuedByItself: theirs.subject === theirs.issuer && Boolean(theirs.subject),
  }
}

const exported = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('hex')

function ownOpensslView(fields: CertificateFields) {
  const hasModulus = /^(RSA|DSA)$/.test(fields.publicKey?.algorithm ?? '')
  return {
    serial: signedHex(fields.serialNumber ?? ''),
    notBefore: fields.notBefore,
    notAfter: fields.notAfter,
    ca: fields.basicConstraints?.ca ?? false,
    extendedKeyUsage: fields.extendedKeyUsage?.map(({ oid }) => oid) ?? [],
    key: fields.publicKey === undefined ? undefined : toHex(fields.publicKey.spki),
    bits: hasModulus ? fields.publicKey?.bits : undefined,
    issuedByItself: fields.isSelfIssued,
  }
}

/** Content octets of an INTEGER as OpenSSL prints the number. */
function signedHex(content: string): string {
  const value = BigInt.asIntN(content.length * 4, BigInt(`0x${content}`))
  const digits = (value < 0n ? -value : value).toString(16).toUpperCase()
  const padded = value === 0n ? '0' : digits.padStart(digits.length + (digits.length % 2), '0')
  return `${value < 0n ? '-' : ''}${padded}`
}

const GENERAL_NAMES = ['dNSName', 'rfc822Name', 'uniformResourceIdentifier', 'iPAddress', 'registeredID'] as const

function peculiarView(theirs: Certificate) {
  const { tbsCertificate: tbs } = theirs
  const values = (oid: string) =>
    (tbs.extensions ?? []).filter(({ extnID }) => extnID === oid).map(({ extnValue }) => extnValue.buffer)
  const all = <T>(oid: string, type: new () => Iterable<T>): T[] | string =>
    attempt(() => values(oid).flatMap((value) => [...AsnConvert.parse(value, type)])) ?? 'refused'
  const first = <T, R>(oid: string, type: new () => T, read: (value: T) => R): R | undefined => {
    const [value] = values(oid)
    return value === undefined ? undefined : read(AsnConvert.parse(value, type))
  }
  const list = <T, R>(items: T[] | string, read: (item: T) => R): R[] | string =>
    typeof items === 'string' ? items : items.map(read)
  return {
    serial: toHex(new Uint8Array(tbs.serialNumber)),
    notBefore: tbs.validity.notBefore.getTime().getTime(),
    notAfter: tbs.validity.notAfter.getTime().getTime(),
    subject: tbs.subject.flatMap((rdn) => rdn.map(({ type, value }) => `${type}=${value.toString()}`)),
    issuer: tbs.issuer.flatMap((rdn) => rdn.map(({ type, value }) => `${type}=${value.toString()}`)),
    extensions: (tbs.extensions ?? []).map(({ extnID, critical, extnValue }) =>
      [extnID, critical, toHex(new Uint8Array(extnValue.buffer))].join(),
    ),
    signatureAlgorithm: theirs.signatureAlgorithm.algorithm,
    keyAlgorithm: tbs.subjectPublicKeyInfo.algorithm.algorithm,
    altNames: list(all('2.5.29.17', SubjectAlternativeName as never) as GeneralName[] | string, (name) => {
      const kind = GENERAL_NAMES.find((known) => name[known] !== undefined)
      return kind === undefined ? 'other' : `${kind} ${canonicalIp(kind, name[kind] ?? '')}`
    }),
    basicConstraints: first('2.5.29.19', BasicConstraints, ({ cA, pathLenConstraint }) => [cA, pathLenConstraint]),
    keyUsage: first('2.5.29.15', KeyUsage, (usage) => usage.toNumber()),
    extendedKeyUsage: list(all('2.5.29.37', ExtendedKeyUsage as never) as string[] | string, (oid) => oid),
    subjectKeyId: first('2.5.29.14', SubjectKeyIdentifier, ({ buffer }) => toHex(new Uint8Array(buffer))),
    authorityKeyId: first('2.5.29.35', AuthorityKeyIdentifier, ({ keyIdentifier }) =>
      keyIdentifier === undefined ? undefined : toHex(new Uint8Array(keyIdentifier.buffer)),
    ),
    access: flat(
      list(
        all<AuthorityInfoAccessSyntax[number]>('1.3.6.1.5.5.7.1.1', AuthorityInfoAccessSyntax as never),
        ({ accessMethod, accessLocation: { uniformResourceIdentifier: uri } }) =>
          uri === undefined ? [] : [`${accessMethod} ${uri}`],
      ),
    ),
    crlUrls: flat(
      list(all<CRLDistributionPoints[number]>('2.5.29.31', CRLDistributionPoints as never), (point) =>
        (point.distributionPoint?.fullName ?? []).flatMap(
          ({ uniformResourceIdentifier }) => uniformResourceIdentifier ?? [],
        ),
      ),
    ),
    policies: list(
      all<CertificatePolicies[number]>('2.5.29.32', CertificatePolicies as never),
      ({ policyIdentifier }) => policyIdentifier,
    ),
  }
}

function flat<T>(lists: T[][] | string): T[] | string {
  return typeof lists === 'string' ? lists : lists.flat()
}

function ownPeculiarView(fields: CertificateFields) {
  const flags: Record<string, number> = {
    ...(KeyUsageFlags as unknown as Record<string, number>),
    contentCommitment: KeyUsageFlags.nonRepudiation,
    cRLSign: KeyUsageFlags.cRLSign,
  }
  return {
    serial: fields.serialNumber,
    notBefore: fields.notBefore,
    notAfter: fields.notAfter,
    subject: fields.subject.attributes.map(({ oid, value }) => `${oid}=${value}`),
    issuer: fields.issuer.attributes.map(({ oid, value }) => `${oid}=${value}`),
    extensions: fields.extensions.map(({ oid, critical, value }) => [oid, critical, toHex(value)].join()),
    signatureAlgorithm: fields.signatureAlgorithm?.oid,
    keyAlgorithm: fields.publicKey?.oid,
    altNames: fields.altNames.map(({ kind, value }) =>
      (GENERAL_NAMES as readonly string[]).includes(kind) ? `${kind} ${value}` : 'other',
    ),
    basicConstraints: fields.basicConstraints && [fields.basicConstraints.ca, fields.basicConstraints.pathLength],
    keyUsage: fields.keyUsage?.reduce((sum, usage) => sum + (flags[usage] ?? Number.NaN), 0),
    extendedKeyUsage: fields.extendedKeyUsage?.map(({ oid }) => oid) ?? [],
    subjectKeyId: fields.subjectKeyId,
    authorityKeyId: fields.authorityKeyId,
    access: fields.accessLocations.map(({ method, uri }) => `${method} ${uri}`),
    crlUrls: fields.crlUrls,
    policies: fields.policies.map(({ oid }) => oid),
  }
}

/** Theirs is not in RFC 5952 form. */
function canonicalIp(kind: string, text: string): string {
  const octets = kind === 'iPAddress' ? parseIpAddress(text) : undefined
  return octets === undefined ? text : (formatIpAddress(octets) ?? text)
}
