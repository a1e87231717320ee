import { createHash, createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { verifyConsistency } from '../../../src/merkle/consistency.js'
import { verifyInclusion } from '../../../src/merkle/inclusion.js'
import {
  createTestLog,
  createTestLogList,
  issueCertificates,
  type RawLogEntry,
  type TestLog,
  type TestLogOptions,
} from '../../../src/testing/index.js'
import type { SignedHead } from '../../../src/types/log.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import { closing } from '../../support/closing.js'
import { type EntriesBody, fetchJson, fetchRaw, headOf, type SthBody } from './log-http.js'

const start = async (options?: TestLogOptions): Promise<TestLog> => closing(await createTestLog(options))
const certificates = (n: number) => issueCertificates(n, { sign: false })
const bytes = (text: string) => Buffer.from(text, 'base64')
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest()

/** Checks a head with the log's key and node:crypto alone. */
function signedBy(log: TestLog, head: SignedHead): boolean {
  const text = Buffer.alloc(50)
  text[1] = 1
  text.writeBigUInt64BE(BigInt(head.timestamp), 2)
  text.writeBigUInt64BE(BigInt(head.treeSize), 10)
  text.set(head.rootHash, 18)
  const key = createPublicKey({ key: bytes(log.key), format: 'der', type: 'spki' })
  return verify('sha256', text, key, head.signature.subarray(4))
}

describe('an RFC 6962 test log', () => {
  it('serves signed heads, also of the empty tree, and only published entries', async () => {
    const log = await start()
    const sth = async () => headOf(await fetchJson<SthBody>(`${log.url}ct/v1/get-sth`))
    const empty = await sth()
    expect(empty.treeSize).toBe(0)
    expect(Buffer.from(empty.rootHash).toString('hex')).toMatch(/^e3b0c442/)
    expect(signedBy(log, empty)).toBe(true)
    log.add(certificates(10))
    expect((await sth()).treeSize).toBe(0)
    expect((await fetchRaw(`${log.url}ct/v1/get-entries?start=0&end=0`)).status).toBe(400)
    log.publish()
    const head = await sth()
    expect(head.treeSize).toBe(10)
    expect(head.timestamp).toBeGreaterThan(empty.timestamp)
    expect(signedBy(log, head)).toBe(true)
    expect(log.logId).toBe(sha256(bytes(log.key)).toString('base64'))
  })

  it('serves entries that hash into the tree, and proofs of them', async () => {
    const log = await start({ entries: certificates(40) })
    log.add(certificates(60))
    log.publish()
    const { entries } = await fetchJson<EntriesBody>(`${log.url}ct/v1/get-entries?start=0&end=99`)
    expect(entries).toHaveLength(100)
    const root = Buffer.from(log.head.rootHash)
    for (const [index, entry] of entries.entries()) {
      const leafHash = sha256(Buffer.concat([Buffer.of(0), bytes(entry.leaf_input)]))
      const query = `hash=${encodeURIComponent(leafHash.toString('base64'))}&tree_size=100`
      const byHash = await fetchJson<{ leaf_index: number; audit_path: string[] }>(
        `${log.url}ct/v1/get-proof-by-hash?${query}`,
      )
      expect(byHash.leaf_index).toBe(index)
      verifyInclusion(leafHash, index, 100, byHash.audit_path.map(bytes), root)
    }
    const pair = await fetchJson<{ leaf_input: string; extra_data: string; audit_path: string[] }>(
      `${log.url}ct/v1/get-entry-and-proof?leaf_index=99&tree_size=100`,
    )
    expect(pair.leaf_input).toBe(entries[99]?.leaf_input)
    expect(pair.extra_data).toBe(entries[99]?.extra_data)
    const { consistency } = await fetchJson<{ consistency: string[] }>(
      `${log.url}ct/v1/get-sth-consistency?first=40&second=100`,
    )
    verifyConsistency(40, 100, consistency.map(bytes), log.root(40), root)
    const roots = await fetchJson<{ certificates: string[] }>(`${log.url}ct/v1/get-roots`)
    expect(roots.certificates.every((der) => new X509Certificate(bytes(der)).ca)).toBe(true)
    expect(roots.certificates.length).toBeGreaterThan(0)
  })

  // The rules of the log server of certificate-transparency-go, with its default alignment.
  it.each([
    { asked: [0, 31], got: [0, 9] },
    { asked: [3, 31], got: [3, 9] },
    { asked: [9, 31], got: [9, 9] },
    { asked: [3, 7], got: [3, 7] },
    { asked: [8, 12], got: [8, 12] },
    { asked: [8, 17], got: [8, 9] },
    { asked: [20, 24], got: [20, 24] },
    { asked: [20, 1000], got: [20, 24] },
  ])('answers get-entries $asked with $got (10 a page, 25 entries)', async ({ asked, got }) => {
    const log = await start({ entries: certificates(25), pageSize: 10 })
    const url = `${log.url}ct/v1/get-entries?start=${asked[0]}&end=${asked[1]}`
    const { entries } = await fetchJson<EntriesBody>(url)
    const want = Array.from({ length: (got[1] as number) - (got[0] as number) + 1 }, (_, i) =>
      Buffer.from(log.entry((got[0] as number) + i).leafInput).toString('base64'),
    )
    expect(entries.map((entry) => entry.leaf_input)).toEqual(want)
    expect(log.requests.at(-1)).toMatchObject({ endpoint: 'get-entries', count: want.length, status: 200 })
  })

  it.each([
    [false, 8, 17],
    ['always', 8, 9],
    ['always', 0, 9],
  ] as const)('with align %s a page from 8 or 0 ends where it should', async (align, from, last) => {
    const log = await start({ entries: certificates(25), pageSize: 10, align })
    const { entries } = await fetchJson<EntriesBody>(`${log.url}ct/v1/get-entries?start=${from}&end=20`)
    expect(entries).toHaveLength(last - from + 1)
  })

  it.each([
    ['get-entries?start=25&end=30', 400, /need tree size: 26 .* only got: 25/],
    ['get-entries?start=5&end=4', 400, /bad range/],
    ['get-entries?start=-1&end=4', 400, /bad range/],
    ['get-entries?start=x&end=4', 400, /bad range/],
    ['get-entries', 400, /bad range/],
    ['get-sth-consistency?first=5&second=26', 400, /need tree size: 26/],
    ['get-sth-consistency?first=5&second=4', 400, /bad range/],
    ['get-proof-by-hash?hash=AAAA&tree_size=3', 400, /32 bytes/],
    [`get-proof-by-hash?hash=${'A'.repeat(43)}%3D&tree_size=3`, 404, /not in a tree/],
    [`get-proof-by-hash?hash=${'A'.repeat(43)}%3D&tree_size=0`, 400, /positive/],
    ['get-entry-and-proof?leaf_index=5&tree_size=5', 400, /less than/],
    ['nonsense', 404, /not found/],
  ])('refuses %s with %d', async (path, status, message) => {
    const log = await start({ entries: certificates(25) })
    const answer = await fetchRaw(`${log.url}ct/v1/${path}`)
    expect(answer.status).toBe(status)
    expect(answer.body.toString()).toMatch(message)
  })

  it('counts and keeps requests with what they asked', async () => {
    const log = await start({ entries: certificates(5), recordRequests: 2 })
    await fetchRaw(`${log.url}ct/v1/get-sth`, { 'user-agent': 'tester (a@example.com)' })
    await fetchRaw(`${log.url}ct/v1/get-entries?start=1&end=9`)
    await fetchRaw(`${log.url}nowhere`)
    expect(log.requests).toMatchObject([
      { endpoint: 'get-entries', start: 1, endInclusive: 9, count: 4, status: 200, faulty: false },
      { endpoint: 'other', status: 404, path: '/nowhere' },
    ])
    expect([log.requestCount(), log.requestCount('get-sth'), log.requestCount('tile')]).toEqual([3, 1, 0])
    expect(log.connections).toBe(3)
    log.clearRequests()
    expect([log.requests.length, log.requestCount()]).toEqual([0, 0])
  })

  it('has no tiles, and no other methods than GET', async () => {
    const log = await start({ entries: certificates(5) })
    expect((await fetchRaw(`${log.url}checkpoint`)).status).toBe(404)
    expect((await fetch(`${log.url}ct/v1/get-sth`, { method: 'POST' })).status).toBe(405)
  })

  it('publishes with any timestamp, and with the same entries', async () => {
    const log = await start({ entries: certificates(5), clock: { now: () => 1000, sleep: () => Promise.resolve() } })
    expect(log.head.timestamp).toBe(1000)
    expect(log.publish().timestamp).toBe(1001)
    expect(log.publishAt(7).timestamp).toBe(7)
    expect(signedBy(log, log.head)).toBe(true)
    expect(log.heads.map((head) => head.treeSize)).toEqual([5, 5, 5])
    log.add(certificates(1), { timestamp: 5000 })
    expect(log.publish().timestamp).toBe(5000)
    expect(() => log.publishAt(-1)).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
  })

  it('signs a fresh head for each get-sth when asked to', async () => {
    const log = await start({ entries: certificates(5), freshHeads: true })
    const heads = [1, 2, 3].map(() => fetchJson<SthBody>(`${log.url}ct/v1/get-sth`))
    const times = (await Promise.all(heads)).map((sth) => sth.timestamp)
    expect(new Set(times).size).toBe(3)
  })
})

describe('a static-ct test log', () => {
  const note = async (log: TestLog) => (await fetchRaw(`${log.monitoringUrl}checkpoint`)).body.toString()

  it('serves a checkpoint whose own line is signed with the log key', async () => {
    const log = await start({ kind: 'static-ct', entries: certificates(300), witnesses: 2 })
    const text = await note(log)
    const [origin, size, root] = text.split('\n')
    expect(origin).toBe(log.submissionUrl.slice('http://'.length, -1))
    expect(size).toBe('300')
    const keyId = sha256(Buffer.concat([Buffer.from(`${origin}\n\x05`), bytes(log.logId)])).subarray(0, 4)
    const blobs =
      text
        .split('\n\n')[1]
        ?.trimEnd()
        .split('\n')
        .map((line) => bytes(line.split(' ')[2] as string)) ?? []
    expect(blobs).toHaveLength(5)
    const own = blobs.filter((blob) => blob.subarray(0, 4).equals(keyId))
    expect(own).toHaveLength(1)
    const blob = own[0] as Buffer
    const head = { treeSize: 300, timestamp: Number(blob.readBigUInt64BE(4)), rootHash: bytes(root as string) }
    expect(signedBy(log, { ...head, signature: blob.subarray(12) })).toBe(true)
    expect(head.rootHash.equals(log.root(300))).toBe(true)
  })

  it('serves hash tiles, data tiles and issuers that fit together', async () => {
    const log = await start({ kind: 'static-ct', entries: certificates(600) })
    const level0 = await fetchRaw(`${log.monitoringUrl}tile/0/001`)
    expect(level0.headers['cache-control']).toContain('immutable')
    const data = await fetchRaw(`${log.monitoringUrl}tile/data/001`)
    expect(data.headers['content-encoding']).toBe('gzip')
    const tile = gunzipSync(data.body)
    // TileLeaf by TileLeaf, as the C2SP specification lists its fields.
    let at = 0
    const u16 = () => tile.readUInt16BE((at += 2) - 2)
    const u24 = () => tile.readUIntBE((at += 3) - 3, 3)
    const skip = (length: number) => {
      at += length
    }
    for (let i = 0; i < 256; i++) {
      const from = at
      at += 8
      const precert = u16() === 1
      if (precert) skip(32)
      skip(u24())
      const extensions = u16()
      expect(tile.subarray(at, at + extensions).toString('hex')).toBe(
        `000005${(256 + i).toString(16).padStart(10, '0')}`,
      )
      at += extensions
      const leaf = Buffer.concat([Buffer.of(0, 0, 0), tile.subarray(from, at)])
      expect(sha256(leaf).equals(level0.body.subarray(i * 32, i * 32 + 32))).toBe(true)
      if (precert) skip(u24())
      const fingerprints = u16()
      expect(fingerprints).toBe(64)
      if (i % 50 === 0) {
        const fingerprint = tile.subarray(at, at + 32).toString('hex')
        const issuer = await fetchRaw(`${log.monitoringUrl}issuer/${fingerprint}`)
        expect(issuer.headers['content-type']).toBe('application/pkix-cert')
        expect(sha256(issuer.body).toString('hex')).toBe(fingerprint)
      }
      at += fingerprints
    }
    expect(at).toBe(tile.length)
    const level1 = await fetchRaw(`${log.monitoringUrl}tile/1/000.p/2`)
    expect(level1.body.subarray(0, 32).equals(log.root(256))).toBe(true)
    expect((await fetchRaw(`${log.monitoringUrl}tile/0/002.p/88`)).body.length).toBe(88 * 32)
  })

  it('drops partial tiles once the full tile exists, and never had those of unpublished sizes', async () => {
    const log = await start({ kind: 'static-ct', entries: certificates(100) })
    const status = async (path: string) => (await fetchRaw(`${log.monitoringUrl}${path}`)).status
    expect(await status('tile/data/000.p/100')).toBe(200)
    expect(await status('tile/0/000.p/100')).toBe(200)
    expect(await status('tile/0/000.p/99')).toBe(404)
    expect(await status('tile/0/000')).toBe(404)
    log.add(certificates(100))
    expect(await status('tile/data/000.p/200')).toBe(404)
    log.publish()
    expect(await status('tile/data/000.p/200')).toBe(200)
    expect(await status('tile/data/000.p/100')).toBe(200)
    log.add(certificates(56))
    log.publish()
    expect(await status('tile/data/000.p/200')).toBe(404)
    expect(await status('tile/0/000.p/100')).toBe(404)
    expect(await status('tile/data/000')).toBe(200)
    expect(await status('tile/1/000.p/1')).toBe(200)
    const keeping = await start({ kind: 'static-ct', entries: certificates(100), keepPartialTiles: true })
    keeping.add(certificates(200))
    keeping.publish()
    expect((await fetchRaw(`${keeping.monitoringUrl}tile/0/000.p/100`)).status).toBe(200)
  })

  it.each([
    'tile/0/0',
    'tile/0/x000/000',
    'tile/6/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/0100',
    'issuer/00',
  ])('does not know %s', async (path) => {
    const log = await start({ kind: 'static-ct', entries: certificates(300) })
    expect((await fetchRaw(`${log.monitoringUrl}${path}`)).status).toBe(404)
  })

  it('serves reading under the monitoring prefix only, and get-roots under the submission prefix', async () => {
    const log = await start({ kind: 'static-ct', entries: certificates(300) })
    expect((await fetchRaw(`${log.submissionUrl}checkpoint`)).status).toBe(404)
    expect((await fetchRaw(`${log.submissionUrl}tile/0/000`)).status).toBe(404)
    expect((await fetchRaw(`${log.submissionUrl}ct/v1/get-roots`)).status).toBe(200)
    expect((await fetchRaw(`${log.submissionUrl}ct/v1/get-sth`)).status).toBe(404)
    expect((await fetchRaw(`${log.monitoringUrl}ct/v1/get-sth`)).status).toBe(404)
  })

  it.each([
    ['never', undefined],
    ['negotiated', 'gzip'],
  ] as const)('with gzip %s compresses for those who ask: %s', async (gzip, encoding) => {
    const log = await start({ kind: 'static-ct', entries: certificates(256), gzip })
    const url = `${log.monitoringUrl}tile/data/000`
    expect((await fetchRaw(url, { 'accept-encoding': 'gzip, identity' })).headers['content-encoding']).toBe(encoding)
    expect((await fetchRaw(url)).headers['content-encoding']).toBeUndefined()
  })

  it('takes an origin of another name', async () => {
    const log = await start({ kind: 'static-ct', origin: 'rome2026h1.example.org', grease: false })
    expect(await note(log)).toMatch(/^rome2026h1\.example\.org\n0\n.*\n\n\u2014 rome2026h1\.example\.org \S+\n$/)
    expect(log.spec).toMatchObject({ kind: 'static-ct', submissionUrl: 'https://rome2026h1.example.org/' })
  })
})

describe('a test log of both kinds', () => {
  it('serves one tree through both protocols', async () => {
    const log = await start({ kind: 'both', entries: certificates(300) })
    const sth = await fetchJson<SthBody>(`${log.url}ct/v1/get-sth`)
    const checkpoint = (await fetchRaw(`${log.monitoringUrl}checkpoint`)).body.toString().split('\n')
    expect(checkpoint.slice(1, 3)).toEqual([String(sth.tree_size), sth.sha256_root_hash])
    expect(log.specs.map((spec) => spec.kind)).toEqual(['rfc6962', 'static-ct'])
    expect(new Set(log.specs.map((spec) => spec.key)).size).toBe(1)
    const { entries } = await fetchJson<EntriesBody>(`${log.url}ct/v1/get-entries?start=0&end=255`)
    const tile = gunzipSync((await fetchRaw(`${log.monitoringUrl}tile/data/000`)).body)
    const first = bytes(entries[0]?.leaf_input as string).subarray(2)
    expect(tile.subarray(0, first.length).equals(first)).toBe(true)
  })

  it('renders full pages and tiles ahead of requests', async () => {
    const log = await start({ kind: 'both', entries: certificates(1100), pageSize: 500, prerender: true })
    const { entries } = await fetchJson<EntriesBody>(`${log.url}ct/v1/get-entries?start=500&end=999`)
    expect(entries).toHaveLength(500)
    expect(bytes(entries[499]?.leaf_input as string)).toEqual(Buffer.from(log.entry(999).leafInput))
  })
})

describe('createTestLog', () => {
  it('takes a key of the caller', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const log = await start({ key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string })
    expect(bytes(log.key)).toEqual(publicKey.export({ format: 'der', type: 'spki' }))
    expect((await start({ key: privateKey })).logId).toBe(log.logId)
  })

  it.each([
    ['an unknown kind', { kind: 'rfc' }],
    ['an unknown option', { pagesize: 3 }],
    ['a page of nothing', { pageSize: 0 }],
    ['an RSA key', { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }],
    ['an entry that is none', { entries: [{}] }],
    ['a raw entry without its bytes', { entries: [{ leafInput: 'x', extraData: 'y' }] }],
    [
      'extra data that no tile can hold',
      { kind: 'static-ct', entries: [{ leafInput: Buffer.of(1), extraData: Buffer.of(1) }] },
    ],
  ])('refuses %s', async (_, options) => {
    await expect(createTestLog(options as TestLogOptions)).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
  })

  it('closes twice, and its port is free afterwards', async () => {
    const log = await start()
    await log.close()
    await log.close()
    await expect(fetchRaw(`${log.url}ct/v1/get-sth`)).rejects.toThrow()
  })
})

