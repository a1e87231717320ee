import { describe, expect, it } from 'vitest'
import { encodeOid } from '../../../src/x509/oid.js'
import {
  attribute,
  bitString,
  bool,
  buildCertificate,
  buildTbs,
  bytes,
  commonName,
  dnsName,
  ecdsaWithSha256,
  extension,
  fromHex,
  generalizedTime,
  integer,
  longTlv,
  name,
  octets,
  oid,
  poison,
  sctList,
  sequence,
  subjectAltName,
  type TbsParts,
  tlv,
  utcTime,
} from '../x509/build.js'
import { certificateEntry, precertEntry, problemsOf } from './entries.js'

// One test per row of the table of hazards: what other parsers refuse, drop or get wrong, and what is done with it here. The rule
// behind them all: the entry is delivered, with every name in it, and says what is wrong.

const decode = (parts: TbsParts) => certificateEntry(buildCertificate(parts))
const withSubject = (...rdns: Uint8Array[]) => decode({ subject: name(...rdns), extensions: undefined })
const withNames = (...names: Uint8Array[]) => decode({ subject: name(), extensions: [subjectAltName(...names)] })
const withExtensions = (...extensions: Uint8Array[]) => decode({ extensions })
const organization = (tag: number, ...value: (Uint8Array | string)[]) =>
  withSubject(attribute('2.5.4.10', tlv(tag, ...value)))

describe('strings', () => {
  const cases: [string, Uint8Array, string, string[]][] = [
    ['PrintableString, good', tlv(0x13, 'Example Ltd.'), 'Example Ltd.', []],
    ['PrintableString with bad characters: Latin-1', tlv(0x13, 'Caf\xe9 @_*'), 'Café @_*', ['string-malformed']],
    ['NumericString with bad characters', tlv(0x12, '12a'), '12a', ['string-malformed']],
    ['TeletexString: Latin-1', tlv(0x14, 'M\xfcnchen'), 'München', []],
    ['IA5String with non-ASCII: Latin-1', tlv(0x16, 'caf\xe9'), 'café', ['string-malformed']],
    ['BMPString', tlv(0x1e, fromHex('004d00fc')), 'Mü', []],
    ['BMPString with a surrogate pair', tlv(0x1e, fromHex('d83dde00')), '\u{1f600}', []],
    ['BMPString with half a surrogate pair', tlv(0x1e, fromHex('d83d0041')), '\ufffdA', ['string-malformed']],
    ['BMPString of odd length', tlv(0x1e, fromHex('004d00')), 'M', ['string-malformed']],
    ['UniversalString', tlv(0x1c, fromHex('0000004d0001f600')), 'M\u{1f600}', []],
    ['UniversalString beyond Unicode', tlv(0x1c, fromHex('0000004d00110000')), 'M\ufffd', ['string-malformed']],
    ['UniversalString with stray bytes', tlv(0x1c, fromHex('0000004d00')), 'M', ['string-malformed']],
    ['UTF8String', tlv(0x0c, fromHex('4dc3bc')), 'Mü', []],
    ['UTF8String that is not UTF-8: Latin-1', tlv(0x0c, fromHex('4dfc')), 'Mü', ['string-malformed']],
    ['not a string at all: hexadecimal DER', integer('05'), '#020105', []],
  ]
  it.each(cases)('%s', (_, value, text, codes) => {
    const cert = withSubject(attribute('2.5.4.10', value))
    expect(cert.subject.organization).toBe(text)
    expect(cert.subject.attributes[0]?.raw).toEqual(value)
    expect(problemsOf(cert)).toEqual(codes.map((code) => `subject ${code}`))
  })

  it('a common name that is not UTF-8 is still a name, and the entry is no malformed one', () => {
    const cert = withSubject(attribute('2.5.4.3', tlv(0x0c, fromHex('ff6578616d706c652e636f6d'))))
    expect(cert.kind).toBe('certificate')
    expect(cert.dnsNames).toEqual(['xn--example-b3a.com'])
  })

  it('an empty subject is fine', () => {
    const cert = withNames(dnsName('a.example'))
    expect(cert.subject.toString()).toBe('')
    expect(problemsOf(cert)).toEqual([])
  })

  it('a broken subject keeps what comes before the break, and the other fields', () => {
    const cert = decode({ subject: name(commonName('a.example'), tlv(0x31, fromHex('3005 0603'))) })
    expect(cert.subject.commonName).toBe('a.example')
    expect(cert.dnsNames).toEqual(['www.example.com', 'a.example'])
    expect(problemsOf(cert)).toEqual(['subject der-malformed'])
    expect(organization(0x0c, 'x').issuer.commonName).toBe('Test CA')
  })
})

