import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CtStreamError } from '../../../src/errors.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLog, type TestLog } from '../../../src/testing/index.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { toHex } from '../../../src/util/bytes.js'
import { describeReal, realBytes, realData, realJson } from '../../real-data.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take, takePages } from '../../support/follow.js'
import { indexedEntries, type RealEntry, realEntries } from '../../support/real-entries.js'
import { MTH } from '../merkle/reference.js'

describeReal('a log of real entries', () => {
  let entries: RealEntry[] = []
  let log: TestLog
  beforeAll(async () => {
    entries = realEntries()
    log = await createTestLog({ kind: 'both', entries })
  })
  afterAll(() => log.close())

  const read = (kind: 'rfc6962' | 'static-ct', options: CtStreamOptions) =>
    ctStream({
      logs: log.specs.filter((spec) => spec.kind === kind),
      end: 'head',
      checkpoint: false,
      clock: fastClock(),
      ...options,
    })

  it('has the root that the literal algorithm of RFC 6962 gives', () => {
    expect(entries).toHaveLength(1642)
    expect(toHex(log.head.rootHash)).toBe(toHex(MTH(entries.map(({ leafInput }) => leafInput))))
  })

  const starts = [0, 1, 2, 3, 4, 5, 63, 64, 65, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 1641, 1642]

  it.each(starts.flatMap((start) => [['rfc6962', start] as const, ['static-ct', start] as const]))(
    'streams over %s from index %i: complete, in order, to the signed root',
    async (kind, index) => {
      const stream = read(kind, { start: { index } })
      const certificates = await take(stream)
      expect(indexesOf(certificates)).toEqual(range(index, entries.length))
      expect(certificates.map(({ leafHash }) => toHex(leafHash))).toEqual(entries.slice(index).map((e) => e.leafHash))
      const [status] = stream.status().logs
      expect(status).toMatchObject({ state: 'finished', verifiedSize: entries.length })
    },
  )

  it('is verified by the stream itself: one other leaf, and nothing of its page is delivered', async () => {
    const fault = log.fault({
      on: ['get-entries', 'data-tile'],
      when: ({ start }) => start === 512,
      flipBit: { in: 'leaf', item: 100 },
    })
    const delivered: number[] = []
    const reading = (async () => {
      for await (const { index } of read('rfc6962', { start: 'beginning', maxBufferedBytes: 1_000_000 }))
        delivered.push(index)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    fault.clear()
    expect(delivered.every((index) => index < 612)).toBe(true)
  })

  it('streams from a time', async () => {
    // The entries come from many logs: the timestamps are in no order, as those of no real log are.
    const sorted = [...entries].sort((a, b) => timestamp(a) - timestamp(b))
    const ordered = await createTestLog({ entries: sorted })
    for (const at of [0, 1, 400, 821, 1640]) {
      const time = new Date(timestamp(sorted[at] as RealEntry))
      const first = sorted.findIndex((entry) => timestamp(entry) >= time.getTime())
      const stream = ctStream({
        logs: [ordered.spec],
        start: { time },
        end: 'head',
        checkpoint: false,
        clock: fastClock(),
      })
      expect(indexesOf(await takePages(stream))).toEqual(range(first, sorted.length))
    }
    await ordered.close()
  })

  it('holds the certificates of the index', async () => {
    const wanted = new Map(indexedEntries().map((entry) => [entry.leaf_hash, entry]))
    let compared = 0
    for (const certificate of await takePages(read('rfc6962', { start: 'beginning' }))) {
      const leaf = (entries[certificate.index] as RealEntry).leafInput
      const hash = createHash('sha256').update('\0').update(leaf).digest('hex')
      const indexed = wanted.get(hash)
      expect(certificate.sha256).toBe(indexed?.cert_sha256)
      expect(certificate.timestamp?.getTime()).toBe(indexed?.timestamp)
      compared++
    }
    expect(compared).toBe(1642)
  })
})

const timestamp = ({ leafInput }: RealEntry): number => Number(Buffer.from(leafInput).readBigUInt64BE(2))

describeReal('a real checkpoint over tiles that are placeholders', () => {
  const tree = ['FiloSottile+sunlight', 'cmd', 'skylight', 'testdata', 'tree']

  it('has its head verified, and nothing is delivered that the head does not cover', async () => {
    const { key, monitoring_url: url } = realJson<{ key: string; monitoring_url: string }>(...tree, 'log.v3.json')
    const asked: string[] = []
    const fetch = async (input: string | URL | Request) => {
      const path = String(input).slice(url.length)
      asked.push(path)
      const served = existsSync(realData(...tree, path))
      return new Response(served ? new Uint8Array(realBytes(...tree, path)) : '', { status: served ? 200 : 404 })
    }
    const stream = ctStream({
      logs: [{ kind: 'static-ct', monitoringUrl: url, submissionUrl: url, key }],
      start: 'beginning',
      checkpoint: false,
      clock: fastClock(),
      fetch: fetch as typeof globalThis.fetch,
    })
    const sizes: number[] = []
    const errors: CtStreamError[] = []
    stream.on('head', ({ head }) => sizes.push(head.treeSize))
    stream.on('error', ({ error }) => {
      if (error.code !== 'CT_HEAD_STALE' && errors.push(error) === 3) void stream.close()
    })
    expect(await take(stream)).toEqual([])
    expect(sizes).toEqual([300])
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['CT_RESPONSE_MALFORMED']))
    expect(asked).toContain('tile/data/000')
  })
})
