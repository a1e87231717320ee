import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Transport } from '../../../src/http/transport.js'
import { openLog } from '../../../src/logs/open-log.js'
import { verifyConsistency } from '../../../src/merkle/consistency.js'
import { verifyInclusion } from '../../../src/merkle/inclusion.js'
import { TestTree } from '../../../src/testing/tree.js'
import type { LogSpec, SignedHead } from '../../../src/types/log.js'
import { fromBase64, toBase64, toHex } from '../../../src/util/bytes.js'
import { parseGetEntries } from '../../../src/wire/get-entries.js'
import { describeReal, realBytes, realData, realJson } from '../../real-data.js'
import { ctError } from '../http/errors.js'
import { Recorded } from './recorded.js'

// Answers that real logs gave: their signatures and proofs were made by others, over trees of a billion entries.

interface RecordedSth {
  readonly log: { readonly key: string; readonly url: string }
  readonly sth: { readonly sha256_root_hash: string; readonly tree_size: number }
}

const open = (spec: LogSpec, answers: Record<string, Uint8Array | string>) => {
  const transport = new Recorded(answers)
  return { client: openLog(spec, { transport }), transport }
}

describeReal('Google Argon2020, recorded answers', () => {
  const recorded = (name: string) => realBytes('cloudflare+azul/crates/tlog_tiles/tests/http_get', name)
  const size = 961_984_011
  const url = 'https://ct.googleapis.com/logs/argon2020'
  const { key } = realJson<{ key: string }>('cloudflare+azul/extracted/argon2020.key.json')
  const proof = `get-proof-by-hash-tree-size-${size}-hash-nCs3mfIydh9x4CKyQ-2Bu2xtmpxmFggA5MLymHwNQSlLg-3D`
  const answers = () => ({
    [`${url}/ct/v1/get-sth`]: recorded('get-sth'),
    [`${url}/ct/v1/get-entries?start=10000&end=10000`]: recorded('get-entries-start-10000-end-10000'),
    [`${url}/ct/v1/get-proof-by-hash?hash=nCs3mfIydh9x4CKyQ%2Bu2xtmpxmFggA5MLymHwNQSlLg%3D&tree_size=${size}`]:
      recorded(proof),
    [`${url}/ct/v1/get-sth-consistency?first=3654490&second=${size}`]: recorded(
      `get-sth-consistency-first-3654490-second-${size}`,
    ),
  })

  it('gives a head, an entry and its inclusion', async () => {
    const { client } = open({ kind: 'rfc6962', url, key }, answers())
    expect(client.log.id).toBe('sh4FzIuizYogTodm+Su5iiUgZ2va+nDnsklTLe+LkF4=')
    const head = await client.head()
    expect(head.treeSize).toBe(size)
    const batch = await client.entries(10_000, 10_001)
    expect([batch.start, batch.length]).toEqual([10_000, 1])
    const leaf = batch.leafHashes()
    verifyInclusion(leaf, 10_000, size, await client.inclusion(10_000, leaf, head), head.rootHash)
  })

  it('is joined in the middle: by a consistency proof, or by an entry where there is none', async () => {
    const { client, transport } = open({ kind: 'rfc6962', url, key }, answers())
    const head = await client.head()
    const byConsistency = await client.frontier(3_654_490, head)
    verifyConsistency(3_654_490, size, await client.consistency(3_654_490, head), byConsistency.root(), head.rootHash)

    transport.asked.length = 0
    const byEntry = await client.frontier(10_001, head)
    expect(byEntry.size).toBe(10_001)
    expect(transport.asked.map((asked) => asked.split('?')[0]?.split('/').at(-1))).toEqual([
      'get-sth-consistency',
      'get-entry-and-proof',
      'get-entries',
      'get-proof-by-hash',
    ])
  })

  it('is refused with the key of another log', async () => {
    const other = realJson<RecordedSth>('Sawchord+luct/extracted/sth-argon2025h1-1425614114.json').log.key
    const { client } = open({ kind: 'rfc6962', url, key: other }, answers())
    const error = await ctError(client.head())
    expect(error).toMatchObject({ code: 'CT_HEAD_SIGNATURE', retryable: true, url: `${url}/ct/v1/get-sth` })
  })
})