describe('an issuer that cannot be read', () => {
  it('fails alone', () => {
    const cert = decode({ issuer: octets('x') })
    expect(cert.issuer.attributes).toEqual([])
    expect(cert.issuer.raw).toEqual(octets('x'))
    expect(cert.dnsNames).toEqual(['www.example.com'])
    expect(problemsOf(cert)).toEqual(['issuer der-malformed'])
  })
})

describe('serial numbers', () => {
  it.each([
    ['negative', 'ff2a', ['serialNumber serial-negative']],
    ['non-minimal', '000012', ['serialNumber integer-non-minimal']],
    ['non-minimal and negative', 'ffff', ['serialNumber integer-non-minimal', 'serialNumber serial-negative']],
    ['zero', '00', []],
    ['with a leading zero octet, as a high bit needs', '00ff', []],
    ['longer than 20 octets', '01'.repeat(40), []],
  ])('%s: content octets as they stand', (_, hex, problems) => {
    const cert = decode({ serial: integer(hex) })
    expect(cert.serialNumber).toBe(hex)
    expect(problemsOf(cert)).toEqual(problems)
  })

  it('without octets: no number', () => {
    const cert = decode({ serial: integer('') })
    expect(cert.serialNumber).toBeUndefined()
    expect(cert.toCertStream('lite').data.leaf_cert.serial_number).toBeNull()
    expect(problemsOf(cert)).toEqual(['serialNumber der-malformed'])
  })

  it('of the wrong type: that field alone fails', () => {
    const cert = decode({ serial: octets('x') })
    expect(cert.serialNumber).toBeUndefined()
    expect(cert.dnsNames).toEqual(['www.example.com'])
    expect(problemsOf(cert)).toEqual(['serialNumber der-malformed'])
  })
})

