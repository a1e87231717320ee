import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contextOfSource } from '../../../src/decode/index.js'
import { decodeMessage, type EntryMessage, MessageEncoder } from '../../../src/sinks/index.js'
import { issueCertificates, type TestLogOptions } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { VerifyOption } from '../../../src/types/stream-options.js'
import { fromBase64, toBase64 } from '../../../src/util/bytes.js'
import { backfill, logOf } from '../../support/logs.js'

const contextOf = () => contextOfSource('messages')
const read = ({ headers, body }: EntryMessage) => decodeMessage(Object.entries(headers), body, contextOf)
const refused = (headers: Record<string, string | Uint8Array>, body: Uint8Array) =>
  decodeMessage(Object.entries(headers), body, contextOf)

async function entriesOf(options: TestLogOptions, verify: VerifyOption = 'full'): Promise<CtCertificate[]> {
  const log = await logOf(24, options)
  const entries: CtCertificate[] = []
  for await (const page of backfill(log, { partialTileDelayMs: 0, verify }).batches()) entries.push(...page)
  expect(entries).toHaveLength(24)
  return entries
}

describe.each(['rfc6962', 'static-ct'] as const)('a message of an entry of a log of kind %s', (kind) => {
  it('carries the whole entry as a leaf: what is read from it equals what was written', async () => {
    const encoder = new MessageEncoder({ body: 'leaf' })
    const kinds = new Set<string>()
    for (const entry of await entriesOf({ kind })) {
      kinds.add(entry.kind)
      const decoded = read(encoder.encode(entry, 7))
      if (decoded.body !== 'leaf') throw new Error(JSON.stringify(decoded))
      expect(decoded).toMatchObject({ logId: entry.log.id, index: entry.index, epoch: 7, kind: entry.kind })
      expect(decoded.timestamp).toBe(entry.timestamp?.getTime())
      expect(decoded.leafHash).toEqual(entry.leafHash)
      const { certificate } = decoded
      expect(certificate.der).toEqual(entry.der)
      expect(certificate.leafInput).toEqual(entry.leafInput)
      expect(certificate.dnsNames).toEqual(entry.dnsNames)
      expect(certificate.issuanceId).toBe(decoded.issuanceId)
    }
    expect(kinds.size).toBe(2)
  })

  it('is read without changing what was read before, whether it is small or has 5,000 names', async () => {
    const encoder = new MessageEncoder({ body: 'leaf' })
    const many = issueCertificates(6, { shapes: ['many-names'], maxNames: 5000, kinds: 'certificates', sign: false })
    const few = issueCertificates(18, { maxNames: 10, sign: false })
    const entries = await entriesOf({ kind, entries: [...few, ...many].sort((a, b) => a.issuance - b.issuance) })
    expect(entries.filter((entry) => (entry.der?.length ?? 0) > 2 ** 16).length).toBeGreaterThan(0)
    const all = entries.map((entry) => read(encoder.encode(entry, 1)))
    const certificates = all.map((decoded) => (decoded.body === 'leaf' ? decoded.certificate : undefined))
    expect(certificates.map((certificate) => certificate?.leafInput)).toEqual(entries.map(({ leafInput }) => leafInput))
    expect(certificates.map((certificate) => certificate?.leafHash)).toEqual(entries.map(({ leafHash }) => leafHash))
    expect(certificates.map((certificate) => certificate?.der)).toEqual(entries.map(({ der }) => der))
  })

  it.each(['full', 'signatures-only'] as const)('says whether the entry was proven: with verify %s', async (verify) => {
    const [entry] = await entriesOf({ kind }, verify)
    if (entry === undefined) throw new Error('no entry')
    const { verified, historical } = entry
    expect(verified).toBe(verify === 'full')
    const { headers, body } = new MessageEncoder({ body: 'leaf' }).encode(entry, 1)
    const trusting = () => ({ ...contextOf(), verified: true, historical: false })
    const decoded = decodeMessage(Object.entries(headers), body, trusting)
    expect(decoded).toMatchObject({ verified, historical, certificate: { verified, historical } })
  })

  it('says as JSON what toJSON() says, and as CertStream what toCertStream() says', async () => {
    const [entry] = await entriesOf({ kind })
    if (entry === undefined) throw new Error('no entry')
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
    expect(read(new MessageEncoder().encode(entry, 1))).toMatchObject({ body: 'json', value: plain(entry) })
    const certstream = read(new MessageEncoder({ body: 'certstream' }).encode(entry, 1))
    expect(certstream).toMatchObject({ body: 'certstream', value: plain(entry.toCertStream('full')) })
  })
})

