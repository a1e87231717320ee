import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { CtStreamError } from '../../src/errors.js'
import type { PageForm } from '../../src/http/transport.js'
import { UndiciTransport } from '../../src/http/undici-transport.js'
import { fetchPage } from '../../src/pages/fetch-page.js'
import { ThreadedTransport } from '../../src/pages/threaded-transport.js'
import { createTestLog, type Fault, issueCertificates, type TestLog } from '../../src/testing/index.js'
import type { EntryBatch } from '../../src/types/entries.js'

// Threads are made of the built package.
const { ctStream } = (await import(
  join(import.meta.dirname, '../../dist/index.js')
)) as typeof import('../../src/index.js')
const FILE = join(import.meta.dirname, '../../dist/page-worker.js')
const ENTRIES = [...issueCertificates(700, { sign: false })]
const KINDS = ['rfc6962', 'static-ct'] as const
/** A hundred together. */
const KILLS = Number(process.env.CT_STREAM_TEST_CRASHES ?? 4)

/** Threads made since the test began. */
const made: Worker[] = []
const onWorker = (worker: Worker) => made.push(worker)
process.on('worker', onWorker)
afterEach(() => {
  made.length = 0
})

async function logOf(kind: (typeof KINDS)[number], count = ENTRIES.length): Promise<TestLog> {
  const log = await createTestLog({ kind, entries: ENTRIES.slice(0, count), mmd: 86_400 })
  onTestFinished(() => log.close())
  return log
}

function threaded({ file = FILE, count = 2 } = {}) {
  const warnings: string[] = []
  const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) }
  const here = new UndiciTransport()
  const setup = { userAgent: 'test', connections: 8 }
  const transport = new ThreadedTransport({ here, file, count, after: 0, setup, logger })
  onTestFinished(() => transport.close())
  return { transport, here, warnings }
}

/** Where the page of an entry is, and what it should be. */
function pageOf(log: TestLog, start: number): { url: string; form: PageForm } {
  if (log.kind === 'static-ct') {
    const form = { kind: 'data-tile', start, count: 256 } as const
    return { url: `${log.url}tile/data/${`${start / 256}`.padStart(3, '0')}`, form }
  }
  const form = { kind: 'get-entries', start, count: 256 } as const
  return { url: `${log.url}ct/v1/get-entries?start=${start}&end=${start + 255}`, form }
}

function contentOf(batch: EntryBatch): unknown {
  return Array.from({ length: batch.length }, (_, i) => {
    const { index, leafInput, extra } = batch.entry(i)
    return { index, leafInput, submitted: extra.preCertificate(), chain: extra.chain() }
  })
}

async function failureOf(page: Promise<EntryBatch>): Promise<unknown> {
  const error = await page.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!CtStreamError.is(error)) throw error ?? new Error('there was a page')
  const { cause: _cause, ...record } = error.toJSON()
  return record
}