describe('lengths', () => {
  it('non-minimal: accepted', () => {
    const tbs = buildTbs()
    const cert = certificateEntry(longTlv(0x30, 0, tbs, ecdsaWithSha256, bitString(fromHex('00'))))
    expect(cert.dnsNames).toEqual(['www.example.com'])
    expect(problemsOf(cert)).toEqual(['tbs length-non-minimal'])
  })

  it('with leading zero octets: accepted', () => {
    const cert = decode({ issuer: longTlv(0x30, 20, commonName('Test CA')) })
    expect(cert.issuer.commonName).toBe('Test CA')
    expect(problemsOf(cert)).toEqual(['issuer length-non-minimal', 'tbs length-non-minimal'])
  })

  it.each<[string, TbsParts, string]>([
    ['serial number', { serial: longTlv(0x02, 0, fromHex('01')) }, 'tbs'],
    [
      'date',
      { validity: sequence(longTlv(0x17, 0, '250101000000Z'), longTlv(0x17, 0, '251231235959Z')) },
      'notAfter notBefore',
    ],
    ['key', { spki: sequence(longTlv(0x30, 0, oid('1.3.101.112')), longTlv(0x03, 0, fromHex('0000'))) }, 'publicKey'],
    ['algorithm', { signature: sequence(longTlv(0x06, 0, encodeOid('1.2.840.10045.4.3.2'))) }, 'signatureAlgorithm'],
    ['extension', { extensions: [sequence(oid('1.2.3'), longTlv(0x04, 0, 'x'))] }, 'extensions'],
    ['value of an extension', { extensions: [extension('2.5.29.14', longTlv(0x04, 0, 'x'))] }, 'subjectKeyId'],
  ])('non-minimal in a %s: accepted, and noted of the field', (_, parts, fields) => {
    const inner = parts.signature ?? ecdsaWithSha256
    const cert = certificateEntry(buildCertificate(parts, inner))
    expect(cert.kind).toBe('certificate')
    expect(problemsOf(cert)).toEqual(fields.split(' ').map((field) => `${field} length-non-minimal`))
  })

  it.each([
    ['indefinite', '3080 0000', 'the element at byte 0 has an indefinite length'],
    ['of 2^31', '3084 80000000', 'the element at byte 0 has a length of 2^31 or more'],
    ['of 126 octets', `30fe ${'ff'.repeat(126)}`, 'the element at byte 0 has a length of 2^31 or more'],
    ['past the end', '3003 0201', 'the element at byte 0 its length 3 passes the end of its container by 1'],
  ])('%s: unparsable, and delivered', (_, hex, message) => {
    const cert = certificateEntry(fromHex(hex))
    expect(cert.kind).toBe('unparsable')
    expect(cert.der).toEqual(fromHex(hex))
    expect(cert.problems[0]).toMatchObject({ code: 'der-malformed', field: 'der', message })
  })

  it('trailing bytes after the certificate, inside it, and inside the TBSCertificate: ignored', () => {
    const after = certificateEntry(bytes(buildCertificate(), 'xyz'))
    expect(problemsOf(after)).toEqual(['der trailing-data'])
    const inside = certificateEntry(sequence(buildTbs(), ecdsaWithSha256, bitString(fromHex('00')), tlv(0x05)))
    expect(problemsOf(inside)).toEqual(['der trailing-data'])
    const inTbs = decode({ trailing: tlv(0x05) })
    expect(problemsOf(inTbs)).toEqual(['der trailing-data'])
    expect(problemsOf(decode({ uniqueIds: bytes(tlv(0x81, '\0x'), tlv(0x82, '\0y')) }))).toEqual([])
    for (const cert of [after, inside, inTbs]) expect(cert.dnsNames).toEqual(['www.example.com'])
    expect(problemsOf(precertEntry(bytes(buildTbs(), 'x'), undefined))).toContain('tbs trailing-data')
  })

  it('bytes after the parts of an extension, and after the list of extensions: ignored, and noted', () => {
    const more = withExtensions(sequence(oid('1.2.3'), octets('x'), tlv(0x05)))
    expect(more.extensions).toMatchObject([{ oid: '1.2.3', critical: false }])
    expect(problemsOf(more)).toEqual(['extensions trailing-data'])
    const list = sequence(subjectAltName(dnsName('a.example')))
    const after = decode({ extensions: undefined, trailing: tlv(0xa3, list, sequence()) })
    expect(after.dnsNames).toEqual(['a.example', 'www.example.com'])
    expect(problemsOf(after)).toEqual(['der trailing-data'])
  })
})

