import { describe, expect, it } from 'vitest'
import { outlineCertificate } from '../../../src/x509/certificate-frame.js'
import { precertificateMismatch } from '../../../src/x509/precertificate.js'
import { describeReal, realBytes, realText } from '../../real-data.js'
import {
  bitString,
  buildCertificate,
  buildTbs,
  commonName,
  dnsName,
  ecdsaWithSha256,
  extension,
  fromHex,
  integer,
  name,
  octets,
  oid,
  poison,
  sequence,
  subjectAltName,
  type TbsParts,
  tlv,
  utcTime,
} from './build.js'

const san = subjectAltName(dnsName('www.example.com'))
const aki = (id: string) => extension('2.5.29.35', sequence(tlv(0x80, fromHex(id))))
const both = [aki('0102'), san]

/** A precertificate with these parts, against the leaf of `hashed`. */
const mismatch = (submitted: TbsParts, hashed: TbsParts = { extensions: both }) =>
  precertificateMismatch(
    outlineCertificate(buildCertificate({ extensions: [poison(), ...both], ...submitted })).outline,
    buildTbs(hashed),
  )

describe('a precertificate and the leaf', () => {
  it('match when only the poison is between them, wherever it stands', () => {
    expect(mismatch({})).toBeUndefined()
    expect(mismatch({ extensions: [aki('0102'), poison(), san] })).toBeUndefined()
    expect(mismatch({ extensions: [...both, poison()] })).toBeUndefined()
  })

  it('match when a Precertificate Signing Certificate signed: another issuer, another AuthorityKeyIdentifier', () => {
    const issuer = name(commonName('Precertificate Signer'))
    expect(mismatch({ issuer, extensions: [poison(), aki('ffff'), san] })).toBeUndefined()
    expect(mismatch({ issuer })).toBeUndefined()
  })

  const unlike: [string, TbsParts, RegExp][] = [
    ['the AuthorityKeyIdentifier alone', { extensions: [poison(), aki('ffff'), san] }, /extension 2.5.29.35 differs/],
    ['no poison', { extensions: both }, /no poison/],
    ['version', { version: tlv(0xa0, integer('01')) }, /versions/],
    ['serial number', { serial: integer('02') }, /serial numbers/],
    ['signature algorithm', { signature: sequence(oid('1.2.3')) }, /signature algorithms/],
    ['validity', { validity: sequence(utcTime('250101000000Z'), utcTime('260101000000Z')) }, /validities/],
    ['subject', { subject: name(commonName('evil.example')) }, /subjects/],
    ['key', { spki: sequence(ecdsaWithSha256, bitString(fromHex('00'))) }, /public keys/],
    ['unique identifiers', { uniqueIds: tlv(0x81, fromHex('00aa')) }, /unique identifiers/],
    [
      'another name',
      { extensions: [poison(), aki('0102'), subjectAltName(dnsName('evil.example'))] },
      /2.5.29.17 differs in value/,
    ],
    [
      'one extension more',
      { extensions: [poison(), ...both, extension('1.2.3', octets())] },
      /1.2.3 is in the precertificate only/,
    ],
    ['one extension less', { extensions: [poison(), aki('0102')] }, /the leaf has more extensions/],
    ['extensions in another order', { extensions: [poison(), san, aki('0102')] }, /stands where the leaf has/],
    [
      'criticality',
      { extensions: [poison(), aki('0102'), extension('2.5.29.17', sequence(dnsName('www.example.com')), true)] },
      /critical in one/,
    ],
    ['another issuer and no AuthorityKeyIdentifier', { issuer: name(), extensions: [poison(), san] }, /stands where/],
  ]
  it.each(unlike)('differ: %s', (_, submitted, message) => {
    expect(mismatch(submitted)).toMatch(message)
  })
})

describeReal('a real precertificate of a Precertificate Signing Certificate', () => {
  const folder = ['cloudflare+azul', 'crates', 'static_ct_api', 'tests']

  it('matches the leaf that another implementation made of it', () => {
    const blocks = realText(...folder, 'preissuer-chain.pem').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g)
    const [precertificate = new Uint8Array()] = [...blocks].map(
      ([, pem = '']) => new Uint8Array(Buffer.from(pem, 'base64')),
    )
    const tbs = new Uint8Array(realBytes(...folder, 'golden', 'preissuer-precert-tbs.der'))
    expect(precertificateMismatch(outlineCertificate(precertificate).outline, tbs)).toBeUndefined()
  })
})
