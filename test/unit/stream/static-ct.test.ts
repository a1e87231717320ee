import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { TestLog, TestLogOptions } from '../../../src/testing/index.js'
import { LogKey, renderCheckpoint } from '../../../src/testing/signing.js'
import { TestTree } from '../../../src/testing/tree.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { LogSpec, Rfc6962LogSpec, StaticCtLogSpec } from '../../../src/types/log.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { toBase64, toHex } from '../../../src/util/bytes.js'
import { describeReal, hasRealData, realBytes, realJson } from '../../real-data.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, grow, logOf as logOfEither } from '../../support/logs.js'
import { indexedEntries } from '../../support/real-entries.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { readEveryFiveSeconds } from '../../support/virtual-reader.js'

const logOf = (count: number, options: TestLogOptions = {}) => logOfEither(count, { kind: 'static-ct', ...options })
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Data tiles asked for, `[index, width]`. */
const tilesOf = (log: TestLog) =>
  log.requests.filter(({ endpoint }) => endpoint === 'data-tile').map(({ index, width }) => [index, width])

describe('the last tile, while it is partial', () => {
  it('is waited for: for a minute by default, and what is in it is read then, once', async () => {
    const clock = new VirtualClock()
    const log = await logOf(266)
    const reader = readEveryFiveSeconds(log, clock)
    // Full tiles are not held up by it.
    await reader.until(() => reader.certificates.length === 256)
    await clock.pass(58_000)
    expect(tilesOf(log)).toEqual([[0, 256]])
    await clock.pass(12_000)
    expect(tilesOf(log)).toEqual([
      [0, 256],
      [1, 10],
    ])
    expect(reader.indexes()).toEqual(range(0, 266))
    // Nothing but the checkpoint, for as long as the log stands still.
    log.clearRequests()
    await clock.pass(180_000)
    expect(log.requestCount('checkpoint')).toBeGreaterThan(30)
    expect(log.requestCount()).toBe(log.requestCount('checkpoint'))
  })

  it('is waited for again each time it grows', async () => {
    const clock = new VirtualClock()
    const log = await logOf(266)
    const reader = readEveryFiveSeconds(log, clock, { partialTileDelayMs: 20_000 })
    await clock.pass(30_000)
    expect(reader.certificates).toHaveLength(266)
    grow(log, 3)
    await clock.pass(18_000)
    expect(reader.certificates).toHaveLength(266)
    await clock.pass(15_000)
    expect(reader.indexes()).toEqual(range(0, 269))
    expect(tilesOf(log)).toEqual([
      [0, 256],
      [1, 10],
      [1, 13],
    ])
  })

  it('is read as soon as it is full, and then never as a partial one', async () => {
    const clock = new VirtualClock()
    const log = await logOf(266)
    const reader = readEveryFiveSeconds(log, clock)
    await clock.pass(20_000)
    grow(log, 246)
    await clock.pass(7_000)
    expect(reader.indexes()).toEqual(range(0, 512))
    expect(tilesOf(log)).toEqual([
      [0, 256],
      [1, 256],
    ])
  })

  it('that always grows a little is read at the latest after the delay', async () => {
    const clock = new VirtualClock()
    const log = await logOf(256)
    const reader = readEveryFiveSeconds(log, clock, { partialTileDelayMs: 20_000 })
    await reader.until(() => reader.certificates.length === 256)
    for (let second = 0; second < 120; second++) {
      if (second % 4 === 0) grow(log, 1)
      await clock.pass(1_000)
      // Never later than the delay, and a poll before and after it.
      expect(log.size - reader.certificates.length).toBeLessThanOrEqual((20 + 5 + 5) / 4 + 1)
    }
    expect(tilesOf(log).length).toBeLessThanOrEqual(1 + 120 / 20)
  })

  it('is read at once when that is asked for', async () => {
    const clock = new VirtualClock()
    const log = await logOf(266)
    const reader = readEveryFiveSeconds(log, clock, { partialTileDelayMs: 0 })
    await reader.until(() => reader.certificates.length === 266)
    expect(clock.now()).toBe(new VirtualClock().now())
  })

  it('is read at once by a stream that ends there', async () => {
    const log = await logOf(266)
    const clock = new VirtualClock()
    const stream = ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false, clock })
    expect(indexesOf(await take(stream))).toEqual(range(0, 266))
  })

  it('is waited for where a log is joined in the middle of it', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300)
    const reader = readEveryFiveSeconds(log, clock, { start: 'now' })
    await clock.pass(2_000)
    grow(log, 10)
    await clock.pass(50_000)
    expect(tilesOf(log)).toEqual([])
    await clock.pass(20_000)
    expect(reader.indexes()).toEqual(range(300, 310))
    expect(tilesOf(log)).toEqual([[1, 54]])
  })

  it('is cut out of the full tile when it is gone: nothing past the signed head is delivered', async () => {
    const log = await logOf(300)
    // The log has filled the tile and dropped its partial forms; a replica still shows the head of before.
    grow(log, 300)
    const stale = log.fault({ on: 'checkpoint', stale: 1 })
    const stream = backfill(log)
    expect(indexesOf(await take(stream))).toEqual(range(0, 300))
    expect(stale.hits).toBeGreaterThan(0)
    expect(tilesOf(log)).toEqual([
      [0, 256],
      [1, 44],
      [1, 256],
    ])
  })
})

