import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { UndiciTransport } from '../../../src/http/undici-transport.js'
import { openLog } from '../../../src/logs/open-log.js'
import type { EntryBatch, RawEntry } from '../../../src/types/entries.js'
import { encodeMerkleLeaf } from '../../../src/wire/merkle-leaf.js'
import { encodeExtraData, encodeTileLeaf } from '../../support/wire.js'

// Sockets, bodies, pages and entries share memory that is used again and again. Whatever arrives, fails and is let go of in
// whatever order: a page that was not released is the page that was served.

/** One page that is asked for, how it is served, and how long it is kept. */
interface Page {
  readonly protocol: 'rfc6962' | 'static-ct'
  readonly width: number
  /** Bytes of its largest certificate. */
  readonly size: number
  readonly chunked: boolean
  readonly gzip: boolean
  /** Where the answer is cut into writes: as parts of its length, and at a byte of its head. */
  readonly cuts: readonly number[]
  readonly headCut: number
  readonly fate: 'whole' | 'cut off' | 'aborted'
  /** Pages that arrive before it is released; it is kept to the end beyond the last. */
  readonly keptFor: number
}

const pages = fc.array(
  fc.record<Page>({
    protocol: fc.constantFrom('rfc6962', 'static-ct'),
    width: fc.integer({ min: 1, max: 256 }),
    size: fc.integer({ min: 1, max: 6000 }),
    chunked: fc.boolean(),
    gzip: fc.boolean(),
    cuts: fc.array(
      fc.nat(1_000_000).map((part) => part / 1_000_000),
      { maxLength: 4 },
    ),
    headCut: fc.integer({ min: 0, max: 120 }),
    fate: fc.constantFrom('whole', 'whole', 'whole', 'whole', 'whole', 'cut off', 'aborted'),
    keptFor: fc.nat(30),
  }),
  { minLength: 30, maxLength: 50 },
)

// — what is served: of each entry, its index alone decides

const sha256 = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const certificateOf = (index: number, size: number) => Buffer.alloc(1 + ((index * 7919) % size), sha256(`${index}`))
const issuerOf = (index: number) => Buffer.alloc(40 + (index % 50), sha256(`issuer of ${index}`))
const leafOf = (index: number, size: number) =>
  encodeMerkleLeaf({
    timestamp: index,
    entry: { kind: 'x509', certificate: certificateOf(index, size) },
    extensions: new Uint8Array(),
  })
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/** Pages lie apart: entry and tile numbers name the page. */
const firstOf = (at: number) => at * 256
const indexesOf = ({ width }: Page, at: number) => Array.from({ length: width }, (_, i) => firstOf(at) + i)

function bodyOf(page: Page, at: number): Buffer {
  const { protocol, size } = page
  const indexes = indexesOf(page, at)
  if (protocol === 'static-ct')
    return Buffer.concat(
      indexes.map((index) =>
        encodeTileLeaf({ leafInput: leafOf(index, size), fingerprints: [sha256(issuerOf(index))] }),
      ),
    )
  const entries = indexes.map((index) => ({
    leaf_input: base64(leafOf(index, size)),
    extra_data: base64(encodeExtraData([issuerOf(index)])),
  }))
  return Buffer.from(JSON.stringify({ entries }))
}