describe.each(KINDS)('a page of a %s log that a thread asked for', (kind) => {
  it('is the same page as without a thread', async () => {
    const log = await logOf(kind)
    const { transport, here } = threaded()
    const { url, form } = pageOf(log, 256)
    const held: number[] = []
    let received = 0
    const onReceived = () => {
      received++
    }
    const page = await transport.page(url, form, { onBytes: (bytes) => held.push(bytes), onReceived })
    expect(received).toBe(1)
    const same = await fetchPage(here, url, form, {})
    expect(made).toHaveLength(1)
    expect(contentOf(page)).toEqual(contentOf(same))
    expect(page.leafHashes()).toEqual(same.leafHashes())
    expect(page.byteLength).toBe(same.byteLength)
    expect(Math.max(0, ...held)).toBeLessThanOrEqual(page.byteLength * 2)
    page.release()
    expect(() => page.leafInput(0)).toThrow(/given back/)
  })

  const faults: Fault[] = [
    { on: '*', status: 429, retryAfter: 7 },
    { on: '*', status: 404, body: 'no such thing' },
    { on: '*', html: true },
    { on: '*', disconnect: true },
    { on: '*', oversize: 70 * 1024 * 1024 },
    { on: '*', status: 200, body: '{"entries":[{"leaf_input":"*"}]}' },
  ]
  it.each(faults)('fails as without a thread: %o', async (fault) => {
    const log = await logOf(kind)
    const { transport, here } = threaded()
    const { url, form } = pageOf(log, 0)
    log.fault(fault)
    const maxBytes = 48 * 1024 * 1024
    const there = await failureOf(transport.page(url, form, { maxBytes }))
    expect(there).toEqual(await failureOf(fetchPage(here, url, form, { maxBytes })))
  })

  it('is cancelled when nobody waits for it any more, and its thread goes on', async () => {
    const log = await logOf(kind)
    const { transport } = threaded({ count: 1 })
    const { url, form } = pageOf(log, 0)
    const hung = log.fault({ on: '*', hang: 'body', times: 1 })
    const controller = new AbortController()
    const page = transport.page(url, form, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(page).rejects.toThrow('enough')
    hung.clear()
    expect((await transport.page(url, form, {})).length).toBe(256)
    expect(made).toHaveLength(1)
  })
})

describe('threads', () => {
  it('are replaced by the main thread, with one warning, if they cannot be started', async () => {
    const log = await logOf('rfc6962')
    const { url, form } = pageOf(log, 0)
    for (const file of ['/there/is/no/such/file.js', join(import.meta.dirname, 'programs/no-page-worker.mjs')]) {
      const { transport, warnings } = threaded({ file })
      for (let i = 0; i < 3; i++) expect((await transport.page(url, form, {})).length).toBe(256)
      expect(warnings).toEqual([expect.stringMatching(/^no worker thread can be made/)])
    }
  })

  it('fail a request with a retryable error if they crash over its page again and again', async () => {
    const log = await logOf('rfc6962')
    const { url, form } = pageOf(log, 0)
    const { transport } = threaded({ count: 1 })
    expect((await transport.page(url, form, {})).length).toBe(256)
    log.fault({ on: 'get-entries', hang: true })
    const failure = failureOf(transport.page(url, form, {}))
    for (let ends = 1; ends <= 3; ends++) {
      while (made.length < ends) await setImmediate()
      const worker = made[ends - 1] as Worker
      if (ends > 1) await new Promise((resolve) => worker.once('message', resolve))
      await worker.terminate()
    }
    expect(await failure).toMatchObject({ code: 'CT_HTTP_NETWORK', retryable: true })
  })
})

it('a thread that ends over an answer that is complete fails its request: the next one takes a turn of its own', async () => {
  const log = await logOf('rfc6962')
  const { url, form } = pageOf(log, 0)
  const { transport } = threaded({ file: join(import.meta.dirname, 'programs/dying-page-worker.mjs'), count: 1 })
  let received = 0
  const onReceived = () => {
    received++
  }
  const failure = await failureOf(transport.page(url, form, { onReceived }))
  expect(failure).toMatchObject({ code: 'CT_HTTP_NETWORK', retryable: true })
  expect([received, made.length]).toEqual([1, 1])
})

describe.each(KINDS)('a stream of a %s log with threads', (kind) => {
  it(`delivers every entry once, whichever thread is killed in the middle of a page, ${KILLS} times`, async () => {
    const log = await createTestLog({ kind, entries: ENTRIES.slice(0, 256), mmd: 86_400 })
    onTestFinished(() => log.close())
    let kills = 0
    const onMade = (worker: Worker) => {
      const { postMessage } = worker
      // Sooner or later: before it has begun, while it waits, while it receives.
      const turns = kills % 7
      let asked = 0
      worker.postMessage = (message: { kind: string }) => {
        postMessage.call(worker, message)
        if (message.kind === 'page' && ++asked === 2) void strike(worker, turns)
      }
    }
    const strike = async (worker: Worker, turns: number) => {
      for (let i = 0; i < turns; i++) await setImmediate()
      if (kills >= KILLS) return
      kills++
      await worker.terminate()
    }
    process.on('worker', onMade)
    onTestFinished(() => void process.off('worker', onMade))
    const options = { logs: [log.spec], start: 'beginning', checkpoint: false, workers: 2 } as const
    const seen: number[] = []
    let pages = 1
    // The log grows until enough threads were killed.
    const stream = ctStream({ ...options, pollIntervalMs: 10, partialTileDelayMs: 0 })
    for await (const cert of stream) {
      if (!Buffer.from(cert.leafHash).equals(log.leafHash(cert.index)))
        expect.fail(`entry ${cert.index} is not the log's`)
      seen.push(cert.index)
      if (seen.length < pages * 256) continue
      if (kills >= KILLS) break
      for (let i = 0; i < 8; i++, pages++) log.add(ENTRIES.slice(0, 256))
      log.publish()
    }
    await stream.close()
    expect(kills).toBe(KILLS)
    expect(seen).toEqual(Array.from({ length: pages * 256 }, (_, i) => i))
  }, 300_000)

  it('delivers no entry that a thread received and the log did not sign', async () => {
    const log = await logOf(kind)
    log.fault({ on: ['get-entries', 'data-tile'], flipBit: { in: 'leaf' } })
    const stream = ctStream({
      ...{ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false, workers: 1, endPatienceMs: 100 },
    })
    const delivered: number[] = []
    const outcome = (async () => {
      for await (const { index } of stream) delivered.push(index)
    })()
    await expect(outcome).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    expect(delivered).toEqual([])
    expect(made).toHaveLength(1)
  })

  it('delivers the same entries with and without them, and does not keep the process alive', async () => {
    const log = await logOf(kind)
    const read = async (workers: number) => {
      const stream = ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false, workers })
      const told: unknown[] = []
      for await (const cert of stream) told.push([cert.index, cert.dnsNames, cert.sha256, cert.serialNumber])
      return told
    }
    expect(await read(2)).toEqual(await read(0))
    expect(made.length).toBeGreaterThan(0)
  })
})
