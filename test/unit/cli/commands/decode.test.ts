import { X509Certificate } from 'node:crypto'
import { get } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodeCertificate } from '../../../../src/cli/decode-kit.js'
import { createTestLog, issueCertificates } from '../../../../src/testing/index.js'
import { describeReal, realBytes, realText } from '../../../real-data.js'
import { defaultFormats } from '../default-format.js'
import { runWith } from '../embedded.js'
import { sink } from '../sample-io.js'

const pem = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
const decode = async (content: string | Uint8Array, ...argv: string[]) => {
  const { code, stdout, stderr } = await runWith(['decode', 'some/file.bin', ...argv], {
    files: { 'some/file.bin': content },
  })
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}
const lines = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

const httpGet = (url: string) =>
  new Promise<Buffer>((done, fail) => {
    get(url, { headers: { 'accept-encoding': 'identity' } }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      const body = Buffer.concat(chunks)
      done(response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
    }).on('error', fail)
  })

describe('ct-stream decode', () => {
  const issued = [...issueCertificates(20)]

  it.each(issued.map((one) => [one.kind, one.issuance, one] as const))(
    'knows a %s by itself (%i)',
    async (kind, _, one) => {
      const [cert] = lines(await decode(one.der))
      const node = new X509Certificate(one.der)
      expect(cert).toMatchObject({
        kind,
        sha256: node.fingerprint256.replaceAll(':', '').toLowerCase(),
        serialNumber: one.serialNumber,
        dnsNames: one.dnsNames,
        problems: [],
        log: { description: 'file.bin' },
        // What only a log can say.
        timestamp: null,
        leafHash: '',
        issuerKeyHash: null,
        cursor: '',
      })
      expect(new Date(cert.notAfter)).toEqual(new Date(node.validTo))
    },
  )

  it('has the default formats that its help says', async () => {
    const der = issued[0]?.der ?? new Uint8Array()
    const { terminal, elsewhere } = defaultFormats('decode')
    const shown = sink()
    const changes = { stdout: Object.assign(shown.stream, { isTTY: true }), env: { NO_COLOR: '1' } }
    await runWith(['decode', 'some/file.bin'], { files: { 'some/file.bin': der }, changes })
    expect(shown.text()).toBe(await decode(der, '--format', terminal))
    expect(await decode(der)).toBe(await decode(der, '--format', elsewhere))
  })

  it('sees that a precertificate and its certificate are one issuance', async () => {
    const stdout = await decode(
      issued
        .slice(0, 4)
        .map(({ der }) => pem(der))
        .join('text between\n'),
    )
    const [a, b, c, d] = lines(stdout).map(({ issuanceId }) => issuanceId)
    expect([a === b, c === d, b === c]).toEqual([true, true, false])
    expect(lines(stdout).map(({ index }) => index)).toEqual([0, 1, 2, 3])
  })

  it.each(['text', 'pretty', 'domains', 'certstream', 'certstream-lite', 'certstream-domains', 'json'])(
    'has the format %s',
    async (format) => {
      const one = issued.find(({ dnsNames }) => dnsNames.length > 0)
      const stdout = await decode(one?.der ?? '', '--format', format)
      expect(stdout).toContain(one?.dnsNames[0])
      if (format === 'pretty') expect(stdout).toMatch(/^precertificate 0 of file\.bin\n/)
    },
  )

  it('names stdin in errors', async () => {
    const { stdout } = await runWith(['decode', '-', '--template', '{log.description} {kind}'], {
      changes: { stdin: (await import('node:stream')).Readable.from([Buffer.from(issued[1]?.der ?? [])]) },
    })
    expect(stdout).toBe('stdin certificate\n')
  })

  it('shows an invalid certificate with the reason, and fails when there is no valid one', async () => {
    const cut = (issued[1]?.der ?? new Uint8Array()).slice(0, 90)
    for (const content of [cut, Uint8Array.of(0x30, 0x82, 0, 0)]) {
      const { code, stdout, stderr } = await runWith(['decode', 'a.der'], { files: { 'a.der': content } })
      const [cert] = lines(stdout)
      expect(cert).toMatchObject({ kind: 'unparsable', timestamp: null })
      expect(cert.problems[0]).toMatchObject({ code: 'der-malformed' })
      expect(code).toBe(1)
      expect(stderr).toMatch(/^ct-stream: a\.der cannot be parsed: it is no certificate \(.+\) \(CT_DER_MALFORMED\)\n$/)
    }
    const both = lines(await decode(pem(cut) + pem(issued[1]?.der ?? cut)))
    expect(both.map(({ kind }) => kind)).toEqual(['unparsable', 'certificate'])
  })

  it.each([1, 3, 256])('knows a data tile of %i entries, packed or not', async (width) => {
    const log = await createTestLog({ kind: 'static-ct' })
    log.add([...issueCertificates(256 + width)])
    log.publish()
    const path = width === 256 ? 'tile/data/001' : `tile/data/001.p/${width}`
    const answer = await httpGet(`${log.url}${path}`)
    await log.close()
    for (const tile of [answer, gzipSync(answer)]) {
      const entries = lines(await decode(tile))
      expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: width }, (_, i) => 256 + i))
      expect(entries.flatMap(({ problems }) => problems)).toEqual([])
    }
  })

  it('says what is wrong with a truncated tile, and with damaged gzip', async () => {
    const tile = Uint8Array.from([0, 0, 1, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1])
    const cut = await runWith(['decode', 't'], { files: { t: tile } })
    expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('t cannot be parsed')])
    const packed = await runWith(['decode', 't'], { files: { t: gzipSync(tile).subarray(0, 15) } })
    expect([packed.code, packed.stderr]).toEqual([1, expect.stringContaining('damaged gzip')])
  })

  it('has no chain and no timestamp for a single certificate, and requests none', async () => {
    const cert = decodeCertificate(issued[1]?.der ?? new Uint8Array(), 0, 'x')
    expect(await cert.chain()).toEqual([])
    expect(cert.timestamp).toBeUndefined()
    expect(JSON.parse(JSON.stringify(cert)).timestamp).toBeNull()
  })

  describeReal('of real entries', () => {
    interface Entry {
      readonly file: string
      readonly i: number
      readonly leaf_hash: string
      readonly cert_sha256: string
      readonly timestamp: number
    }
    const index = realText('INDEX-entries.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry)
    const files = [...new Set(index.map(({ file }) => file))].filter((file) => file.endsWith('.get-entries.json'))

    it.each(files)('agrees with the index on %s', async (file) => {
      const certs = lines(await decode(realBytes(file)))
      for (const { i, leaf_hash, timestamp } of index.filter((entry) => entry.file === file)) {
        expect(certs[i]).toMatchObject({ leafHash: leaf_hash, timestamp: new Date(timestamp).toISOString() })
      }
      expect(files.length).toBeGreaterThan(1)
    })

    it('knows a real precertificate', async () => {
      const path = 'google+certificate-transparency-go/extracted/ctfe-testonly/RealPrecertWithEKUPEM.pem'
      const [cert] = lines(await decode(realBytes(path)))
      const node = new X509Certificate(realText(path))
      expect(cert).toMatchObject({
        kind: 'precertificate',
        dnsNames: ['certificate.transparency.dev'],
        sha256: node.fingerprint256.replaceAll(':', '').toLowerCase(),
        problems: [],
      })
    })
  })
})