describeReal('Google Argon2025h1, recorded heads', () => {
  const older = realJson<RecordedSth>('Sawchord+luct/extracted/sth-argon2025h1-1425614114.json')
  const newer = realJson<RecordedSth>('Sawchord+luct/extracted/sth-argon2025h1-1425633154.json')
  const url = `${newer.log.url}/`
  const sth = `${url}ct/v1/get-sth`
  const consistency = `${url}ct/v1/get-sth-consistency?first=1425614114&second=1425633154`

  it('gives the compact range of the older head, which hashes to the root the log signed for it', async () => {
    const { client } = open(
      { kind: 'rfc6962', url, key: newer.log.key },
      {
        [sth]: JSON.stringify(newer.sth),
        [consistency]: realBytes('Sawchord+luct/testdata/sth-consistency-proof.json'),
      },
    )
    const range = await client.frontier(older.sth.tree_size, await client.head())
    expect(toBase64(range.root())).toBe(older.sth.sha256_root_hash)
  })
})

describeReal('short answers', () => {
  it('of Xenon2025h1 end at the next multiple of 32', async () => {
    const url = 'https://ct.googleapis.com/logs/eu1/xenon2025h1/'
    const file = 'ct.googleapis.com_logs_eu1_xenon2025h1_ct_v1_get-entries_start_1500000_end_1500099.json'
    const { key } = realJson<RecordedSth>('Sawchord+luct/extracted/sth-argon2025h1-1425614114.json').log
    const { client } = open(
      { kind: 'rfc6962', url, key },
      { [`${url}ct/v1/get-entries?start=1500000&end=1500099`]: realBytes('kujiy+ctlog-fetcher/tests/resources', file) },
    )
    const batch = await client.entries(1_500_000, 1_500_100)
    expect(batch.start + batch.length).toBe(1_500_032)
  })
})

describeReal('Google Argon2025h2, an entry and its proof', () => {
  it('is joined behind that entry', async () => {
    const { log, sth } = realJson<RecordedSth>('Sawchord+luct/extracted/sth-argon2025h2-1329315675.json')
    const index = 912_557_348
    const base = `${log.url}/ct/v1`
    const entry = realBytes('Sawchord+luct/testdata/google-entry.json')
    const hash = encodeURIComponent(toBase64(parseGetEntries(Uint8Array.from(entry), index, 1).leafHashes()))
    const { client } = open(
      { kind: 'rfc6962', url: log.url, key: log.key },
      {
        [`${base}/get-sth`]: JSON.stringify(sth),
        [`${base}/get-entries?start=${index}&end=${index}`]: entry,
        [`${base}/get-proof-by-hash?hash=${hash}&tree_size=${sth.tree_size}`]: realBytes(
          'Sawchord+luct/testdata/google-precert-audit-proof.json',
        ),
      },
    )
    const range = await client.frontier(index + 1, await client.head())
    expect(range.size).toBe(index + 1)
  })
})

describeReal('answers that the tests of another client refuse', () => {
  interface Bad {
    readonly desc: string
    readonly response: string
  }
  it('are refused here', async () => {
    const { key } = realJson<RecordedSth>('Sawchord+luct/extracted/sth-argon2025h1-1425614114.json').log
    const head = { treeSize: 100, timestamp: 0, rootHash: new Uint8Array(32), signature: new Uint8Array(0) }
    const file = 'google+certificate-transparency-go/extracted/bad-responses.shared.json'
    for (const { desc, response } of realJson<Bad[]>(file)) {
      const answer = async () => ({ status: 200, headers: {}, body: new Uint8Array(Buffer.from(response)) })
      const transport: Transport = { get: answer, close: async () => {} }
      const client = openLog({ kind: 'rfc6962', url: 'https://log.example', key }, { transport })
      for (const ask of [
        () => client.head(),
        () => client.entries(0, 5),
        () => client.consistency(7, head),
        () => client.inclusion(7, new Uint8Array(32), head),
        () => client.frontier(7, head),
      ]) {
        const error = await ctError(ask())
        expect([desc, error.code, error.retryable]).toEqual([desc, 'CT_RESPONSE_MALFORMED', true])
        expect(error.message).toContain('https://log.example/ct/v1/')
      }
    }
  })
})