describe('a message', () => {
  it('leaves out a body that is above the limit, and says so', async () => {
    const [entry] = await entriesOf({})
    if (entry === undefined) throw new Error('no entry')
    const message = new MessageEncoder({ body: 'leaf', maxBodyBytes: 100 }).encode(entry, 1)
    expect(message.body).toHaveLength(0)
    expect(message.headers).toMatchObject({ 'ct-body': 'omitted', 'ct-index': '0' })
    expect(read(message)).toMatchObject({ body: 'omitted', index: 0, logId: entry.log.id })
  })

  it('has the configured key', async () => {
    const [entry] = await entriesOf({})
    if (entry === undefined) throw new Error('no entry')
    expect(new MessageEncoder().encode(entry, 1).key).toBe(entry.log.id)
    expect(new MessageEncoder({ key: 'issuance' }).encode(entry, 1).key).toBe(entry.issuanceId)
  })

  it('is refused with the reason if it is foreign, of a later version, or its body is not its leaf', async () => {
    const [entry, other] = await entriesOf({})
    if (entry === undefined || other === undefined) throw new Error('no entry')
    const encoder = new MessageEncoder({ body: 'leaf' })
    const { headers, body } = encoder.encode(entry, 1)
    expect(refused({ ...headers, 'ct-more': 'ignored' }, body)).toMatchObject({ body: 'leaf' })
    expect(refused({}, body)).toMatchObject({ body: 'refused', why: 'foreign', index: undefined })
    expect(refused({ ...headers, 'ct-v': '2' }, body)).toMatchObject({ why: 'newer', index: 0, logId: entry.log.id })
    expect(refused(headers, encoder.encode(other, 1).body)).toMatchObject({
      why: 'malformed',
      reason: 'the body does not hash to its ct-leaf',
    })
    for (const [name, value] of Object.entries({
      'ct-v': '01',
      'ct-log': 'AAAA',
      'ct-index': '9007199254740992',
      'ct-epoch': '-1',
      'ct-leaf': 'zz',
      'ct-kind': 'x',
      'ct-time': '1e3',
      'ct-issuance': '',
      'ct-body': 'xml',
    }))
      expect(refused({ ...headers, [name]: value }, body), name).toMatchObject({ body: 'refused', why: 'malformed' })
    const hostile = refused({ ...headers, 'ct-body': '\u001b[2J\u202e' }, body)
    expect(hostile).toMatchObject({ reason: expect.not.stringMatching(/\p{C}/u) })
  })

  it('is refused with a CtStreamError or read, whatever its headers and body are', async () => {
    const [entry] = await entriesOf({})
    if (entry === undefined) throw new Error('no entry')
    const { headers, body } = new MessageEncoder({ body: 'leaf' }).encode(entry, 1)
    const names = Object.keys(headers)
    const value = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 400 }), fc.constantFrom('leaf', 'json', '0', '1'))
    const flip = fc.tuple(fc.nat(body.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.constantFrom(...names), value, fc.array(flip, { maxLength: 4 }), (name, other, flips) => {
        const changed = Uint8Array.from(body)
        for (const [at, byte] of flips) changed[at] = byte
        expect(refused({ ...headers, [name]: other }, changed).body).toBeTypeOf('string')
        expect(refused(headers, firstFifths(changed, flips.length)).body).toBeTypeOf('string')
      }),
    )
  })
})

const firstFifths = (bytes: Uint8Array, parts: number) => bytes.subarray(0, Math.floor((bytes.length * parts) / 5))

it('takes for a log id exactly what is canonical base64 of 32 bytes', () => {
  const character = fc.oneof(fc.constantFrom(...'AEBQw048+/=-_ \n\u00e9'), fc.string({ minLength: 1, maxLength: 2 }))
  const bytes = fc.uint8Array({ minLength: 30, maxLength: 34 })
  const text = fc.tuple(bytes, fc.nat(43), fc.option(character)).map(([raw, at, other]) => {
    const id = toBase64(raw)
    return other === null ? id : id.slice(0, at) + other + id.slice(at + 1)
  })
  fc.assert(
    fc.property(text, (id) => {
      const { logId } = refused({ 'ct-log': id }, new Uint8Array(0)) as { logId?: string }
      expect(logId).toBe(fromBase64(id)?.length === 32 ? id : undefined)
    }),
    { numRuns: 2000 },
  )
})