describe('dates', () => {
  const day = Date.UTC(2025, 0, 31, 12, 30, 45)
  const cases: [string, Uint8Array, number | undefined, string | undefined][] = [
    ['UTCTime', utcTime('250131123045Z'), day, undefined],
    ['UTCTime without seconds', utcTime('2501311230Z'), day - 45_000, 'time-nonstandard'],
    ['UTCTime without zone: UTC', utcTime('250131123045'), day, 'time-nonstandard'],
    ['UTCTime with an offset', utcTime('250131143045+0200'), day, 'time-nonstandard'],
    ['UTCTime with a negative offset', utcTime('250131070045-0530'), day, 'time-nonstandard'],
    ['GeneralizedTime from 2050', generalizedTime('20500131123045Z'), Date.UTC(2050, 0, 31, 12, 30, 45), undefined],
    ['GeneralizedTime before 2050', generalizedTime('20250131123045Z'), day, 'time-nonstandard'],
    [
      'GeneralizedTime without seconds',
      generalizedTime('205001311230Z'),
      Date.UTC(2050, 0, 31, 12, 30),
      'time-nonstandard',
    ],
    ['GeneralizedTime without minutes', generalizedTime('2050013112Z'), Date.UTC(2050, 0, 31, 12), 'time-nonstandard'],
    ['GeneralizedTime with a fraction', generalizedTime('20250131123045.1239Z'), day + 123, 'time-nonstandard'],
    ['two-digit year 50', utcTime('500101000000Z'), Date.UTC(1950, 0, 1), undefined],
    ['two-digit year 49', utcTime('491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59), undefined],
    ['no end of validity', generalizedTime('99991231235959Z'), Date.UTC(9999, 11, 31, 23, 59, 59), undefined],
    ['the 30th of February', utcTime('250230000000Z'), undefined, 'time-malformed'],
    ['the 13th month', utcTime('251301000000Z'), undefined, 'time-malformed'],
    ['hour 24', utcTime('250101240000Z'), undefined, 'time-malformed'],
    ['second 60', utcTime('250101000060Z'), undefined, 'time-malformed'],
    ['letters', utcTime('2501O1000000Z'), undefined, 'time-malformed'],
    ['empty', utcTime(''), undefined, 'time-malformed'],
    [
      'a fraction that has no end',
      generalizedTime(`20500101000000.${'0'.repeat(300)}+0200`),
      undefined,
      'time-malformed',
    ],
    ['an offset of 99 hours', utcTime('250101000000+9900'), undefined, 'time-malformed'],
    ['another type', octets('250131123045Z'), undefined, 'time-malformed'],
  ]
  it.each(cases)('%s', (_, time, expected, code) => {
    const cert = decode({ validity: sequence(utcTime('250101000000Z'), time) })
    expect(cert.notAfter?.getTime()).toBe(expected)
    expect(cert.notBefore).toEqual(new Date(Date.UTC(2025, 0, 1)))
    expect(problemsOf(cert)).toEqual(code === undefined ? [] : [`notAfter ${code}`])
    expect(cert.dnsNames).toEqual(['www.example.com'])
  })

  it('a validity without its second date', () => {
    const cert = decode({ validity: sequence(utcTime('250101000000Z')) })
    expect(cert.notBefore).toBeDefined()
    expect(cert.notAfter).toBeUndefined()
    expect(problemsOf(cert)).toEqual(['notAfter der-malformed'])
  })
})

describe('names', () => {
  it('a CN that is not in the SAN counts, every CN of every RDN', () => {
    const cert = decode({
      subject: name(
        commonName('b.example'),
        tlv(0x31, sequence(oid('2.5.4.11'), tlv(0x0c, 'x')), sequence(oid('2.5.4.3'), tlv(0x13, 'C.example.'))),
      ),
      extensions: [subjectAltName(dnsName('a.example'))],
    })
    expect(cert.dnsNames).toEqual(['a.example', 'b.example', 'c.example'])
  })

  it('several CNs in one RDN all count', () => {
    const cn = (text: string) => sequence(oid('2.5.4.3'), tlv(0x0c, text))
    expect(withSubject(tlv(0x31, cn('a.example'), cn('b.example'))).dnsNames).toEqual(['a.example', 'b.example'])
  })

  it('a CN with a space, an @ or no dot is no host name', () => {
    expect(withSubject(commonName('Example Root. CA')).dnsNames).toEqual([])
    expect(withSubject(commonName('someone@example.com')).dnsNames).toEqual([])
    expect(withSubject(commonName('R3')).dnsNames).toEqual([])
  })

  it('bytes after the SAN are ignored', () => {
    const cert = withExtensions(extension('2.5.29.17', bytes(sequence(dnsName('a.example')), fromHex('00'))))
    expect(cert.dnsNames).toContain('a.example')
    expect(problemsOf(cert)).toEqual(['altNames trailing-data'])
  })

  it('a SAN that breaks keeps the names before the break', () => {
    const cert = withExtensions(extension('2.5.29.17', sequence(dnsName('a.example'), fromHex('8205'))))
    expect(cert.dnsNames).toContain('a.example')
    expect(problemsOf(cert)).toEqual(['altNames der-malformed'])
  })

  it('an iPAddress of neither 4 nor 16 octets is no address, and stays in altNames', () => {
    const cert = withNames(tlv(0x87, '192.0.2.1'), tlv(0x87, fromHex('c0000201')))
    expect(cert.ipAddresses).toEqual(['192.0.2.1'])
    expect(cert.altNames.map(({ value }) => value)).toEqual(['3139322e302e322e31', '192.0.2.1'])
    expect(problemsOf(cert)).toEqual(['ipAddresses ip-address-malformed'])
  })

  it('a URI is not parsed', () => {
    expect(withNames(tlv(0x86, 'http://[::1')).uris).toEqual(['http://[::1'])
  })

  it.each([
    ['upper case and a trailing dot', 'WWW.Example.COM.', ['www.example.com'], []],
    ['several trailing dots and white space', ' a.example.. ', ['a.example'], ['name-unusual']],
    ['http://', 'http://a.example', ['a.example'], ['name-unusual']],
    ['http:// behind white space', ' http://a.example/', ['a.example', 'a.example/'], ['name-unusual']],
    ['HTTPS:// and a path', 'HTTPS://a.example/path', ['a.example', 'a.example/path'], ['name-unusual']],
    ['a NUL', 'bank.example\0.evil.example', ['bank.example', 'bank.example\\000.evil.example'], ['name-unusual']],
    ['a NUL and a slash', 'a.example/x\0y', ['a.example', 'a.example/x', 'a.example/x\\000y'], ['name-unusual']],
    ['a port', 'a.example:8443', ['a.example', 'a.example:8443'], ['name-unusual']],
    ['control characters', 'a\x1b[31m.example', ['a\\027[31m.example'], ['name-unusual']],
    ['a space inside', 'a b.example', ['a\\032b.example'], ['name-unusual']],
    ['a wildcard', '*.example.com', ['*.example.com'], []],
    ['an underscore', '_dmarc.example.com', ['_dmarc.example.com'], []],
    ['an A-label', 'XN--BCHER-KVA.example', ['xn--bcher-kva.example'], []],
    ['a U-label as Latin-1', 'b\xfccher.example', ['xn--bcher-kva.example'], ['name-unusual']],
    [
      'a U-label as UTF-8',
      Buffer.from('bücher.example').toString('latin1'),
      ['xn--bcher-kva.example', 'xn--b14cher-xwa2143e.example'],
      ['name-unusual'],
    ],
    ['an empty name', '', [], ['name-unusual']],
    ['a name of one label', 'localhost', ['localhost'], []],
    ['digits at the end', 'host1', ['host1'], []],
  ])('dNSName with %s', (_, text, dnsNames, codes) => {
    const cert = withNames(dnsName(text))
    expect(cert.dnsNames).toEqual(dnsNames)
    expect(problemsOf(cert).filter((problem) => problem.startsWith('dnsNames'))).toEqual(
      codes.map((code) => `dnsNames ${code}`),
    )
  })

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
  ])('an IP address %s as dNSName or CN is an IP address', (text, expected) => {
    expect(withNames(dnsName(text))).toMatchObject({ dnsNames: [], ipAddresses: [expected] })
    expect(withSubject(commonName(text))).toMatchObject({ dnsNames: [], ipAddresses: [expected] })
  })

  it.each(['?', '#', '%41', '\\', '@'])('a U-label with a %s in it is escaped, not read as part of a URL', (odd) => {
    const [name] = withNames(dnsName(`b\xfc${odd}x.example`)).dnsNames
    expect(name).toMatch(/^b\\195\\188.+x\.example$/)
  })

  it('a label too long to be one is not converted, and not lost', () => {
    const cert = withNames(dnsName(`${'\xe9'.repeat(300)}.example`))
    expect(cert.dnsNames[0]).toMatch(/^(\\195\\169){300}\.example$/)
  })

  it('a name of more than 1024 characters is ignored, except for the part before its NUL', () => {
    const cert = withNames(dnsName(`a.example\0${'b.'.repeat(600)}example`), dnsName('c'.repeat(1025)))
    expect(cert.dnsNames).toEqual(['a.example'])
    expect(cert.altNames[1]?.value.length).toBe(1025)
    expect(problemsOf(cert)).toEqual(['dnsNames name-unusual', 'dnsNames name-unusual'])
  })

  it('10,000 names are all there', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `host-${i}.example.com`)
    const cert = withNames(...names.map(dnsName))
    expect(cert.dnsNames).toEqual(names)
    expect(cert.altNames.length).toBe(10_000)
  })

  it('every other kind of name is kept', () => {
    const directory = name(commonName('dir'))
    const cert = withNames(
      tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, tlv(0x0c, 'user@corp'))),
      tlv(0x81, 'a@b.example'),
      tlv(0xa3, sequence()),
      tlv(0xa4, directory),
      tlv(0xa5, tlv(0xa1, tlv(0x0c, 'party'))),
      tlv(0x88, fromHex('2a0304')),
      tlv(0x89, 'what'),
    )
    expect(cert.altNames.map(({ kind, value }) => `${kind} ${value}`)).toEqual([
      'otherName user@corp',
      'rfc822Name a@b.example',
      'x400Address 3000',
      'directoryName CN=dir',
      'ediPartyName a1070c057061727479',
      'registeredID 1.2.3.4',
      'unknown 77686174',
    ])
    expect(cert.emailAddresses).toEqual(['a@b.example'])
    expect(problemsOf(cert)).toEqual(['altNames der-malformed'])
  })

  it('e-mail addresses of the subject count', () => {
    expect(withSubject(attribute('1.2.840.113549.1.9.1', tlv(0x16, 'a@b.example'))).emailAddresses).toEqual([
      'a@b.example',
    ])
  })
})

