import { execFileSync } from 'node:child_process'
import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ctStream } from '../../../src/index.js'
import {
  type CertificateRequest,
  createTestCa,
  createTestLog,
  type IssuedCertificate,
  issueCertificates,
  type TestKeyKind,
} from '../../../src/testing/index.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-request-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const one = (request: CertificateRequest): IssuedCertificate => {
  const [item] = issueCertificates(request)
  return item as IssuedCertificate
}
const x509Of = (request: CertificateRequest) => new X509Certificate(one(request).der)
const opensslText = (der: Uint8Array): string =>
  execFileSync('openssl', ['x509', '-inform', 'der', '-noout', '-text', '-nameopt', 'RFC2253,utf8,-esc_msb'], {
    input: der,
    encoding: 'utf8',
  })
/** `openssl verify` with its chain, at a time (epoch seconds); throws when it does not verify. */
function opensslVerify({ der, chain }: IssuedCertificate, at: number, ...flags: string[]): string {
  const file = (name: string, ders: readonly Uint8Array[]) => {
    const path = join(folder, name)
    writeFileSync(path, ders.map((bytes) => new X509Certificate(bytes).toString()).join(''))
    return path
  }
  const args = ['verify', '-x509_strict', '-attime', String(at), ...flags, '-CAfile', file('root', chain.slice(-1))]
  args.push('-untrusted', file('between', chain.length > 1 ? chain.slice(0, -1) : chain), file('leaf', [der]))
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' })
}
const noon = new Date('2026-11-24T12:00:00Z')
const noonSeconds = noon.getTime() / 1000