describe('issuers', () => {
  it('are asked for by fingerprint when a chain is read, once, and kept for the next run', async () => {
    const log = await logOf(40)
    const checkpoint = new MemoryCheckpointStore()
    const run = async () => {
      const stream = ctStream({
        logs: [log.spec],
        start: 'beginning',
        end: 'head',
        checkpoint,
        commit: 'manual',
        clock: fastClock(20_000),
      })
      const chains: string[] = []
      for await (const certificate of stream)
        chains.push((await certificate.chain()).map((der) => sha256(der)).join(' '))
      await stream.close()
      return chains
    }
    const chains = await run()
    const issuers = new Set(chains.flatMap((chain) => chain.split(' ')))
    expect(issuers.size).toBeGreaterThan(3)
    expect(log.requestCount('issuer')).toBe(issuers.size)
    expect(await run()).toEqual(chains)
    expect(log.requestCount('issuer')).toBe(issuers.size)
  })

  it('are not asked for by those who do not read them', async () => {
    const log = await logOf(300)
    const stream = ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false })
    for await (const { dnsNames } of stream) expect(dnsNames).toBeDefined()
    expect(log.requestCount('issuer')).toBe(0)
  })

  it('that hash to something else are refused, and the entry stays what it is', async () => {
    const log = await logOf(3)
    const fault = log.fault({ on: 'issuer', flipBit: { in: 'certificate' } })
    const checkpoint = new MemoryCheckpointStore()
    const stream = ctStream({ logs: [log.spec], start: 'beginning', checkpoint, clock: fastClock(20_000) })
    for await (const certificate of stream) {
      await expect(certificate.chain()).rejects.toMatchObject({ code: 'CT_RESPONSE_MALFORMED' })
      expect(certificate.kind).not.toBe('unparsable')
      expect(certificate.problems.map(({ code }) => code)).toContain('chain-unavailable')
      fault.clear()
      break
    }
    const again = ctStream({ logs: [log.spec], checkpoint, end: 'head', clock: fastClock(20_000) })
    for await (const certificate of again) expect(await certificate.chain()).toHaveLength(2)
  })

  it('that are gone fail after some attempts, not for ever', async () => {
    const log = await logOf(1)
    log.fault({ on: 'issuer', status: 503 })
    const stream = backfill(log)
    for await (const certificate of stream)
      await expect(certificate.chain()).rejects.toMatchObject({ code: 'CT_HTTP_STATUS', status: 503 })
    expect(log.requestCount('issuer')).toBeLessThan(20)
  })
})

