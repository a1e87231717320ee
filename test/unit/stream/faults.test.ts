import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import {
  createTestLog,
  type Fault,
  issueCertificates,
  type TestLog,
  type TestLogEndpoint,
} from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { toHex } from '../../../src/util/bytes.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill } from '../../support/logs.js'

const ENTRIES = [...issueCertificates(600, { sign: false })]

const logOf = async (kind: 'rfc6962' | 'static-ct', count = 600) =>
  closing(await createTestLog({ kind, entries: ENTRIES.slice(0, count) }))

const RFC6962: TestLogEndpoint[] = [
  'get-sth',
  'get-entries',
  'get-sth-consistency',
  'get-entry-and-proof',
  'get-proof-by-hash',
]
const STATIC: TestLogEndpoint[] = ['checkpoint', 'data-tile', 'tile']

/** Trouble that passes: nothing may be lost, repeated or out of order. */
const PASSING: [string, Omit<Fault, 'on'>][] = [
  ['503', { status: 503 }],
  ['500 with HTML', { status: 500, body: '<html><h1>Internal Server Error</h1></html>' }],
  ['429 with seconds', { status: 429, retryAfter: 2 }],
  ['429 with a date', { status: 429, retryAfter: new Date(Date.now() + 5000) }],
  ['429 without a hint', { status: 429 }],
  ['400 need tree size', { status: 400, body: 'need tree size: 601 to get leaves but only got: 600' }],
  ['404', { status: 404 }],
  ['a redirect', { status: 302, headers: { location: '/elsewhere' } }],
  ['HTML with status 200', { html: true }],
  ['an empty body', { truncate: 0 }],
  ['a body that stops in the middle', { truncate: 40 }],
  ['a connection cut in the middle', { cutAfter: 40 }],
  ['a connection cut at once', { disconnect: true }],
  ['base64 that is not', { badBase64: true }],
  ['no entries', { entries: 0 }],
  ['one entry at a time', { entries: 1 }],
  ['seven entries at a time', { entries: 7 }],
  ['more entries than asked', { entries: 300 }],
]

describe.each([
  ['rfc6962', RFC6962],
  ['static-ct', STATIC],
] as const)('trouble of a %s log that passes', (kind, endpoints) => {
  it.each(PASSING)('%s', async (_, effect) => {
    const log = await logOf(kind)
    // Each endpoint fails three times, the first requests and some later ones.
    for (const on of endpoints) {
      log.fault({ on, times: 2, ...effect })
      log.fault({ on, times: 1, after: 1, ...effect })
    }
    const certificates = await take(backfill(log, { start: { index: 5 } }))
    expect(indexesOf(certificates)).toEqual(range(5, 600))
    expectGenuine(log, certificates)
  })
})

describe('trouble that stays', () => {
  it.each([1, 13, 32, 100])('answers of at most %i entries lose nothing', async (pageSize) => {
    const log = closing(await createTestLog({ entries: ENTRIES, pageSize, align: pageSize === 32 ? 'always' : true }))
    expect(indexesOf(await take(backfill(log)))).toEqual(range(0, 600))
  })

  it('a request that hangs is given up and retried', async () => {
    const log = await logOf('rfc6962')
    log.fault({ on: 'get-entries', times: 1, hang: 'body' })
    const errors: string[] = []
    const stop = new AbortController()
    const stream = backfill(log, { signal: stop.signal })
    stream.on('error', ({ error }) => errors.push(error.code))
    const reading = take(stream)
    await new Promise((resolve) => setTimeout(resolve, 200))
    stop.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough') // closing does not wait for it
  })

  it('a log that was too busy for a moment is catching up again when it answers', async () => {
    const log = closing(await createTestLog({ entries: ENTRIES, pageSize: 32, align: 'always' }))
    log.fault({ on: 'get-entries', after: 5, times: 1, status: 429 })
    const stream = backfill(log)
    const states: string[] = []
    stream.on('log', ({ state }) => states.push(state))
    await take(stream)
    expect(states).toEqual(['catching-up', 'waiting', 'catching-up', 'finished'])
  })

  it('a stale replica does not make the stream step back', async () => {
    const log = await logOf('rfc6962', 300)
    log.add(ENTRIES.slice(300))
    log.publish()
    const stream = ctStream({
      logs: [log.spec],
      start: 'beginning',
      checkpoint: false,
      pollIntervalMs: 1000,
      clock: fastClock(500),
    })
    const problems: unknown[] = []
    stream.on('misbehaviour', (problem) => problems.push(problem))
    const indexes: number[] = []
    for await (const { index } of stream) {
      indexes.push(index)
      if (index === 599) {
        log.fault({ on: 'get-sth', times: 5, stale: 1 })
        log.add(issueCertificates(10, { sign: false, seed: 'more' }))
        setTimeout(() => log.publish(), 30)
      }
      if (index === 609) break
    }
    expect(indexes).toEqual(range(0, 610))
    expect(problems).toEqual([])
  })
})