describe('extensions', () => {
  const caTrue = extension('2.5.29.19', sequence(bool(true)))
  const caFalse = extension('2.5.29.19', sequence())

  it('duplicate SANs: names merged', () => {
    const cert = withExtensions(subjectAltName(dnsName('a.example')), subjectAltName(dnsName('b.example')))
    expect(cert.dnsNames.slice(0, 2)).toEqual(['a.example', 'b.example'])
    expect(problemsOf(cert)).toEqual(['altNames extension-duplicate'])
  })

  it('duplicate BasicConstraints that agree, and that contradict each other: a CA if any says so', () => {
    expect(problemsOf(withExtensions(caFalse, caFalse))).toEqual(['basicConstraints extension-duplicate'])
    const cert = withExtensions(caFalse, caTrue)
    expect(cert.isCa).toBe(true)
    expect(problemsOf(cert)).toEqual([
      'basicConstraints extension-duplicate',
      'basicConstraints basic-constraints-conflict',
    ])
  })

  it('bad BasicConstraints fail alone', () => {
    const cert = withExtensions(extension('2.5.29.19', octets('x')), subjectAltName(dnsName('a.example')))
    expect(cert.basicConstraints).toBeUndefined()
    expect(cert.dnsNames).toContain('a.example')
    expect(problemsOf(cert)).toEqual(['basicConstraints extension-malformed'])
  })

  it('a malformed extension does not affect the others', () => {
    const cert = withExtensions(sequence(integer('01')), subjectAltName(dnsName('a.example')))
    expect(cert.dnsNames).toContain('a.example')
    expect(problemsOf(cert)).toEqual(['extensions extension-malformed'])
  })

  it('an object identifier with a padded arc is refused: it would look like another one', () => {
    const padded = sequence(tlv(0x06, fromHex('551d8011')), octets(sequence(dnsName('a.example'))))
    const cert = withExtensions(padded, extension('1.2.3', octets('x')))
    expect(cert.extensions.map(({ oid }) => oid)).toEqual(['1.2.3'])
    expect(problemsOf(cert)).toEqual(['extensions extension-malformed'])
  })

  it('a list of extensions that breaks keeps those before the break', () => {
    const cert = withExtensions(subjectAltName(dnsName('a.example')), fromHex('3005'))
    expect(cert.dnsNames).toContain('a.example')
    expect(problemsOf(cert)).toEqual(['der der-malformed'])
  })

  it('empty EKU and AIA are empty', () => {
    const cert = withExtensions(extension('2.5.29.37', sequence()), extension('1.3.6.1.5.5.7.1.1', sequence()))
    expect(cert.extendedKeyUsage).toEqual([])
    expect(cert.ocspUrls).toEqual([])
    expect(problemsOf(cert)).toEqual([])
  })

  it('a malformed SCT list is no SCTs; one malformed SCT is left out', () => {
    const cert = withExtensions(sctList(fromHex('0005 0001 00')))
    expect(cert.scts).toEqual([])
    expect(problemsOf(cert)).toEqual(['scts sct-list-malformed'])
    expect(problemsOf(withExtensions(sctList(fromHex('0004 0002 0000'))))).toEqual(['scts sct-list-malformed'])
  })

  it('more SCT lists than there is any reason for are not read', () => {
    const sct = bytes(fromHex('00'), new Uint8Array(32), fromHex('0000018bcfe56800 0000 0403 0000'))
    const one = bytes(fromHex('0031 002f'), sct)
    expect(withExtensions(...Array.from({ length: 16 }, () => sctList(one))).scts.length).toBe(16)
    const many = withExtensions(...Array.from({ length: 17 }, () => sctList(one)))
    expect(many.scts.length).toBe(16)
    expect(problemsOf(many)).toEqual(['scts extension-duplicate', 'scts sct-list-malformed'])
  })

  it('inner and outer signature algorithm differ: the outer one, noted', () => {
    const cert = certificateEntry(buildCertificate({}, sequence(oid('1.2.840.10045.4.3.3'))))
    expect(cert.signatureAlgorithm?.name).toBe('ecdsa-with-SHA384')
    expect(problemsOf(cert)).toEqual(['signatureAlgorithm algorithm-mismatch'])
  })
})

