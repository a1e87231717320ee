import { describe, expect, it } from 'vitest'
import { TestClock } from '../../../../src/module-testing/test-clock.js'
import { prepareModules } from '../../../../src/modules/configure.js'
import { defineModule, type Finding, type ModuleLimits } from '../../../../src/modules/index.js'
import type { ModuleCall } from '../../../../src/modules/module-call.js'
import { Run, type RunSettings } from '../../../../src/modules/module-run.js'
import { pagedSource } from '../../../../src/modules/source.js'
import { ModuleThread, NoThread } from '../../../../src/modules/threads/module-thread.js'
import { threadable } from '../../../../src/modules/threads/threadable.js'
import { threadedModule } from '../../../../src/modules/threads/threaded-module.js'
import type { CtCertificate } from '../../../../src/types/certificate.js'
import { systemClock } from '../../../../src/util/clock.js'
import { PageSource, pagesOf } from '../../../support/acknowledged-source.js'
import { madeCertificates } from '../../../support/module-certificates.js'

const certificates = madeCertificates(60)

/** Runs a module of the test's own that goes the way of one in a thread, where no thread can be made; and one that does not. */
async function outcomes(fails: (index: number, attempt: number) => boolean, limits: ModuleLimits) {
  const both = []
  for (const isThreaded of [true, false]) {
    const findings: Finding[] = []
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) }
    const module = defineModule({
      name: 'fails',
      onCertificate({ index }, { emit, attempt }) {
        for (let i = 0; i < (index % 4) + 1; i++) emit({ kind: 'seen', subject: `${index} ${i}`, reason: 'seen' })
        if (fails(index, attempt)) throw new Error(`no ${index}`)
      },
    })
    const sink = defineModule({ name: 'sink', acknowledge: true, onFindings: (some) => void findings.push(...some) })
    const prepared = prepareModules([{ module: threadable(module, 'watchlist'), limits }, sink])
    const thread = new ModuleThread('/there/is/no/such/file.js', logger)
    const options = { thread, number: 0, clock: systemClock, random: () => 0 }
    const modules = prepared.map((one, i) =>
      isThreaded && i === 0 ? threadedModule({ prepared: one, ...options }) : one,
    )
    const source = new PageSource(pagesOf(certificates, 20))
    const settings: RunSettings = {
      ...{ logger, clock: systemClock, random: () => 0, setupTimeoutMs: 10_000, drainTimeoutMs: 1000 },
      ...{ teardownTimeoutMs: 1000, rememberedFindings: 1000, rememberFindingsMs: 100_000 },
    }
    const run = new Run(pagedSource(source, true), { modules, close: () => thread.close() }, settings).start(undefined)
    const error = await run.done.catch((thrown: Error) => thrown.message)
    const [{ lastError, ...status }] = run.status().modules as [ReturnType<typeof run.status>['modules'][number]]
    both.push({
      error,
      // While one that failed is dealt with, a thread goes on with later pages.
      findings: findings.map(({ id, subject }) => `${subject} ${id}`).sort(),
      status: { ...status, lastError: lastError?.message },
      position: source.position(certificates[0]),
    })
    expect(warnings.filter((text) => /no worker thread can be made/.test(text))).toHaveLength(isThreaded ? 1 : 0)
  }
  return both
}

/** Runs a module whose thread has ended, where none can be made any more, and that cannot be set up until it is repaired. */
function movedHere() {
  const clock = new TestClock()
  const calls: number[] = []
  const lines: string[] = []
  const say = (level: string) => (text: string) => void lines.push(`${level} ${text}`)
  const logger = { debug() {}, info() {}, error: say('error'), warn: say('warn') }
  const kept: string[] = []
  let isBroken = true
  const module = defineModule({
    name: 'breaks',
    setup(context) {
      kept.push(...((context as ModuleCall).keepsake?.before.keys() ?? []))
      if (isBroken) throw new Error('its list is being edited')
    },
    async onBatch(some) {
      calls.push(...some.map(({ index }) => index))
      const [first] = some
      if (first?.index === 20) await clock.sleep(99)
      if (first?.index === 40) await clock.sleep(101)
    },
  })
  const sink = defineModule({ name: 'sink', acknowledge: true, onFindings() {} })
  const prepared = prepareModules([{ module: threadable(module, 'watchlist'), limits: { timeoutMs: 100 } }, sink])
  const noThread = async () => Promise.reject(new NoThread('out of memory'))
  const thread = {
    add() {},
    async setUp() {},
    async tearDown() {},
    keptOf: () => new Map([['own list', Buffer.from('example.com')]]),
    batch: noThread,
  } as unknown as ModuleThread
  const modules = prepared.map((one, number) =>
    number === 0 ? threadedModule({ prepared: one, thread, number, clock, random: () => 0 }) : one,
  )
  const settings: RunSettings = {
    ...{ logger, clock, random: () => 0, setupTimeoutMs: 10_000, drainTimeoutMs: 1000 },
    ...{ teardownTimeoutMs: 1000, rememberedFindings: 1000, rememberFindingsMs: 100_000 },
  }
  const source = new PageSource(pagesOf(certificates, 20), { staysOpen: true })
  const run = new Run(pagedSource(source, true), { modules, close: async () => {} }, settings).start(undefined)
  const repair = () => {
    isBroken = false
  }
  return { run, source, clock, calls, lines, kept, repair }
}