describe('createTestLogList', () => {
  it('groups logs of both kinds by operator, in the form of Chrome’s list', async () => {
    const a = await start({ operator: 'A', description: 'A 2026h1', entries: certificates(3) })
    const b = await start({ operator: 'A', description: 'A tiled', kind: 'static-ct', mmd: 77 })
    const interval = { startInclusive: new Date(0), endExclusive: new Date(86_400_000) }
    const c = await start({ operator: 'C', temporalInterval: interval })
    const state = ({ description }: { description: string }) => (description === 'A tiled' ? 'pending' : 'readonly')
    const list = createTestLogList([a, b, c], { state, version: '9.1', timestamp: new Date(1000) })
    expect(JSON.parse(JSON.stringify(list))).toEqual(list)
    expect(list).toMatchObject({
      version: '9.1',
      log_list_timestamp: '1970-01-01T00:00:01.000Z',
      operators: [
        {
          name: 'A',
          logs: [{ url: a.url, log_id: a.logId, key: a.key, mmd: 86400, state: { readonly: {} } }],
          tiled_logs: [
            { submission_url: b.submissionUrl, monitoring_url: b.monitoringUrl, mmd: 77, state: { pending: {} } },
          ],
        },
        {
          name: 'C',
          logs: [
            {
              temporal_interval: {
                start_inclusive: '1970-01-01T00:00:00.000Z',
                end_exclusive: '1970-01-02T00:00:00.000Z',
              },
            },
          ],
          tiled_logs: [],
        },
      ],
    })
    expect(a.list.operators[0]?.logs).toHaveLength(1)
    expect(() => createTestLogList([{}] as never)).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
  })
})