describe('poison', () => {
  const tbs = buildTbs()
  const san = subjectAltName(dnsName('www.example.com'))
  const precertificate = (...extensions: Uint8Array[]) => buildCertificate({ extensions })

  it('as it must be', () => {
    const cert = precertEntry(tbs, precertificate(poison(), san))
    expect(cert.kind).toBe('precertificate')
    expect(problemsOf(cert)).toEqual([])
  })

  it.each([
    ['not critical', poison(fromHex('0500'), false), ['der poison-malformed']],
    ['not NULL', poison(fromHex('0501 00')), ['der poison-malformed']],
  ])('%s: the precertificate matches, noted', (_, odd, problems) => {
    const cert = precertEntry(tbs, precertificate(odd, san))
    expect(cert.issuanceId).toBe(certificateEntry(buildCertificate()).issuanceId)
    expect(problemsOf(cert)).toEqual(problems)
  })

  it('twice: both go', () => {
    expect(problemsOf(precertEntry(tbs, precertificate(poison(), san, poison())))).toEqual([])
  })

  it('duplicate poison and SCT lists do not change the issuance', () => {
    const plainId = certificateEntry(buildCertificate()).issuanceId
    const lists = [sctList(fromHex('0000')), sctList(fromHex('0000'))]
    expect(withExtensions(...lists, san).issuanceId).toBe(plainId)
    expect(withExtensions(san, ...lists, poison()).issuanceId).toBe(plainId)
  })

  it('missing from the precertificate', () => {
    expect(problemsOf(precertEntry(tbs, precertificate(san)))).toEqual(['der precertificate-mismatch'])
  })

  it('in what is logged as a certificate, or left in the leaf', () => {
    expect(problemsOf(withExtensions(poison(), san))).toEqual(['extensions poison-unexpected'])
    expect(
      problemsOf(precertEntry(buildTbs({ extensions: [poison(), san] }), precertificate(poison(), san))),
    ).toContain('extensions poison-unexpected')
  })
})