describe('a log that lies', () => {
  const PARTS = ['leaf', 'signature', 'root', 'hash'] as const

  it.each(['rfc6962', 'static-ct'] as const)(
    '%s: no single flipped bit ever delivers a wrong entry',
    { timeout: 120_000 },
    async (kind) => {
      const log = await logOf(kind)
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...PARTS),
          fc.nat(255),
          fc.integer({ min: -400, max: 400 }),
          fc.nat(7),
          fc.nat(3),
          fc.constantFrom(0, 1, 5, 256, 300, 511),
          async (part, item, byte, bit, after, index) => {
            log.clearFaults()
            const fault = log.fault({ on: '*', times: 1, after, flipBit: { in: part, item, byte, bit } })
            const certificates = await take(backfill(log, { start: { index } }))
            expect(indexesOf(certificates)).toEqual(range(index, 600))
            expectGenuine(log, certificates)
            return fault.hits <= 1
          },
        ),
        { numRuns: 80 },
      )
    },
  )

  it.each(['rfc6962', 'static-ct'] as const)(
    '%s: bits that stay flipped deliver nothing wrong, and are held against the log',
    async (kind) => {
      const log = await logOf(kind)
      log.fault({ on: ['get-entries', 'data-tile'], flipBit: { in: 'leaf', item: 3, byte: 20 } })
      const checkpoint = new MemoryCheckpointStore()
      const stream = backfill(log, { checkpoint, clock: fastClock(2_000), endPatienceMs: 6_000_000 })
      const delivered: CtCertificate[] = []
      const accused: string[] = []
      stream.on('misbehaviour', ({ error }) => accused.push(error.code))
      const reading = (async () => {
        for await (const certificate of stream) delivered.push(certificate)
      })()
      await expect(reading).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
      // A first page is proven by a consistency proof, a last one by the head itself.
      expect(accused).toHaveLength(1)
      expect(['CT_CONSISTENCY', 'CT_ROOT_MISMATCH']).toContain(accused[0])
      expectGenuine(log, delivered)
      checkpoint.open()
      expect(checkpoint.evidence()).toHaveLength(1)
      expect(checkpoint.gaps()).toHaveLength(1)
    },
  )

  it('two signed trees are found out, with both heads as evidence, and other logs go on', async () => {
    const log = await logOf('rfc6962', 300)
    const other = await logOf('rfc6962', 300)
    const fork = log.fork(200)
    fork.add(issueCertificates(150, { sign: false, seed: 'fork' }))
    fork.publish()
    const checkpoint = new MemoryCheckpointStore()
    const stream = ctStream({
      logs: [log.spec, other.spec],
      start: 'beginning',
      checkpoint,
      pollIntervalMs: 1000,
      clock: fastClock(5000),
    })
    const accused = new Promise<string>((resolve) => stream.once('misbehaviour', ({ log }) => resolve(log.id)))
    const delivered = new Map<string, number[]>()
    for await (const { log: from, index } of stream) {
      delivered.set(from.id, [...(delivered.get(from.id) ?? []), index])
      if (delivered.get(log.logId)?.length === 300 && delivered.get(other.logId)?.length === 300) break
    }
    // Now the log shows its other face.
    log.fault({ on: '*', from: fork })
    const again = ctStream({ logs: [log.spec, other.spec], checkpoint, pollIntervalMs: 1000, clock: fastClock(5000) })
    const accusedAgain = new Promise<string>((resolve) => again.once('misbehaviour', ({ log }) => resolve(log.id)))
    // The entry read last before the break comes again, if it is of the log that can still be read.
    const reading = take(again, 50)
    expect(await accusedAgain).toBe(log.logId)
    other.add(issueCertificates(50, { sign: false, seed: 'more' }))
    other.publish()
    expect(new Set((await reading).map(({ log }) => log.id)).has(other.logId)).toBe(true)
    checkpoint.open()
    const [evidence] = checkpoint.evidence()
    expect(evidence?.detail).toMatchObject({ verifiedHead: { tree_size: 300 }, head: { tree_size: 350 } })
    expect(await Promise.race([accused, 'never'])).toBe('never')
  })

  it('a wrong answer of a gateway is requested again, without an accusation', async () => {
    const log = await logOf('rfc6962')
    log.fault({ on: 'get-entries', times: 2, flipBit: { in: 'leaf', item: 1 } })
    const stream = backfill(log)
    const accused: unknown[] = []
    stream.on('misbehaviour', (a) => accused.push(a))
    expect(indexesOf(await take(stream))).toEqual(range(0, 600))
    expect(accused).toEqual([])
    expect(
      log.requests.some(
        ({ endpoint, headers }) => endpoint === 'get-entries' && headers['cache-control'] === 'no-cache',
      ),
    ).toBe(true)
  })
})

/** Every delivered entry is what the log holds at its index. */
function expectGenuine(log: TestLog, certificates: readonly CtCertificate[]): void {
  for (const { index, leafHash } of certificates) {
    const { leafInput } = log.entry(index)
    expect(toHex(leafHash)).toBe(leafHashHex(leafInput))
  }
}

function leafHashHex(leafInput: Uint8Array): string {
  return createHash('sha256').update('\0').update(leafInput).digest('hex')
}