describeReal('Geomys Navigli2025h2, its first three tiles', () => {
  const root = 'FiloSottile+sunlight/testdata/navigli2025h2'
  const { key, url } = realJson<{ key: string; url: string }>('FiloSottile+sunlight/derived/navigli2025h2/log-key.json')
  const { roots } = realJson<{ roots: Record<string, string> }>(
    'FiloSottile+sunlight/derived/navigli2025h2/merkle-roots.json',
  )
  const issuers = 'FiloSottile+sunlight/derived/navigli2025h2/issuer'
  const spec: LogSpec = { kind: 'static-ct', monitoringUrl: url, submissionUrl: url, key }

  const tree = new TestTree()
  const answers: Record<string, Uint8Array> = {}
  for (const index of [0, 1, 2]) {
    const hashes = realBytes(root, 'tile/0', `00${index}`)
    for (let at = 0; at < hashes.length; at += 32) tree.append(hashes.subarray(at, at + 32))
    answers[`${url}/tile/0/00${index}`] = hashes
    answers[`${url}/tile/data/00${index}`] = realBytes(root, 'tile/data', `00${index}`)
  }
  for (const width of [1, 2, 3]) answers[`${url}/tile/1/000.p/${width}`] = tree.tile(1, 0, width) as Uint8Array
  const headOf = (treeSize: number): SignedHead => ({
    treeSize,
    timestamp: 0,
    rootHash: fromBase64(roots[treeSize] as string) as Uint8Array,
    signature: new Uint8Array(0),
  })

  it('gives entries that hash to the recorded roots, tile by tile', async () => {
    const { client, transport } = open(spec, answers)
    let range = await client.frontier(0, headOf(768))
    while (range.size < 768) {
      const batch = await client.entries(range.size, 768)
      expect(batch.start).toBe(range.size)
      range = range.append(batch.leafHashes(), batch.length)
      if (roots[range.size]) expect(toBase64(range.root())).toBe(roots[range.size])
    }
    expect(transport.asked).toHaveLength(3)
    const part = await client.entries(300, 700)
    expect([part.start, part.length]).toEqual([300, 212])
  })

  it('gives the compact range at any recorded size, from hash tiles alone', async () => {
    const { client } = open(spec, answers)
    for (const size of Object.keys(roots).map(Number))
      expect(toBase64((await client.frontier(size, headOf(768))).root())).toBe(roots[size])
  })

  it('refuses the tile of other entries', async () => {
    const mixed = { ...answers, [`${url}/tile/data/001`]: answers[`${url}/tile/data/002`] as Uint8Array }
    const error = await ctError(open(spec, mixed).client.entries(256, 512))
    expect(error).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', retryable: true, expected: 256, actual: 512 })
  })

  it('gives the issuers its entries name', async () => {
    const names = readdirSync(realData(issuers))
    const served = Object.fromEntries(names.map((name) => [`${url}/issuer/${name}`, realBytes(issuers, name)]))
    const { client } = open(spec, { ...answers, ...served })
    const batch = await client.entries(0, 256)
    const seen = new Set<string>()
    for (let i = 0; i < batch.length; i++) {
      const chain = batch.entry(i).extra.chain()
      if (chain.kind === 'fingerprints')
        for (const fingerprint of chain.fingerprints)
          if (!seen.has(toHex(fingerprint))) {
            seen.add(toHex(fingerprint))
            expect(await client.issuer(fingerprint)).toHaveLength(realBytes(issuers, toHex(fingerprint)).length)
          }
    }
    expect(seen.size).toBeGreaterThan(1)
  })
})

describeReal('checkpoints', () => {
  it.each(['sycamore2026h1', 'arche2026h1'])('of %s give heads', async (name) => {
    const file = `Sawchord+luct/testdata/${name}-signed-note`
    const { key, origin } = realJson<{ key: string; origin: string }>(`${file}.key.json`)
    const monitoringUrl = 'https://mon.example/2026h1'
    const spec: LogSpec = { kind: 'static-ct', monitoringUrl, submissionUrl: `https://${origin}/`, key }
    const note = realBytes(`${file}.txt`)
    const { client } = open(spec, { [`${monitoringUrl}/checkpoint`]: note })
    expect((await client.head()).treeSize).toBe(Number(note.toString().split('\n')[1]))

    // The log's signature does not cover the origin: another log's name must be noticed all the same.
    const renamed = { ...spec, submissionUrl: `https://${origin}x/` }
    const error = await ctError(open(renamed, { [`${monitoringUrl}/checkpoint`]: note }).client.head())
    expect(error).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', retryable: true })
  })

  it('whose signature does not verify is refused', async () => {
    const { key, origin } = realJson<{ key: string; origin: string }>(
      'Sawchord+luct/testdata/sycamore2026h1-signed-note.key.json',
    )
    const monitoringUrl = 'https://mon.example/'
    const spec: LogSpec = { kind: 'static-ct', monitoringUrl, submissionUrl: `https://${origin}`, key }
    const note = realBytes('h-kwnm+sct/extracted/checkpoint-sycamore2026h1-910004669.txt')
    const error = await ctError(open(spec, { [`${monitoringUrl}checkpoint`]: note }).client.head())
    expect(error).toMatchObject({ code: 'CT_HEAD_SIGNATURE', retryable: true, url: `${monitoringUrl}checkpoint` })
  })
})