describe('an RFC 6962 log that also serves tiles', () => {
  const hybrid = (log: TestLog): LogSpec => ({ ...(log.spec as Rfc6962LogSpec), tiles: log.monitoringUrl })
  const throughTiles = (log: TestLog, options: CtStreamOptions = {}) =>
    backfill(log, { logs: [hybrid(log)], ...options })

  it.each([0, 1, 255, 256, 300, 512, 700])(
    'is read by its full tiles, and the rest by get-entries: from %i',
    async (index) => {
      const log = await logOf(700, { kind: 'both' })
      const read = await take(throughTiles(log, { start: { index } }))
      expect(indexesOf(read)).toEqual(range(index, 700))
      for (const { index, leafHash } of read) expect(toHex(leafHash)).toBe(toHex(log.leafHash(index)))
      expect(tilesOf(log)).toEqual([0, 1].filter((tile) => index < (tile + 1) * 256).map((tile) => [tile, 256]))
      expect(log.requests.filter(({ endpoint }) => endpoint === 'checkpoint' || endpoint === 'tile')).toEqual([])
      for (const { endpoint, start = 512 } of log.requests)
        if (endpoint === 'get-entries' && index % 256 === 0) expect(start).toBeGreaterThanOrEqual(512)
    },
  )

  it('gives chains, whichever way an entry came', async () => {
    const log = await logOf(300, { kind: 'both' })
    for await (const certificate of throughTiles(log)) {
      if (certificate.index % 43 > 0) continue
      const chain = await certificate.chain()
      expect(chain).toHaveLength(2)
      expect(certificate.problems).toEqual([])
    }
  })

  it('is read by get-entries while its tiles are not there yet', async () => {
    const log = await logOf(600, { kind: 'both' })
    log.fault({ on: 'data-tile', status: 404 })
    expect(indexesOf(await take(throughTiles(log)))).toEqual(range(0, 600))
  })

  it('is proven by its own heads: a wrong tile delivers nothing', async () => {
    const log = await logOf(600, { kind: 'both' })
    log.fault({ on: 'data-tile', times: 2, flipBit: { in: 'leaf', item: 9 } })
    const read = await take(throughTiles(log))
    expect(indexesOf(read)).toEqual(range(0, 600))
    for (const { index, leafHash } of read) expect(toHex(leafHash)).toBe(toHex(log.leafHash(index)))
  })
})

/** The first tiles of Geomys' Navigli2025h2 as that log served them, behind checkpoints signed with a key made here. */
class Navigli {
  readonly requests: string[] = []
  readonly spec: StaticCtLogSpec
  private readonly server: Server
  private readonly key = new LogKey(undefined)
  private readonly tree = new TestTree()

  private constructor(server: Server, size: number) {
    this.server = server
    for (const index of [0, 1, 2]) {
      const hashes = realBytes(ROOT, 'tile/0', `00${index}`)
      for (let at = 0; at < hashes.length; at += 32) this.tree.append(hashes.subarray(at, at + 32))
    }
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.spec = {
      kind: 'static-ct',
      key: toBase64(this.key.spki),
      monitoringUrl: `${base}/2025h2`,
      submissionUrl: `${base}/2025h2`,
    }
    const head = this.key.signHead(size, Date.now(), this.tree.root(size))
    const origin = `${base}/2025h2`.replace('http://', '')
    const checkpoint = Buffer.from(renderCheckpoint(head, origin, this.key.logId, { grease: true, witnesses: [] }))
    server.on('request', (request, response) => {
      const path = (request.url ?? '').replace('/2025h2/', '')
      this.requests.push(path)
      const [body, headers] = path === 'checkpoint' ? [checkpoint, {}] : this.file(path, size)
      response.writeHead(body === undefined ? 404 : 200, headers)
      response.end(body)
    })
  }

  static async open(size: number): Promise<Navigli> {
    const server = createServer()
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return closing(new Navigli(server, size))
  }

  private file(path: string, size: number): [Uint8Array | undefined, Record<string, string>] {
    const data = /^tile\/data\/00([012])$/.exec(path)
    if (data !== null) return [gzipSync(realBytes(ROOT, path)), { 'content-encoding': 'gzip' }]
    if (/^tile\/0\/00[012]$/.test(path)) return [realBytes(ROOT, path), {}]
    // Of the tile above, the log's own was not kept: it follows from those below, which are.
    const above = /^tile\/1\/000\.p\/([123])$/.exec(path)
    if (above !== null) return [this.tree.tile(1, 0, Number(above[1])), {}]
    const partial = /^tile\/0\/00([012])\.p\/(\d+)$/.exec(path)
    if (partial !== null && Number(partial[2]) === size % 256)
      return [realBytes(ROOT, `tile/0/00${partial[1]}`).subarray(0, 32 * Number(partial[2])), {}]
    if (/^issuer\/[0-9a-f]{64}$/.test(path))
      return [realBytes(DERIVED, path), { 'content-type': 'application/pkix-cert' }]
    return [undefined, {}]
  }

