import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { decodeSingle } from '../../src/decode/single-certificate.js'
import { TestClock } from '../../src/module-testing/test-clock.js'
import { prepareModules } from '../../src/modules/configure.js'
import {
  type ConfiguredModule,
  defineModule,
  type Finding,
  type ModuleRun,
  runModules,
} from '../../src/modules/index.js'
import { intelligence } from '../../src/modules/intelligence.js'
import { Run } from '../../src/modules/module-run.js'
import { pagedSource } from '../../src/modules/source.js'
import { ModuleThread } from '../../src/modules/threads/module-thread.js'
import { threadedModule } from '../../src/modules/threads/threaded-module.js'
import { watchlist } from '../../src/modules/watchlist.js'
import { ctStream } from '../../src/stream/ct-stream.js'
import { createTestLog, issueCertificates } from '../../src/testing/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { systemClock } from '../../src/util/clock.js'
import { PageSource, pagesOf } from '../support/acknowledged-source.js'
import { deliveredCertificates } from '../support/module-certificates.js'

// The program of the threads is that of the built package.
const FILE = join(import.meta.dirname, '../../dist/module-worker.js')
/** A hundred together. */
const KILLS = Number(process.env.CT_STREAM_TEST_CRASHES ?? 4)
const COUNT = 600

/** Threads made since the test began. */
const made: Worker[] = []
const onWorker = (worker: Worker) => made.push(worker)
process.on('worker', onWorker)
afterEach(() => {
  made.length = 0
})

const NAMES = ['mail.example.com', 'paypa1-login.top', 'nothing.example.net', 'a_b.example.org', 'localhost', '*.co.uk']
const ISSUED = [
  ...issueCertificates(
    Array.from({ length: COUNT / 2 }, (_, i) => ({
      dnsNames: [`${i}.${NAMES[i % NAMES.length]}`, NAMES[(i + (i % 3)) % NAMES.length] as string],
      kind: 'pair' as const,
      notBefore: new Date('2026-09-01'),
      notAfter: new Date(i % 11 === 0 ? '2028-09-01' : '2026-11-01'),
    })),
  ),
]
const certificates = deliveredCertificates(ISSUED)

const watching = (): ConfiguredModule[] => [
  watchlist.with({
    own: ['example.com'],
    brands: [{ name: 'PayPal', tokens: ['paypal'], domains: ['paypal.com'] }],
    words: ['*nothing*'],
    lookalikeEveryMs: 0,
  }),
  intelligence.with({ minSeverity: 'info' }),
]

function logbook() {
  const lines: string[] = []
  const say = (level: string) => (text: string) => void lines.push(`${level} ${text}`)
  return { lines, logger: { debug() {}, info: say('info'), warn: say('warn'), error: say('error') } }
}

/** Runs both modules before an output that acknowledges; what came of it. */
async function outcome(threads: number, pages: readonly (readonly CtCertificate[])[], use = watching()) {
  const findings: Finding[] = []
  const { lines, logger } = logbook()
  const sink = defineModule({ name: 'sink', acknowledge: true, onFindings: (some) => void findings.push(...some) })
  const source = new PageSource(pages)
  const run = runModules(source, [...use, sink], { threads, logger })
  const error = await run.done.catch((thrown: Error) => thrown.message)
  const { modules, ...totals } = run.status()
  const byModule = (module: string) =>
    findings.filter((finding) => finding.module === module).map(({ firstSeen: _, ...finding }) => finding)
  return {
    lines,
    result: {
      ...{ error, totals, modules, position: source.position(certificates[0]) },
      findings: { watchlist: byModule('watchlist'), intelligence: byModule('intelligence') },
    },
  }
}

/** Certificates that the first module has finished or given up. */
function finished(run: ModuleRun): number {
  const [{ certificates = 0, skipped = 0 } = {}] = run.status().modules
  return certificates + skipped
}

