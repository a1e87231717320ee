import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { CtStreamError } from '../../src/errors.js'
import type { PageForm } from '../../src/http/transport.js'
import { UndiciTransport } from '../../src/http/undici-transport.js'
import { fetchPage } from '../../src/pages/fetch-page.js'
import { ThreadedTransport } from '../../src/pages/threaded-transport.js'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'
import type { EntryBatch } from '../../src/types/entries.js'
import type { LogKind } from '../../src/types/log.js'
import type { Astray } from '../support/faulty-network.js'
import { UntrustedServer } from '../support/untrusted-server.js'
import { STEPS, type Step, TABLE, type Way } from '../unit/faults/table.js'

// The fault table (test/unit/faults) again, for what worker threads do: the pages of entries. Threads are made of the built package.
const { ctStream } = (await import(
  join(import.meta.dirname, '../../dist/index.js')
)) as typeof import('../../src/index.js')
const FILE = join(import.meta.dirname, '../../dist/page-worker.js')
const ENTRIES = [...issueCertificates(700, { sign: false })]
/** By step: the page that is asked for. */
const PAGES = new Map<Step, { readonly path: string; readonly form: PageForm }>([
  [STEPS.entries, { path: 'ct/v1/get-entries?start=0&end=255', form: { kind: 'get-entries', start: 0, count: 256 } }],
  [STEPS.dataTile, { path: 'tile/data/001', form: { kind: 'data-tile', start: 256, count: 256 } }],
  [STEPS.partial, { path: 'tile/data/002.p/188', form: { kind: 'data-tile', start: 512, count: 188 } }],
])
/** An answer that stalls is given up after half a minute of the machine's time: of these, `workers.test.ts` aborts one. */
const stalls = ({ name }: Way) => name.startsWith('stalls')
const CELLS = TABLE.filter(([step]) => PAGES.has(step)).map(
  ([step, ways]) => [step, ways.filter((way) => !stalls(way))] as const,
)

async function logOf(kind: LogKind): Promise<TestLog> {
  const log = await createTestLog({ kind, entries: ENTRIES, mmd: 86_400, gzip: 'never' })
  onTestFinished(() => log.close())
  return log
}

/** What came of a page: its entries and hashes, or the error. */
async function outcomeOf(page: Promise<EntryBatch>): Promise<Record<string, unknown>> {
  try {
    const batch = await page
    const entries = Array.from({ length: batch.length }, (_, i) => {
      const { index, leafInput } = batch.entry(i)
      return {
        index,
        leafInput: Buffer.from(leafInput).toString('base64'),
        chain: failing(() => batch.entry(i).extra.chain()),
      }
    })
    return { entries, hashes: Buffer.from(batch.leafHashes()).toString('base64') }
  } catch (error) {
    return recordOf(error)
  }
}

function failing(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return recordOf(error)
  }
}

function recordOf(error: unknown): Record<string, unknown> {
  if (!CtStreamError.is(error)) throw error
  const { cause: _cause, ...record } = error.toJSON()
  return record
}

describe.each(CELLS)('a page of entries by a worker thread: $name', (step, ways) => {
  const { path, form } = PAGES.get(step) as { path: string; form: PageForm }
  const here = new UndiciTransport()
  const setup = { userAgent: undefined, connections: 8 }
  const transport = new ThreadedTransport({ here, file: FILE, count: 1, after: 0, setup, logger: console })
  let log: TestLog
  beforeAll(async () => {
    log = await createTestLog({ kind: step.kind, entries: ENTRIES, mmd: 86_400, gzip: 'never' })
  })
  afterAll(async () => {
    await transport.close()
    await log.close()
  })

  it.each(ways)('$name: as without threads', async ({ does, told }) => {
    const base = typeof does === 'string' ? await astray(does) : log.url
    if (typeof does !== 'string') onTestFinished(log.fault({ on: '*', ...does(log) }).clear)
    const there = await outcomeOf(transport.page(`${base}${path}`, form, {}))
    expect(there).toEqual(await outcomeOf(fetchPage(here, `${base}${path}`, form, {})))
    // What is told only after a look at the tree is a page like others until then.
    expect([told, undefined]).toContain(there.code)
    if (told?.startsWith('CT_HTTP')) expect(there.code).toBe(told)
  })
})

async function astray(where: Astray): Promise<string> {
  if (where === 'refused') return 'http://127.0.0.1:1/'
  if (where === 'no such host') return 'http://ct.invalid/'
  const server = await UntrustedServer.open()
  onTestFinished(() => server.close())
  return `${server.origin}/`
}

describe('a stream with worker threads', () => {
  it('delivers every entry once from logs that each fail in another way for a while', async () => {
    const logs = new Map<TestLog, string>()
    for (const [step, ways] of CELLS)
      for (const { name, does } of ways) {
        if (typeof does === 'string') continue
        const log = await logOf(step.kind)
        const isStruck = ({ path }: { path: string }) => step.paths.test(path)
        log.fault({ on: '*', when: isStruck, times: 1, ...does(log) })
        logs.set(log, `${step.name}, ${name}`)
      }
    const specs = [...logs.keys()].map(({ spec }) => spec)
    const stream = ctStream({ logs: specs, start: 'beginning', end: 'head', checkpoint: false, workers: 2 })
    const byId = new Map([...logs].map(([log, name]) => [log.logId, { log, name, next: 0 }]))
    for await (const { log, index, leafHash } of stream) {
      const one = byId.get(log.id)
      if (one === undefined || index !== one.next++)
        return expect.fail(`${one?.name}: entry ${index} came out of order`)
      if (!Buffer.from(leafHash).equals(one.log.leafHash(index)))
        expect.fail(`${one.name}: entry ${index} is not the log's`)
    }
    for (const { name, next } of byId.values()) expect(next, name).toBe(ENTRIES.length)
  }, 120_000)

  it.each(['rfc6962', 'static-ct'] as const)(
    'stays within its memory budget while the reader of a %s log is slow',
    async (kind) => {
      const BUDGET = 256 * 1024
      const log = await logOf(kind)
      const stream = ctStream({
        ...{
          logs: [log.spec],
          start: 'beginning',
          end: 'head',
          checkpoint: false,
          workers: 2,
          maxBufferedBytes: BUDGET,
        },
      })
      let most = 0
      let delivered = 0
      for await (const { index } of stream) {
        expect(index).toBe(delivered++)
        await setImmediate()
        most = Math.max(most, stream.status().bufferedBytes)
      }
      expect(delivered).toBe(ENTRIES.length)
      // One answer may pass the budget.
      expect(most).toBeLessThanOrEqual(BUDGET + Math.max(...log.requests.map(({ bytes }) => bytes)))
      expect(most).toBeGreaterThan(0)
    },
  )
})