describeReal('a test log with real entries', () => {
  it('serves the data tiles of Navigli2025h2 byte for byte', async () => {
    const sunlight = 'FiloSottile+sunlight'
    const tiles = ['000', '001', '002'].map((n) => realBytes(sunlight, 'testdata/navigli2025h2/tile/data', n))
    const entries: RawLogEntry[] = tiles.flatMap((tile) => {
      const found: RawLogEntry[] = []
      let at = 0
      const u16 = () => tile.readUInt16BE((at += 2) - 2)
      const u24 = () => tile.readUIntBE((at += 3) - 3, 3)
      const vector = (length: number) => tile.subarray(at, (at += length))
      while (at < tile.length) {
        const from = at
        at += 8
        const precert = u16() === 1
        if (precert) at += 32
        vector(u24())
        vector(u16())
        const leafInput = Buffer.concat([Buffer.of(0, 0), tile.subarray(from, at)])
        const start = at
        if (precert) vector(u24())
        const preCertificate = tile.subarray(start, at)
        const prints = vector(u16())
        const chain: Buffer[] = []
        for (let i = 0; i < prints.length; i += 32)
          chain.push(realBytes(sunlight, 'derived/navigli2025h2/issuer', prints.toString('hex', i, i + 32)))
        const list = Buffer.concat(chain.flatMap((der) => [length24(der.length), der]))
        found.push({ leafInput, extraData: Buffer.concat([preCertificate, length24(list.length), list]) })
      }
      return found
    })
    expect(entries).toHaveLength(768)
    const log = await start({ kind: 'both', entries })
    for (const [n, tile] of tiles.entries()) {
      expect(gunzipSync((await fetchRaw(`${log.monitoringUrl}tile/data/00${n}`)).body).equals(tile)).toBe(true)
      const hashes = realBytes(sunlight, 'testdata/navigli2025h2/tile/0', `00${n}`)
      expect((await fetchRaw(`${log.monitoringUrl}tile/0/00${n}`)).body.equals(hashes)).toBe(true)
    }
  })

  it('serves a real get-entries answer as it was', async () => {
    const file = ['google+certificate-transparency-go', 'extracted/scanner-four-entries.get-entries.json'] as const
    const real = realJson<EntriesBody>(...file)
    const log = await start({
      entries: real.entries.map((entry) => ({
        leafInput: bytes(entry.leaf_input),
        extraData: bytes(entry.extra_data),
      })),
    })
    expect(await fetchJson<EntriesBody>(`${log.url}ct/v1/get-entries?start=0&end=3`)).toEqual(real)
    // The root stands in the source beside the entries.
    expect(Buffer.from(log.head.rootHash).toString('base64')).toBe('A26tmgcaUJpkFXFpkzCS8bJ29cQBEgExKAYFL8hiJ5E=')
  })
})

function length24(value: number): Buffer {
  const out = Buffer.alloc(3)
  out.writeUIntBE(value, 0, 3)
  return out
}