describe('modules in threads', () => {
  it('report the same findings in the same order as without, with the same ids, counters and positions', async () => {
    const pages = pagesOf(certificates, 100)
    const plain = await outcome(0, pages)
    expect(made).toHaveLength(0)
    expect(plain.result).toMatchObject({ error: undefined, position: COUNT, totals: { unacknowledged: 0 } })
    expect(plain.result.findings.watchlist.length).toBeGreaterThan(100)
    expect(plain.result.findings.intelligence.length).toBeGreaterThan(100)
    for (const threads of [1, 16]) {
      const threaded = await outcome(threads, pages)
      expect(threaded.result).toEqual(plain.result)
      expect(threaded.lines).toEqual(plain.lines)
    }
    expect(made).toHaveLength(1 + 2)
  })

  it('count the findings above the limit of one certificate as without', async () => {
    const use = () => watching().map((module) => ({ ...module, limits: { maxFindings: 1 } }))
    const pages = pagesOf(certificates, 100)
    const [plain, threaded] = [await outcome(0, pages, use()), await outcome(1, pages, use())]
    expect(threaded.result).toEqual(plain.result)
    expect(plain.result.modules[0]?.dropped).toBeGreaterThan(0)
  })

  it('fail as without if they cannot be set up, and end their threads', async () => {
    const use = [watchlist.with({ lists: { own: ['/there/is/no/such/list.txt'] } })]
    const pages = [certificates.slice(0, 10)]
    const [plain, threaded] = [await outcome(0, pages, use), await outcome(1, pages, use)]
    expect(plain.result.error).toMatch(/could not be set up/)
    expect(threaded.result.error).toBe(plain.result.error)
    expect(made).toHaveLength(1)
    expect(made[0]?.threadId).toBe(-1)
  })

  it('run in the main thread if certificates come without their bytes', async () => {
    const single = ISSUED.slice(0, 50).map(({ der }, index) => decodeSingle(der, { index }))
    const [plain, threaded] = [await outcome(0, pagesOf(single, 10)), await outcome(1, pagesOf(single, 10))]
    expect(threaded.result).toEqual(plain.result)
    expect(threaded.lines).toEqual([
      expect.stringContaining('[watchlist] certificates without the bytes of their entry'),
      expect.stringContaining('[intelligence] certificates without the bytes of their entry'),
    ])
  })

  it('read streams of both kinds of logs', async () => {
    for (const kind of ['rfc6962', 'static-ct'] as const) {
      const log = await createTestLog({ kind, entries: ISSUED.slice(0, 512), mmd: 86_400 })
      onTestFinished(() => log.close())
      const found = async (threads: number) => {
        const findings: string[] = []
        const stream = ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false, workers: 0 })
        const sink = defineModule({
          name: 'sink',
          onFinding: ({ id, module }) => void findings.push(`${module} ${id}`),
        })
        await runModules(stream, [...watching(), sink], { threads }).done
        return findings.sort()
      }
      const plain = await found(0)
      expect(plain.length).toBeGreaterThan(200)
      expect(await found(1)).toEqual(plain)
    }
  })

  it(`lose nothing, and keep the order, whenever their thread is killed, ${KILLS} times`, async () => {
    let kills = 0
    const struck = new Set<Worker>()
    const onMade = (worker: Worker) => {
      const { postMessage } = worker
      let batches = 0
      worker.postMessage = (message: { kind: string }) => {
        postMessage.call(worker, message)
        // Sooner or later, when it has finished what the one before it had.
        if (message.kind === 'batch' && ++batches > 6 + (kills % 5)) void strike(worker, kills % 4)
      }
    }
    const strike = async (worker: Worker, turns: number) => {
      for (let i = 0; i < turns; i++) await setImmediate()
      if (kills < KILLS && !struck.has(worker)) {
        struck.add(worker)
        kills++
        await worker.terminate()
      }
    }
    process.on('worker', onMade)
    onTestFinished(() => void process.off('worker', onMade))
    const seen: string[] = []
    const { lines, logger } = logbook()
    const source = new PageSource([], { staysOpen: true })
    const sink = defineModule({
      ...{ name: 'sink', acknowledge: true },
      onFindings: (some) => void seen.push(...some.map(({ certificate, id }) => `${certificate.index} ${id}`)),
    })
    const use = watchlist.with({ patterns: ['[0-9]'], lookalikeEveryMs: 0 })
    const run = runModules(source, [use, sink], { threads: 1, logger, rememberedFindings: 1 })
    let given = 0
    while (kills < KILLS || given < 6 * COUNT) {
      for (const page of pagesOf(ISSUED, 100)) {
        source.add(deliveredCertificates(page, { start: given }))
        given += page.length
      }
      while (source.position(certificates[0]) < given) await setImmediate()
    }
    await run.stop()
    expect(kills).toBe(KILLS)
    const indexes = seen.map((line) => Number(line.split(' ')[0]))
    // A page that the thread had finished, and not answered for, is found again by the next one: a repeat.
    expect(indexes).toEqual([...indexes].sort((a, b) => a - b))
    // Of a pair that comes together the precertificate is reported.
    const reported = new Set(indexes)
    for (let index = 0; index < given; index += 2) if (!reported.has(index)) expect.fail(`entry ${index} is missing`)
    expect(run.status().modules[0]).toMatchObject({ certificates: given, skipped: 0, dropped: 0 })
    expect(lines.filter((line) => /the worker thread of modules ended/.test(line)).length).toBeGreaterThanOrEqual(KILLS)
  }, 300_000)

  /** A run of the watchlist in one thread that may be silent for `silenceMs`; `post` stands before the messages to each. */
  function inOneThread(
    silenceMs: number,
    post: (message: { kind: string; bytes?: { count: number } }, send: () => void, thread: number) => void,
    pages: readonly (readonly CtCertificate[])[],
  ) {
    let threads = 0
    const onMade = (worker: Worker) => {
      const { postMessage } = worker
      const number = ++threads
      worker.postMessage = (message: { kind: string }) => post(message, () => postMessage.call(worker, message), number)
    }
    process.on('worker', onMade)
    onTestFinished(() => void process.off('worker', onMade))
    const { lines, logger } = logbook()
    const clock = new TestClock()
    const findings: string[] = []
    const thread = new ModuleThread(FILE, logger, silenceMs)
    const sink = defineModule({
      ...{ name: 'sink', acknowledge: true },
      onFindings: (some) => void findings.push(...some.map(({ id }) => id)),
    })
    const modules = prepareModules([watching()[0] as ConfiguredModule, sink]).map((prepared, number) =>
      number === 0 ? threadedModule({ prepared, thread, number, clock, random: () => 0 }) : prepared,
    )
    const settings = {
      ...{ logger, clock, random: () => 0, setupTimeoutMs: 10_000, drainTimeoutMs: 1000 },
      ...{ teardownTimeoutMs: 1000, rememberedFindings: 1000, rememberFindingsMs: 100_000 },
    }
    const source = new PageSource(pages, { staysOpen: true })
    const run = new Run(pagedSource(source, true), { modules, close: () => thread.close() }, settings).start(undefined)
    return { run, source, clock, findings, lines }
  }

  it('lose nothing when the time of a call is over before its answer is read, as when the process stood still', async () => {
    const pages = pagesOf(certificates, 100)
    let held: (() => void)[] | undefined = []
    const { run, source, clock, findings } = inOneThread(
      60_000,
      ({ kind }, send) => (held === undefined || kind === 'set-up' ? send() : void held.push(send)),
      pages,
    )
    while (held.length < 3) await setImmediate()
    await clock.pass(30_000)
    expect(run.status().modules[0]).toMatchObject({ certificates: 0, skipped: 0, timeouts: 0 })
    for (const send of held) send()
    held = undefined
    while (finished(run) < COUNT) await setImmediate()
    await run.stop()
    const plain = await outcome(0, pages, watching().slice(0, 1))
    expect(findings).toEqual(plain.result.findings.watchlist.map(({ id }) => id))
    expect(run.status().modules[0]).toMatchObject({ certificates: COUNT, skipped: 0, dropped: 0, timeouts: 0 })
    expect(source.position(certificates[0])).toBe(COUNT)
    expect(made).toHaveLength(1)
  })

  it('get what a thread had that does not respond after a call took too long, in the next one', async () => {
    let isGiven = false
    const { run, clock, lines } = inOneThread(
      50,
      // The first thread is deaf to certificates, and to being asked whether it is there.
      ({ kind }, send, thread) => {
        if (kind === 'batch') isGiven = true
        if (thread > 1 || kind === 'set-up') send()
      },
      pagesOf(certificates, 100),
    )
    while (finished(run) < COUNT) {
      await setImmediate()
      // The time of the calls that the first one has, and none behind it.
      if (isGiven && made.length === 1) await clock.pass(1000)
    }
    await run.stop()
    expect(run.status().modules[0]).toMatchObject({ timeouts: 0, skipped: 0, certificates: COUNT })
    expect(lines.join('\n')).toContain('no sign of life')
    expect(made).toHaveLength(2)
  })

  it('go on without certificates that block three threads, and with all others', async () => {
    const blocked = new Set<number>()
    const { run, clock, lines } = inOneThread(
      50,
      (message, send, thread) => {
        if (message.bytes?.count === 99) blocked.add(thread)
        if (!blocked.has(thread)) send()
      },
      [certificates.slice(0, 100), certificates.slice(100, 199), ...pagesOf(certificates.slice(199), 100)],
    )
    while (finished(run) < COUNT) {
      await setImmediate()
      // The page before these is answered: a slow thread is not a blocked one.
      if (finished(run) >= 100 && blocked.has(made.length)) await clock.pass(1000)
    }
    await run.stop()
    expect(run.status().modules[0]).toMatchObject({ timeouts: 0, skipped: 99, certificates: COUNT - 99 })
    expect(lines.join('\n')).toContain('ended 3 times while it had these certificates')
    expect(made).toHaveLength(4)
  }, 60_000)

  it('have certificates wait while they cannot be set up again after their thread ended, and lose none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-threads-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'weak-keys.txt')
    writeFileSync(file, `${'ab'.repeat(32)}\n`)
    const { lines, logger } = logbook()
    const source = new PageSource([certificates.slice(0, 100)], { staysOpen: true })
    const sink = defineModule({ name: 'sink', acknowledge: true, onFindings() {} })
    // Longer than setting it up takes, and less than the first two waits together.
    const use = intelligence.with({ weakKeyLists: [file] }, { limits: { timeoutMs: 1000 } })
    const run = runModules(source, [use, sink], { threads: 1, logger, random: () => 0 })
    while (source.position(certificates[0]) < 100) await setImmediate()
    rmSync(file)
    let attempts = 0
    process.once('worker', (worker: Worker) => {
      const { postMessage } = worker
      worker.postMessage = (message: { kind: string }) => {
        if (message.kind === 'set-up') attempts++
        postMessage.call(worker, message)
      }
    })
    await made[0]?.terminate()
    for (const page of pagesOf(certificates.slice(100), 100)) source.add(page)
    await expect.poll(() => attempts, { timeout: 30_000 }).toBe(3)
    expect(lines.filter((line) => /cannot be set up again/.test(line))).toHaveLength(1)
    expect(source.position(certificates[0])).toBe(100)
    writeFileSync(file, `${'ab'.repeat(32)}\n`)
    await expect.poll(() => source.position(certificates[0]), { timeout: 30_000 }).toBe(COUNT)
    await run.stop()
    expect(run.status().modules[0]).toMatchObject({ certificates: COUNT, skipped: 0, dropped: 0, timeouts: 0 })
  }, 60_000)

  it('go on with the last good lists when their thread ends while one of the lists is no good', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-threads-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [own, words] = [join(folder, 'own.txt'), join(folder, 'words.txt')]
    writeFileSync(own, 'nothing.example.net\n')
    writeFileSync(words, '*paypa*\n')
    const { lines, logger } = logbook()
    const seen = new Set<string>()
    const sink = defineModule({
      ...{ name: 'sink', acknowledge: true },
      onFindings: (some) => some.forEach(({ certificate, kind }) => void seen.add(`${certificate.index} ${kind}`)),
    })
    const source = new PageSource([certificates.slice(0, 100)], { staysOpen: true })
    const use = watchlist.with({ lists: { own: [own], words: [words] }, reloadMs: 1000 })
    const run = runModules(source, [use, sink], { threads: 1, logger })
    const wordsOf = (page: readonly CtCertificate[]) =>
      page
        .filter(({ dnsNames }) => dnsNames.some((name) => name.includes('paypa1')))
        .map(({ index }) => `${index} word`)
    while (source.position(certificates[0]) < 100) await setImmediate()
    // What was reloaded counts, not what it began with.
    writeFileSync(own, 'example.com\n')
    await expect.poll(() => lines.filter((line) => /has changed/.test(line)), { timeout: 10_000 }).toHaveLength(1)
    writeFileSync(own, 'example.com\n??\n')
    rmSync(words)
    await made[0]?.terminate()
    source.add(certificates.slice(100))
    await expect.poll(() => source.position(certificates[0]), { timeout: 10_000 }).toBe(COUNT)
    const unchanged = () => lines.filter((line) => /\[watchlist\].*stays as it was \(1 entries\)/.test(line))
    await expect.poll(unchanged, { timeout: 10_000 }).toHaveLength(2)
    await run.stop()
    expect(made).toHaveLength(2)
    const later = certificates.slice(100).filter(({ kind }) => kind === 'precertificate')
    const mine = later.filter(({ dnsNames }) => dnsNames.some((name) => name.endsWith('example.com')))
    expect(mine.length).toBeGreaterThan(30)
    expect(wordsOf(later).length).toBeGreaterThan(30)
    for (const { index } of mine) expect(seen).toContain(`${index} new-name`)
    for (const word of wordsOf(later)) expect(seen).toContain(word)
    expect(run.status().modules[0]).toMatchObject({ certificates: COUNT, skipped: 0 })
  }, 60_000)

  it('run in the main thread if the program for threads is of another version', async () => {
    const { lines, logger } = logbook()
    const thread = new ModuleThread(join(import.meta.dirname, 'programs/no-page-worker.mjs'), logger)
    const modules = prepareModules(watching()).map((prepared, number) =>
      threadedModule({ prepared, thread, number, clock: systemClock, random: () => 0 }),
    )
    const settings = {
      ...{ logger, clock: systemClock, random: () => 0, setupTimeoutMs: 10_000, drainTimeoutMs: 1000 },
      ...{ teardownTimeoutMs: 1000, rememberedFindings: 1000, rememberFindingsMs: 100_000 },
    }
    const source = new PageSource(pagesOf(certificates, 100))
    const run = new Run(pagedSource(source, true), { modules, close: () => thread.close() }, settings).start(undefined)
    await run.done
    expect(run.status().modules.map((module) => module.certificates)).toEqual([COUNT, COUNT])
    expect(lines.filter((line) => /is of version 0.0.0/.test(line))).toHaveLength(2)
  })

  it('do not keep the process alive', async () => {
    const program = `
      import { watchlist } from './dist/modules/watchlist.js'
      import { runModules } from './dist/modules.js'
      const run = runModules([], [watchlist.with({ own: ['example.com'] })], { threads: 1 })
      await run.done
      console.log(JSON.stringify(run.status().modules[0].state))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: join(import.meta.dirname, '../..'),
    })
    expect(stdout).toBe('"stopped"\n')
  })
})