function answerOf(page: Page, at: number): Buffer[] {
  const plain = bodyOf(page, at)
  const body = page.gzip ? gzipSync(plain, { level: 1 }) : plain
  const head =
    `HTTP/1.1 200 OK\r\nx-page: ${at}\r\n${page.gzip ? 'content-encoding: gzip\r\n' : ''}` +
    `${page.chunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`}\r\n\r\n`
  const middle = Math.floor(body.length / 3)
  const chunks = [body.subarray(0, middle), body.subarray(middle)].filter(({ length }) => length > 0)
  const framed = page.chunked
    ? [...chunks.flatMap((chunk) => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']), '0\r\n\r\n']
    : [body]
  const answer = Buffer.concat([head, ...framed].map((part) => Buffer.from(part)))
  // The last part is never empty: an answer that is cut off lacks something.
  const cuts = [page.headCut, ...page.cuts.map((cut) => Math.floor(cut * answer.length))]
  const ends = [...cuts.map((cut) => Math.min(cut, answer.length - 1)).sort((a, b) => a - b), answer.length]
  return ends.map((end, i) => answer.subarray(i === 0 ? 0 : ends[i - 1], end))
}

/** Writes an answer part by part, the others' parts between them. */
async function serve(socket: Socket, page: Page, at: number): Promise<void> {
  const parts = answerOf(page, at)
  const sent = page.fate === 'cut off' ? parts.slice(0, -1) : parts
  for (const part of sent) {
    if (part.length > 0) socket.write(part)
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  if (page.fate === 'cut off') socket.destroy()
}

/** Number of the page that a request is for. */
function pageAsked(request: string): number {
  const start = /get-entries\?start=(\d+)/.exec(request)?.[1]
  if (start !== undefined) return Number(start) / 256
  return Number(/tile\/data\/(\d{3})/.exec(request)?.[1])
}

// — what has come

function expectServed(batch: EntryBatch, page: Page, at: number): void {
  const hashes = batch.leafHashes()
  expect([batch.start, batch.length]).toEqual([firstOf(at), page.width])
  for (const [i, index] of indexesOf(page, at).entries()) {
    const leaf = leafOf(index, page.size)
    if (Buffer.compare(batch.leafInput(i), leaf) !== 0) expect.fail(`entry ${index} is not what was served`)
    if (Buffer.compare(hashes.subarray(32 * i, 32 * i + 32), sha256('\0', leaf)) !== 0)
      expect.fail(`entry ${index} is hashed as something else`)
  }
  for (const i of [0, page.width - 1]) expectEntry(batch.entry(i), page)
}

function expectEntry({ index, leafInput, extra }: RawEntry, { size, protocol }: Page): void {
  expect(Buffer.compare(leafInput, leafOf(index, size))).toBe(0)
  const chain = extra.chain()
  const parts = chain.kind === 'certificates' ? chain.certificates : chain.fingerprints
  const issuer = issuerOf(index)
  expect(parts.map(base64)).toEqual([base64(protocol === 'rfc6962' ? issuer : sha256(issuer))])
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const KEY =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETtK8v7MICve56qTHHDhhBOuV4IlUaESxZryCfk9QbG9co/CqPvTsgPDbCpp6oFtyAHwlDhnvr7JijXRD9Cb2FA=='

it('no page is written over before it is released', async () => {
  let served: readonly Page[] = []
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .on('data', (request) => {
        const at = pageAsked(String(request))
        void serve(socket, served[at] as Page, at)
      }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const transport = new UndiciTransport({ connections: 6 })
  closers.push(
    () => transport.close(),
    () => server.close(),
  )
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const clients = {
    rfc6962: openLog({ kind: 'rfc6962', key: KEY, url }, { transport }),
    'static-ct': openLog({ kind: 'static-ct', key: KEY, monitoringUrl: url, submissionUrl: url }, { transport }),
  }

  let whole = 0
  let released = 0
  await fc.assert(
    fc.asyncProperty(pages, async (asked) => {
      served = asked
      const kept = new Map<number, { batch: EntryBatch; page: Page; until: number }>()
      const copies: { entry: RawEntry; page: Page }[] = []
      let arrived = 0
      const read = async (page: Page, at: number) => {
        const abort = new AbortController()
        if (page.fate === 'aborted') setTimeout(() => abort.abort(new Error('given up')), page.keptFor)
        const [start, end] = [firstOf(at), firstOf(at) + page.width]
        // A tile is full or as wide as the tree: each is the last one of a tree of its own.
        const client = page.protocol === 'rfc6962' ? clients.rfc6962 : clients['static-ct']
        const batch = await client.entries(start, end, { signal: abort.signal }).catch((error: unknown) => {
          if (page.fate === 'whole') throw error
          expect(CtStreamError.is(error) || error === abort.signal.reason).toBe(true)
        })
        if (batch === undefined) return
        whole++
        kept.set(at, { batch, page, until: arrived++ + page.keptFor })
        for (const [number, { batch, page, until }] of kept) {
          if (until > arrived) continue
          expectServed(batch, page, number)
          copies.push({ entry: batch.entry(0), page }, { entry: batch.entry(batch.length - 1), page })
          batch.release()
          batch.release()
          kept.delete(number)
          released++
        }
      }
      // All have ended before one fails: nothing of this run reaches the next one.
      const failed = (await Promise.allSettled(asked.map(read))).find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
      for (const [at, { batch, page }] of kept) expectServed(batch, page, at)
      for (const { entry, page } of copies) expectEntry(entry, page)
      for (const { batch } of kept.values()) batch.release()
    }),
    // What fails depends on when bytes arrive: nothing smaller would be found.
    { numRuns: 8, endOnFailure: true },
  )
  expect(whole).toBeGreaterThan(100)
  expect(released).toBeGreaterThan(50)
})