describe('a module that threads can run', () => {
  it('has a certificate that fails by itself given up, as without a thread', async () => {
    const [threaded, plain] = await outcomes((index) => index % 7 === 0 || index === 19 || index > 57, {
      maxFindings: 2,
    })
    expect(threaded).toEqual(plain)
    expect(plain).toMatchObject({ position: 60, status: { skipped: 12, certificates: 48 } })
  })

  it('has one tried again, and the rest of its page once', async () => {
    const limits = { onError: 'retry', attempts: 3 } as const
    const [threaded, plain] = await outcomes((index, attempt) => index % 13 === 5 && attempt < 3, limits)
    expect(threaded).toEqual(plain)
    expect(plain).toMatchObject({ position: 60, status: { retries: 10, certificates: 60 } })
  }, 60_000)

  it('has certificates wait while it cannot be set up here instead, beyond the limit of a call', async () => {
    const { run, source, clock, calls, lines, kept, repair } = movedHere()
    await clock.pass(600_000)
    expect([calls, source.position(certificates[0])]).toEqual([[], 0])
    expect(lines.length).toBeLessThan(12)
    repair()
    await clock.pass(60_000)
    expect(calls).toEqual(certificates.map(({ index }) => index))
    // It begins with what it kept in its thread.
    expect(kept.at(-1)).toBe('own list')
    // The limit is what it was for what the module itself does, before and after.
    expect(run.status().modules[0]).toMatchObject({ certificates: 40, skipped: 20, timeouts: 1 })
    expect(source.position(certificates[0])).toBe(60)
    source.add([certificates[40] as CtCertificate])
    await clock.pass(150)
    expect(run.status().modules[0]).toMatchObject({ certificates: 40, skipped: 21, timeouts: 2 })
    await run.stop()
  })

  it('gives up what its thread does not finish although it answers, and counts the time anew when that was replaced', async () => {
    const clock = new TestClock()
    const asked: number[] = []
    const answers: ('answered' | 'ended')[] = ['ended', 'answered']
    const thread = {
      ...{ add() {}, async setUp() {}, async tearDown() {} },
      batch: () => new Promise(() => {}),
      async answered() {
        asked.push(clock.elapsed())
        return answers.shift() ?? 'answered'
      },
    } as unknown as ModuleThread
    const module = threadable(defineModule({ name: 'waits', onBatch() {} }), 'watchlist')
    const modules = prepareModules([{ module, limits: { timeoutMs: 100 } }]).map((prepared, number) =>
      threadedModule({ prepared, thread, number, clock, random: () => 0 }),
    )
    const settings: RunSettings = {
      ...{ logger: undefined, clock, random: () => 0, setupTimeoutMs: 10_000, drainTimeoutMs: 1000 },
      ...{ teardownTimeoutMs: 1000, rememberedFindings: 1000, rememberFindingsMs: 100_000 },
    }
    const source = new PageSource([certificates.slice(0, 20)], { staysOpen: true })
    const run = new Run(pagedSource(source, true), { modules, close: async () => {} }, settings).start(undefined)
    await clock.pass(299)
    expect(run.status().modules[0]).toMatchObject({ skipped: 0, timeouts: 0 })
    await clock.pass(1)
    expect(asked).toEqual([100, 200])
    expect(run.status().modules[0]).toMatchObject({ skipped: 20, timeouts: 1 })
    await run.stop()
  })

  it('ends while it cannot be set up here, and acknowledges nothing', async () => {
    const { run, source, clock, lines } = movedHere()
    await clock.pass(10_000)
    const stopped = run.stop()
    await clock.pass(5000)
    await stopped
    expect(source.position(certificates[0])).toBe(0)
    expect(lines.filter((line) => /^error/.test(line))).toEqual([])
  })

  it('ends the run, or alone, where that is asked for, and acknowledges nothing behind what failed', async () => {
    for (const onError of ['stop-stream', 'stop-module'] as const) {
      const [threaded, plain] = await outcomes((index) => index === 25, { onError })
      for (const outcome of [threaded, plain])
        expect(outcome).toMatchObject({
          error: onError === 'stop-stream' ? 'module `fails` failed: Error: no 25' : undefined,
          position: onError === 'stop-stream' ? 20 : 60,
          status: { state: 'failed', lastError: 'Error: no 25' },
        })
    }
  })
})
