import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src/util/hash.js'
import { outlineCertificate, outlineTbs } from '../../../src/x509/certificate-frame.js'
import { encodeLength, issuanceIdOf, issuanceTbs } from '../../../src/x509/issuance-tbs.js'
import { describeReal, realBytes, realText } from '../../real-data.js'
import {
  buildCertificate,
  buildTbs,
  dnsName,
  extension,
  fromHex,
  longTlv,
  poison,
  sctList,
  sequence,
  subjectAltName,
  tlv,
} from './build.js'

const san = subjectAltName(dnsName('www.example.com'))
const ofCertificate = (der: Uint8Array) => issuanceTbs(outlineCertificate(der).outline)

describe('the TBSCertificate of an issuance', () => {
  it('is the unchanged TBSCertificate when there is nothing to remove', () => {
    expect(ofCertificate(buildCertificate())).toEqual(buildTbs())
    expect(issuanceTbs(outlineTbs(buildTbs({ extensions: undefined })))).toEqual(buildTbs({ extensions: undefined }))
  })

  it('is the same for precertificate, leaf and certificate, whatever the sizes of what goes', () => {
    const other = fc.uint8Array({ maxLength: 300 }).map((value) => extension('1.2.3.4', value))
    const marker = fc.oneof(
      fc.constant(poison()),
      fc.uint8Array({ maxLength: 40_000, size: 'max' }).map((value) => sctList(value)),
    )
    const property = fc.property(
      fc.array(other, { maxLength: 4 }),
      fc.array(marker, { maxLength: 3 }),
      fc.nat(),
      (kept, cut, at) => {
        const mixed = [...kept]
        for (const [i, extra] of cut.entries()) mixed.splice((at + i) % (mixed.length + 1), 0, extra)
        expect(ofCertificate(buildCertificate({ extensions: mixed }))).toEqual(buildTbs({ extensions: kept }))
      },
    )
    fc.assert(property, { numRuns: 60 })
  })

  it('writes lengths anew where they shrink below a boundary', () => {
    for (const size of [90, 110, 120, 127, 128, 200, 250, 256, 300, 65_530, 65_600]) {
      const filler = extension('1.2.3.4', new Uint8Array(size))
      expect(ofCertificate(buildCertificate({ extensions: [filler, sctList(new Uint8Array(300))] }))).toEqual(
        buildTbs({ extensions: [filler] }),
      )
    }
  })

  it('keeps what comes after the extensions, and extensions that cannot be opened', () => {
    const broken = sequence(fromHex('020101'))
    const trailing = tlv(0x05)
    expect(ofCertificate(buildCertificate({ extensions: [broken, poison(), san], trailing }))).toEqual(
      buildTbs({ extensions: [broken, san], trailing }),
    )
  })

  it('takes nothing out of a second list of extensions, which no standard allows', () => {
    const second = tlv(0xa3, sequence(sctList(new Uint8Array(3))))
    const tbs = buildTbs({ extensions: [poison(), san], trailing: second })
    expect(issuanceTbs(outlineTbs(tbs))).toEqual(buildTbs({ extensions: [san], trailing: second }))
  })

  it('reads around non-minimal lengths, and writes minimal ones', () => {
    const outer = longTlv(0x30, 3, buildTbs({ extensions: [poison(), san] }).subarray(3))
    expect(issuanceTbs(outlineTbs(outer))).toEqual(buildTbs({ extensions: [san] }))
  })

  it('is identified by its SHA-256', () => {
    expect(issuanceIdOf(outlineCertificate(buildCertificate({ extensions: [poison(), san] })).outline)).toBe(
      sha256Hex(buildTbs({ extensions: [san] })),
    )
  })

  it('has lengths in the fewest octets (X.690 section 10.1)', () => {
    const lengths = [0, 127, 128, 255, 256, 65_535, 65_536, 16_777_216]
    expect(lengths.map((length) => Buffer.from(encodeLength(length)).toString('hex'))).toEqual([
      '00',
      '7f',
      '8180',
      '81ff',
      '820100',
      '82ffff',
      '83010000',
      '8401000000',
    ])
  })
})

describeReal('the TBSCertificate of a real certificate without its SCT list', () => {
  it('is what another implementation wrote down', () => {
    const folder = ['cloudflare+azul', 'crates', 'sct_validator', 'tests']
    const [, pem = ''] = /-----BEGIN CERTIFICATE-----([^-]+)/.exec(realText(...folder, 'cloudflare.pem')) ?? []
    const golden = realBytes(...folder, 'golden', 'cloudflare-tbs-without-sct.der')
    expect(Buffer.from(ofCertificate(new Uint8Array(Buffer.from(pem, 'base64'))))).toEqual(golden)
  })
})