describe('issueCertificates for certificates of your choice', () => {
  it('writes names of every kind as node:crypto reads them', () => {
    const request = {
      dnsNames: ['login.example.com', '*.example.com', 'xn--bcher-kva.example'],
      ipAddresses: ['192.0.2.7', '2001:db8::7', '::ffff:192.0.2.7'],
      emailAddresses: ['root@example.com'],
      uris: ['spiffe://example.com/service'],
    }
    expect(x509Of(request).subjectAltName?.split(', ')).toEqual([
      'DNS:login.example.com',
      'DNS:*.example.com',
      'DNS:xn--bcher-kva.example',
      'IP Address:192.0.2.7',
      'IP Address:2001:DB8:0:0:0:0:0:7',
      'IP Address:0:0:0:0:0:FFFF:C000:207',
      'email:root@example.com',
      'URI:spiffe://example.com/service',
    ])
    expect(one(request).dnsNames).toEqual(request.dnsNames)
  })

  it('writes the subject, attribute by attribute, as OpenSSL reads it', () => {
    const subject = {
      commonName: 'Beispiel',
      organization: 'Société d’Exemple',
      organizationalUnit: 'U',
      country: 'DE',
      stateOrProvince: 'Bayern',
      locality: 'München',
      emailAddress: 'a@example.com',
      serialNumber: 'HRB 4711',
      businessCategory: 'Private Organization',
      jurisdictionCountry: 'DE',
    }
    expect(opensslText(one({ subject }).der)).toContain(
      'Subject: emailAddress=a@example.com,CN=Beispiel,OU=U,O=Société d’Exemple,L=München,ST=Bayern,C=DE,' +
        'serialNumber=HRB 4711,jurisdictionC=DE,businessCategory=Private Organization',
    )
    expect(x509Of({ dnsNames: ['a.example'] }).subject).toBe('CN=a.example')
    expect(x509Of({ dnsNames: ['a.example'], subject: {} }).subject ?? '').toBe('')
    expect(x509Of({ dnsNames: [`${'a'.repeat(64)}.example`] }).subject ?? '').toBe('')
    // Critical where there is no other name (RFC 5280 section 4.2.1.6).
    expect(opensslText(one({ dnsNames: ['a.example'], subject: {} }).der)).toContain('Alternative Name: critical')
    expect(opensslText(one({ dnsNames: ['a.example'] }).der)).not.toContain('Alternative Name: critical')
  })

  it('writes dates of every year, and 90 days from now by default', () => {
    for (const [from, to] of [
      ['2026-11-24T12:00:00Z', '2026-12-31T23:59:59Z'],
      ['1949-12-31T23:59:59Z', '2050-01-01T00:00:00Z'],
      ['1950-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
    ] as const) {
      const x509 = x509Of({ notBefore: new Date(from), notAfter: new Date(to) })
      expect([new Date(x509.validFrom), new Date(x509.validTo)]).toEqual([new Date(from), new Date(to)])
    }
    const { validFrom, validTo } = x509Of({})
    expect(Math.abs(Date.parse(validFrom) - Date.now())).toBeLessThan(3_600_000)
    expect(Date.parse(validTo) - Date.parse(validFrom)).toBe(90 * 86_400_000 - 1000)
  })

  it.each([
    ['P-256', 'ec', 'NIST CURVE: P-256'],
    ['P-384', 'ec', 'NIST CURVE: P-384'],
    ['P-521', 'ec', 'NIST CURVE: P-521'],
    ['RSA-2048', 'rsa', '(2048 bit)'],
    ['RSA-3072', 'rsa', '(3072 bit)'],
    ['RSA-4096', 'rsa', '(4096 bit)'],
    ['Ed25519', 'ed25519', 'ED25519'],
  ] as const)('has a subject key %s', (key, type, text) => {
    const item = one({ dnsNames: ['a.example'], key, notBefore: noon })
    expect(new X509Certificate(item.der).publicKey.asymmetricKeyType).toBe(type)
    expect(opensslText(item.der)).toContain(text)
    expect(opensslVerify(item, noonSeconds)).toContain('OK')
    expect(opensslText(item.der).includes('Key Encipherment')).toBe(type === 'rsa')
  })

  it('has the subject key of the caller, in whatever form', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    for (const key of [privateKey, publicKey, spki, pem, publicKey.export({ type: 'spki', format: 'pem' }).toString()])
      expect(x509Of({ key }).publicKey.equals(publicKey)).toBe(true)
  })

  it.each<TestKeyKind>(['P-256', 'P-384', 'P-521', 'RSA-2048', 'Ed25519'])(
    'is issued by a CA of the caller with a key %s, and verifies up to its root',
    (key) => {
      const root = createTestCa({ name: { organization: 'Example Trust', commonName: 'Example Root' }, key })
      const issuer = createTestCa({ name: { commonName: 'Example CA 1' }, parent: root, key, pathLength: 0 })
      for (const ca of [issuer, root]) {
        const item = one({ dnsNames: ['a.example'], issuer: ca, notBefore: noon })
        expect(opensslVerify(item, noonSeconds)).toContain('OK')
        expect(new X509Certificate(item.der).checkIssued(new X509Certificate(ca.certificate))).toBe(true)
        expect(item.chain[0]).toEqual(ca.certificate)
        const spki = createPublicKey(ca.key).export({ type: 'spki', format: 'der' })
        expect(Buffer.from(item.issuerKeyHash)).toEqual(createHash('sha256').update(spki).digest())
      }
    },
  )

  it('is issued by any certificate with its private key, made by OpenSSL for one', () => {
    const [key, certificate] = [join(folder, 'ca.key'), join(folder, 'ca.pem')]
    const args =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 9000 -addext keyUsage=critical,keyCertSign -subj /O=Elsewhere/CN=Own'
    execFileSync('openssl', [...args.split(' '), '-keyout', key, '-out', certificate], { stdio: 'pipe' })
    const pem = execFileSync('cat', [certificate], { encoding: 'utf8' })
    const ca = {
      certificate: new Uint8Array(new X509Certificate(pem).raw),
      key: execFileSync('cat', [key], { encoding: 'utf8' }),
    }
    const item = one({ dnsNames: ['a.example'], issuer: ca })
    expect(new X509Certificate(item.der).checkIssued(new X509Certificate(pem))).toBe(true)
    expect(new X509Certificate(item.der).verify(new X509Certificate(pem).publicKey)).toBe(true)
    expect(opensslVerify(item, Math.ceil(Date.now() / 1000) + 60)).toContain('OK')
  })

  it('is issued by one and the same CA for one and the same name', () => {
    const issuer = { organization: 'Example Trust', commonName: 'CA 7' }
    const [first, second, other] = [one({ issuer }), one({ issuer }), one({ issuer: { commonName: 'CA 8' } })]
    expect(first.chain).toEqual(second.chain)
    expect(first.issuerKeyHash).toEqual(second.issuerKeyHash)
    expect(first.issuerKeyHash).not.toEqual(other.issuerKeyHash)
    expect(new X509Certificate(first.der).issuer).toBe('O=Example Trust\nCN=CA 7')
    expect(new X509Certificate(one({}).der).issuer).toBe("C=US\nO=Let's Test\nCN=E7")
  })

  it('makes pairs: one TBSCertificate, poison in one, SCTs in the other', () => {
    const [pre, cert] = issueCertificates({ dnsNames: ['a.example'], kind: 'pair', notBefore: noon })
    expect([pre?.kind, cert?.kind]).toEqual(['precertificate', 'certificate'])
    expect(cert?.tbs).toBe(pre?.tbs)
    expect(opensslText(pre?.der as Uint8Array)).toContain('CT Precertificate Poison: critical')
    expect(opensslText(cert?.der as Uint8Array)).toMatch(/CT Precertificate SCTs[\s\S]*Nov 24 12:00:00.000 2026/)
    expect(() => opensslVerify(pre as IssuedCertificate, noonSeconds)).toThrow(/unhandled critical extension/)
    expect(opensslVerify(pre as IssuedCertificate, noonSeconds, '-ignore_critical')).toContain('OK')
    expect(one({ kind: 'precertificate' }).kind).toBe('precertificate')
  })

  it.each([
    ['DV', '2.23.140.1.2.1'],
    ['OV', '2.23.140.1.2.2'],
    ['IV', '2.23.140.1.2.3'],
    ['EV', '2.23.140.1.1'],
  ] as const)('is of validation level %s, with other policies beside', (validation, policy) => {
    const text = opensslText(one({ validation, policies: ['1.3.6.1.4.1.99999.1', '2.5.29.32.0'] }).der)
    expect([...text.matchAll(/Policy: (.*)/g)].map(([, id]) => id)).toEqual([
      '1.3.6.1.4.1.99999.1',
      'X509v3 Any Policy',
      policy,
    ])
  })

  it('has extensions added, replaced and left out', () => {
    const extensions = [
      { oid: '1.3.6.1.4.1.99999.2', critical: true, value: Uint8Array.of(0x05, 0x00) },
      { oid: '2.5.29.19', critical: true, value: Uint8Array.of(0x30, 0x03, 0x01, 0x01, 0xff) },
      { oid: '2.5.29.37', value: undefined },
    ]
    const { der } = one({ dnsNames: ['a.example'], extensions })
    expect(opensslText(der)).toMatch(/1\.3\.6\.1\.4\.1\.99999\.2: critical\n/)
    expect(opensslText(der)).not.toContain('Extended Key Usage')
    expect(opensslText(der)).toContain('CA:TRUE')
    expect(opensslText(der)).not.toContain('CA:FALSE')
  })

  it('has the requested serial number, or a random one', () => {
    for (const serialNumber of ['01', '7f'.repeat(20), '00ff', '80', 'ff7f'])
      expect(one({ serialNumber }).serialNumber).toBe(serialNumber)
    expect(x509Of({ serialNumber: '00c0ffee' }).serialNumber).toBe('C0FFEE')
    expect(one({}).serialNumber).not.toBe(one({}).serialNumber)
    const seeded = () => issueCertificates([{}, { key: 'RSA-2048' }], { seed: 'a' }).map((item) => item.serialNumber)
    expect(seeded()).toEqual(seeded())
    expect(new Set(seeded()).size).toBe(2)
  })

  it('passes through a log of either kind with every field as asked for', async () => {
    const request = {
      dnsNames: ['login.example.com'],
      ipAddresses: ['2001:db8::7'],
      emailAddresses: ['root@example.com'],
      uris: ['https://example.com/'],
      subject: { commonName: 'login.example.com', organization: 'Example' },
      issuer: { commonName: 'Example CA' },
      notBefore: noon,
      notAfter: new Date('2027-01-01T00:00:00Z'),
      key: 'P-384',
      kind: 'pair',
      validation: 'EV',
      serialNumber: '0a0b',
    } as const
    for (const kind of ['rfc6962', 'static-ct'] as const) {
      await using log = await createTestLog({ kind, entries: issueCertificates([request, {}]) })
      const stream = ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false })
      const read = []
      for await (const cert of stream) {
        await cert.chain()
        read.push(cert)
      }
      expect(read.map((cert) => cert.kind)).toEqual(['precertificate', 'certificate', 'certificate'])
      for (const cert of read.slice(0, 2)) {
        expect(cert).toMatchObject({
          dnsNames: request.dnsNames,
          ipAddresses: request.ipAddresses,
          emailAddresses: request.emailAddresses,
          uris: request.uris,
          subject: request.subject,
          issuer: { commonName: 'Example CA' },
          notBefore: request.notBefore,
          notAfter: request.notAfter,
          publicKey: { algorithm: 'EC', curve: 'P-384' },
          validation: 'EV',
          serialNumber: '0a0b',
        })
        expect(cert.problems).toEqual([])
      }
      expect(read[0]?.issuanceId).toBe(read[1]?.issuanceId)
    }
  })

  it.each([
    ['an unknown member', { dnsName: ['a.example'] }, 'did you mean `dnsNames`'],
    ['a name that is no list', { dnsNames: 'a.example' }, 'request.dnsNames'],
    ['a name in another script', { dnsNames: ['bücher.example'] }, 'request.dnsNames[0]'],
    ['an address that is none', { ipAddresses: ['192.0.2.256'] }, 'request.ipAddresses[0]'],
    ['an address with a zone', { ipAddresses: ['fe80::1%eth0'] }, 'request.ipAddresses[0]'],
    ['a bad date', { notBefore: new Date(Number.NaN) }, 'request.notBefore'],
    ['a year that DER cannot say', { notAfter: new Date('+010000-01-01T00:00:00Z') }, 'request.notAfter'],
    ['an unknown key', { key: 'P-257' }, 'request.key'],
    ['PEM that is no key', { key: '-----BEGIN NOTHING-----' }, 'request.key'],
    ['an unknown attribute', { subject: { CN: 'a' } }, 'request.subject.CN'],
    ['a country that is not ASCII', { subject: { country: 'Ö' } }, 'request.subject.country'],
    ['a serial number in a longer form', { serialNumber: '0001' }, 'request.serialNumber'],
    ['a serial number in capitals', { serialNumber: 'AB' }, 'request.serialNumber'],
    ['an OID that is none', { policies: ['1.40.1'] }, 'request.policies[0]'],
    ['an extension without bytes', { extensions: [{ oid: '1.2.3', value: 'x' }] }, 'request.extensions[0].value'],
    ['a CA without its key', { issuer: { certificate: new Uint8Array(9), key: 'x' } }, 'request.issuer'],
  ])('refuses %s', (_, request, place) => {
    const call = () => issueCertificates(request as CertificateRequest)
    expect(call).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining(place) }),
    )
  })

  it('refuses the key of another CA, and names the place in a list', () => {
    const issuer = { certificate: createTestCa().certificate, key: createTestCa().key }
    const call = () => issueCertificates([{}, { issuer }])
    expect(call).toThrow(/requests\[1\]\.issuer\.key.*the private key of the certificate beside it/)
    expect(() => createTestCa({ pathLength: -1 })).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
    expect(() => createTestCa({ key: 'DSA' as 'P-256' })).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID' }),
    )
    expect(() => issueCertificates({}, { sed: '' } as never)).toThrow('did you mean `seed`')
  })
})