describe('keys', () => {
  const rsa = (algorithm: Uint8Array, modulus: string, exponent = '010001') =>
    sequence(algorithm, bitString(sequence(integer(modulus), integer(exponent))))
  const rsaEncryption = sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05))
  const ec = (curve: string) => sequence(sequence(oid('1.2.840.10045.2.1'), oid(curve)), bitString(fromHex('0400')))
  const keyOf = (spki: Uint8Array) => {
    const cert = decode({ spki })
    expect(cert.publicKey?.spki).toEqual(spki)
    return { key: cert.publicKey, problems: problemsOf(cert) }
  }

  it('RSA', () => {
    expect(keyOf(rsa(rsaEncryption, `00${'c0'.repeat(256)}`))).toMatchObject({
      key: { algorithm: 'RSA', bits: 2048, exponent: 65537 },
      problems: [],
    })
  })

  it.each([
    ['modulus of zero', '00', 0],
    ['negative modulus', 'c0'.repeat(128), 1024],
  ])('RSA with a %s', (_, modulus, bits) => {
    expect(keyOf(rsa(rsaEncryption, modulus))).toMatchObject({
      key: { algorithm: 'RSA', bits },
      problems: ['publicKey key-malformed'],
    })
  })

  it('RSA without NULL parameters', () => {
    expect(keyOf(rsa(sequence(oid('1.2.840.113549.1.1.1')), '00c001'))).toMatchObject({
      key: { bits: 16 },
      problems: [],
    })
  })

  it('RSA with a huge exponent', () => {
    const { key, problems } = keyOf(rsa(rsaEncryption, '00c001', `7f${'ff'.repeat(30)}`))
    expect(key?.exponent).toBeUndefined()
    expect(problems).toEqual([])
  })

  it('curves, known and unknown', () => {
    expect(keyOf(ec('1.2.840.10045.3.1.7')).key).toMatchObject({ algorithm: 'EC', curve: 'P-256', bits: 256 })
    expect(keyOf(ec('1.2.840.10045.3.1.1')).key).toMatchObject({ algorithm: 'EC', curve: 'P-192', bits: 192 })
    expect(keyOf(ec('1.2.3.4.5'))).toMatchObject({ key: { curve: '1.2.3.4.5', bits: undefined }, problems: [] })
    expect(keyOf(sequence(sequence(oid('1.2.840.10045.2.1'), sequence()), bitString(fromHex('04')))).problems).toEqual([
      'publicKey key-malformed',
    ])
  })

  it.each([
    ['1.3.101.112', 'Ed25519', 256],
    ['1.3.101.113', 'Ed448', 456],
    ['2.16.840.1.101.3.4.3.17', 'ML-DSA-44', undefined],
    ['1.2.3.4', '1.2.3.4', undefined],
  ])('%s is %s', (algorithm, known, bits) => {
    expect(keyOf(sequence(sequence(oid(algorithm)), bitString(fromHex('00'))))).toMatchObject({
      key: { algorithm: known, oid: algorithm, bits },
      problems: [],
    })
  })

  it('a key that is no key', () => {
    const cert = decode({ spki: octets('x') })
    expect(cert.publicKey).toBeUndefined()
    expect(cert.dnsNames).toEqual(['www.example.com'])
    expect(problemsOf(cert)).toEqual(['publicKey der-malformed'])
  })
})
