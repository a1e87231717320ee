import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CtErrorCode } from '../../../src/errors.js'
import { UndiciTransport } from '../../../src/http/undici-transport.js'
import type { LogClient } from '../../../src/logs/client.js'
import { openLog } from '../../../src/logs/open-log.js'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { verifyConsistency } from '../../../src/merkle/consistency.js'
import { verifyInclusion } from '../../../src/merkle/inclusion.js'
import { createTestLog, type Fault, issueCertificates, type TestLog } from '../../../src/testing/index.js'
import { sha256 } from '../../../src/util/hash.js'
import { ctError } from '../http/errors.js'

// The log that users test with: real certificates, GREASE and witnesses in checkpoints, gzip that nobody asked for.

const SIZES = [0, 1, 2, 3, 31, 64, 255, 256, 257, 511, 512, 600]

describe.each(['rfc6962', 'static-ct'] as const)('the embedded %s log', (kind) => {
  let log: TestLog
  let client: LogClient
  const transport = new UndiciTransport()

  beforeAll(async () => {
    const certificates = [...issueCertificates(600)]
    log = await createTestLog({ kind, pageSize: 64, align: 'always', witnesses: 2 })
    for (const [i, size] of SIZES.entries()) {
      if (i === 0) continue
      log.add(certificates.slice(SIZES[i - 1], size))
      log.publish()
    }
    client = openLog(log.spec, { transport })
  })
  afterEach(() => log.clearFaults())
  afterAll(async () => {
    await transport.close()
    await log.close()
  })

  const open = () => openLog(log.spec, { transport })
  const rangeOf = (size: number) =>
    CompactRange.empty.append(Buffer.concat(Array.from({ length: size }, (_, i) => log.leafHash(i))))

  it('gives its newest head, and an older one when a replica lags', async () => {
    expect(await client.head()).toMatchObject({ treeSize: 600, timestamp: log.head.timestamp })
    log.fault({ on: ['get-sth', 'checkpoint'], stale: 1 })
    expect((await client.head()).treeSize).toBe(512)
  })

  it('gives all its entries in order, from anywhere', async () => {
    for (const from of [0, 1, 63, 200, 512, 599])
      for (let at = from; at < 600; ) {
        const batch = await client.entries(at, 600)
        expect(batch.start).toBe(at)
        const last = batch.entry(batch.length - 1)
        expect(Buffer.compare(last.leafInput, log.entry(last.index).leafInput)).toBe(0)
        expect(Buffer.compare(batch.leafHashes().subarray(0, 32), log.leafHash(at))).toBe(0)
        at += batch.length
      }
  })

  it('is joined anywhere, and proven consistent and complete, under each of its heads', async () => {
    for (const head of log.heads)
      for (const index of SIZES.filter((size) => size <= head.treeSize)) {
        expect(await client.frontier(index, head)).toEqual(rangeOf(index))
        const proof = await client.consistency(index, head)
        if (index > 0 && index < head.treeSize)
          verifyConsistency(index, head.treeSize, proof, rangeOf(index).root(), head.rootHash)
        if (index === 0) continue
        const leaf = log.leafHash(index - 1)
        const path = await client.inclusion(index - 1, leaf, head)
        verifyInclusion(leaf, index - 1, head.treeSize, path, head.rootHash)
      }
  })

  it('serves the issuers its entries name', async () => {
    const chain = (await client.entries(0, 1)).entry(0).extra.chain()
    expect(chain.kind).toBe(kind === 'static-ct' ? 'fingerprints' : 'certificates')
    if (chain.kind === 'certificates') return
    const [fingerprint] = chain.fingerprints as [Uint8Array]
    expect(sha256(await client.issuer(fingerprint))).toEqual(Uint8Array.from(fingerprint))
    log.fault({ on: 'issuer', flipBit: { in: 'certificate' } })
    expect((await ctError(client.issuer(fingerprint))).code).toBe('CT_RESPONSE_MALFORMED')
  })

  type Ask = 'head' | 'entries' | 'consistency' | 'frontier' | 'inclusion'
  const asks: Record<Ask, (asked: LogClient) => Promise<unknown>> = {
    head: (asked) => asked.head(),
    entries: (asked) => asked.entries(256, 320),
    consistency: (asked) => asked.consistency(300, log.head),
    frontier: (asked) => asked.frontier(300, log.head),
    inclusion: (asked) => asked.inclusion(300, log.leafHash(300), log.head),
  }
  const all: readonly Ask[] = ['head', 'entries', 'consistency', 'frontier', 'inclusion']
  const bad: CtErrorCode[] = ['CT_RESPONSE_MALFORMED']
  const disproof: CtErrorCode[] = ['CT_CONSISTENCY', 'CT_INCLUSION']
  const json = kind === 'rfc6962'
  const cases: [string, Omit<Fault, 'on'>, readonly Ask[], readonly CtErrorCode[], boolean][] = [
    ['a page of HTML', { html: true }, all, bad, true],
    ['a page of HTML with 502', { html: true, status: 502 }, all, ['CT_HTTP_STATUS'], true],
    ['429', { status: 429, retryAfter: 5 }, all, ['CT_HTTP_STATUS'], true],
    ['429 until a date', { status: 429, retryAfter: new Date(Date.now() + 3_600_000) }, all, ['CT_HTTP_STATUS'], true],
    ['404', { status: 404 }, all, ['CT_HTTP_STATUS'], false],
    ['a redirect', { status: 302, headers: { location: '/' } }, all, ['CT_HTTP_STATUS'], false],
    ['no connection', { disconnect: true }, all, ['CT_HTTP_NETWORK'], true],
    ['a cut body', { cutAfter: 10 }, all, ['CT_HTTP_NETWORK'], true],
    ['a short body', { truncate: 100 }, all, bad, true],
    ['an empty body', { truncate: 0 }, all, bad, true],
    [
      'a wrong character',
      { badBase64: true },
      json ? all : ['head'],
      ['CT_RESPONSE_MALFORMED', 'CT_HEAD_SIGNATURE'],
      true,
    ],
    ['70 MB', { oversize: 70_000_000 }, all, ['CT_RESPONSE_TOO_LARGE'], true],
    ['another root', { flipBit: { in: 'root' } }, ['head'], ['CT_HEAD_SIGNATURE'], true],
    ['another signature', { flipBit: { in: 'signature', byte: -1 } }, ['head'], ['CT_HEAD_SIGNATURE'], true],
    ['a wrong hash', { flipBit: { in: 'hash', item: 1 } }, ['frontier'], disproof, true],
    ['no entries', { entries: 0 }, ['entries'], bad, true],
    ['more entries than asked', { entries: 300 }, ['entries'], bad, true],
  ]
  describe.each(cases)('that answers with %s', (_, fault, names, codes, retryable) => {
    it.each(names)('to %s', async (name) => {
      log.fault({ ...fault, on: '*' })
      const error = await ctError(asks[name](open()))
      expect(codes).toContain(error.code)
      expect(error.retryable).toBe(retryable)
      if (fault.retryAfter !== undefined) expect(error.retryAfterMs).toBeGreaterThan(0)
    })
  })

  it.each(all)('that hangs, before or within the answer to %s, is given up', async (name) => {
    for (const hang of [true, 'body'] as const) {
      log.clearFaults()
      log.fault({ on: '*', hang })
      const hasty = new UndiciTransport({ timeouts: { totalMs: 60 } })
      const error = await ctError(asks[name](openLog(log.spec, { transport: hasty })))
      expect(error).toMatchObject({ code: 'CT_HTTP_TIMEOUT', retryable: true })
      await hasty.close()
    }
  })

  it('that signs a root it does not have is not joined under it', async () => {
    log.fault({ on: ['get-sth', 'checkpoint'], wrongRoot: true })
    const head = await client.head()
    for (const index of [1, 300, 600]) {
      const error = await ctError(client.frontier(index, head))
      expect(['CT_CONSISTENCY', 'CT_INCLUSION', 'CT_ROOT_MISMATCH']).toContain(error.code)
    }
  })

  it('that shows another tree is joined under the head of that tree only', async () => {
    const fork = log.fork(400)
    fork.add(issueCertificates(200, { seed: 'other' }))
    const head = fork.publish()
    expect((await ctError(client.frontier(300, head))).retryable).toBe(true)
    log.fault({ on: '*', from: fork })
    // Tiles that were proven under the other head contradict this one: that is an error too, until they are asked for again.
    if (kind === 'static-ct') expect((await ctError(client.frontier(300, head))).code).toBe('CT_CONSISTENCY')
    expect(await client.frontier(300, head, { fresh: true })).toEqual(rangeOf(300))
    const inside = await client.frontier(500, head, { fresh: true })
    expect(Buffer.compare(inside.root(), rangeOf(500).root())).not.toBe(0)
  })

  it('that limits each connection lets fresh ones through', async () => {
    log.fault({ on: '*', rateLimit: { burst: 1, perSecond: 0.001, by: 'connection' } })
    const own = new UndiciTransport()
    const limited = openLog(log.spec, { transport: own })
    await limited.head()
    expect(await ctError(limited.head())).toMatchObject({
      status: 429,
      retryable: true,
      retryAfterMs: expect.any(Number),
    })
    expect((await limited.head({ fresh: true })).treeSize).toBe(600)
    await own.close()
  })
})