  root(size: number): string {
    return toBase64(this.tree.root(size))
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

const ROOT = 'FiloSottile+sunlight/testdata/navigli2025h2'
const DERIVED = 'FiloSottile+sunlight/derived/navigli2025h2'

describeReal('Geomys Navigli2025h2, its first 768 entries', () => {
  /** Leaf hashes and names by index, made with python-cryptography. */
  const known = hasRealData
    ? indexedEntries()
        .filter(({ file }) => file.includes('navigli2025h2/tile/data'))
        .map(({ file, i, ...entry }) => ({ ...entry, index: Number(file.slice(-3)) * 256 + i }))
        .filter(({ index }) => index < 768)
    : []
  const stream = (navigli: Navigli, options: CtStreamOptions = {}) =>
    ctStream({
      logs: [navigli.spec],
      start: 'beginning',
      end: 'head',
      checkpoint: false,
      clock: fastClock(20_000),
      ...options,
    })

  const expectKnown = (read: readonly CtCertificate[]) => {
    const byIndex = new Map(read.map((certificate) => [certificate.index, certificate]))
    let compared = 0
    for (const { index, leaf_hash, cert_sha256, timestamp, names } of known) {
      const certificate = byIndex.get(index)
      if (certificate === undefined) continue
      compared++
      expect(toHex(certificate.leafHash)).toBe(leaf_hash)
      expect(certificate.sha256).toBe(cert_sha256)
      expect(certificate.timestamp?.getTime()).toBe(timestamp)
      expect([...certificate.dnsNames].sort()).toEqual(
        [...new Set(names.map((name) => name.replace(/^(?:CN|DNS):/, '').toLowerCase()))].sort(),
      )
      expect(certificate.kind).toBe('precertificate')
    }
    return compared
  }

  it('hash to the roots recorded for them', async () => {
    const { roots } = realJson<{ roots: Record<string, string> }>(DERIVED, 'merkle-roots.json')
    const navigli = await Navigli.open(768)
    for (const [size, root] of Object.entries(roots))
      if (Number(size) <= 768) expect(navigli.root(Number(size))).toBe(root)
  })

  it.each([0, 1, 255, 256, 300, 511, 512, 767])('are streamed and proven from index %i', async (index) => {
    const navigli = await Navigli.open(768)
    const read = await take(stream(navigli, { start: { index } }))
    expect(indexesOf(read)).toEqual(range(index, 768))
    expect(expectKnown(read)).toBe(known.filter((entry) => entry.index >= index).length)
    expect(read.flatMap(({ problems }) => problems)).toEqual([])
  })

  it('are not read by a stream that begins at their head', async () => {
    const navigli = await Navigli.open(768)
    const status = stream(navigli, { start: 'now' })
    expect(await take(status)).toEqual([])
    expect(status.status().logs[0]).toMatchObject({ state: 'finished', position: 768, verifiedSize: 768 })
    expect(navigli.requests.filter((path) => path.includes('data'))).toEqual([])
  })

  it.each([1, 3, 255, 257, 500, 700])('are cut to a head of %i entries, whose partial tile is gone', async (size) => {
    const navigli = await Navigli.open(size)
    const read = await take(stream(navigli))
    expect(indexesOf(read)).toEqual(range(0, size))
    expect(expectKnown(read)).toBe(known.filter(({ index }) => index < size).length)
  })

  it('have chains of the issuers they name, fetched once each', async () => {
    const navigli = await Navigli.open(768)
    const checkpoint = new MemoryCheckpointStore()
    const seen = new Set<string>()
    const first = stream(navigli, { checkpoint, commit: 'manual' })
    for await (const certificate of first) {
      if (certificate.index % 5 > 0) continue
      const chain = await certificate.chain()
      expect(chain.length).toBeGreaterThan(0)
      for (const der of chain) seen.add(sha256(der))
      expect(certificate.problems).toEqual([])
    }
    await first.close()
    expect(seen.size).toBe(5)
    const issuers = () => navigli.requests.filter((path) => path.startsWith('issuer/'))
    expect(issuers()).toHaveLength(5)
    for await (const certificate of stream(navigli, { checkpoint }))
      if (certificate.index < 300) await certificate.chain()
    expect(issuers()).toHaveLength(5)
  })
})
