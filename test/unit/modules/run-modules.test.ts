import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type ConfiguredModule,
  defineModule,
  type Finding,
  type Module,
  type ModuleDefinition,
  type RunModulesOptions,
  runModules,
} from '../../../src/modules/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { PageSource, pagesOf } from '../../support/acknowledged-source.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const certificates = madeCertificates(60)
const never = () => new Promise<void>(() => {})

/** Keeps what its logger is told. */
function logbook() {
  const lines: string[] = []
  const say = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
  return { lines, logger: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') } }
}

/** Reports every certificate. */
const reporter = (name = 'reporter') =>
  defineModule({
    name,
    onCertificate(certificate, { emit }) {
      emit({ kind: 'seen', subject: certificate.dnsNames[0] ?? 'none', reason: 'seen' })
    },
  })

/** A sink whose handler is `onFinding`, acknowledged unless it says otherwise. */
function sink(onFinding: ModuleDefinition<unknown, undefined>['onFinding'], rest: Partial<Module> = {}): Module {
  return defineModule({ name: 'sink', acknowledge: true, ...rest, onFinding }) as Module
}

function run(
  source: Parameters<typeof runModules>[0],
  modules: readonly (Module | ConfiguredModule)[],
  options: RunModulesOptions = {},
) {
  const clock = new VirtualClock()
  return { clock, run: runModules(source, modules, { clock, random: () => 0.5, ...options }) }
}

/** Lets everything happen that needs no time. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 30; i++) await turn()
}

describe('runModules', () => {
  it('gives every module every certificate in order, and later ones the findings of earlier ones', async () => {
    const seen: number[] = []
    const pages: number[] = []
    const found: Finding[] = []
    const early: Finding[] = []
    const { run: modules } = run(certificates, [
      defineModule({ name: 'early', onFinding: (finding) => void early.push(finding) }),
      reporter(),
      defineModule({ name: 'one', onCertificate: (certificate) => void seen.push(certificate.index) }),
      defineModule({ name: 'page', onBatch: (page) => void pages.push(...page.map(({ index }) => index)) }),
      defineModule({ name: 'late', onFindings: (findings) => void found.push(...findings) }),
    ])
    await modules.done
    const all = certificates.map(({ index }) => index)
    expect([seen, pages, found.map(({ certificate }) => certificate.index)]).toEqual([all, all, all])
    expect(early).toEqual([])
    expect(found[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      module: 'reporter',
      kind: 'seen',
      subject: certificates[0]?.dnsNames[0],
      severity: 'medium',
      score: 50,
      reasons: [{ text: 'seen' }],
      certificate: certificates[0]?.toJSON(),
      firstSeen: '2026-09-21T14:13:20.000Z',
    })
    expect(modules.status().modules.map(({ state }) => state)).toEqual(Array(5).fill('stopped'))
  })

  it('sets up in order, tears down in reverse, and hands the state on', async () => {
    const steps: string[] = []
    const module = (name: string, after: string[] = []) =>
      defineModule({
        name,
        after,
        options: z.object({ step: z.number().default(1) }),
        setup: async ({ options, name: own }) => {
          steps.push(`setup ${own}`)
          return { count: options.step }
        },
        onCertificate(_, { state }) {
          state.count += 2
        },
        drain: ({ state }) => void steps.push(`drain ${name} ${state.count}`),
        teardown: () => void steps.push(`teardown ${name}`),
      })
    await run(certificates.slice(0, 3), [module('b', ['a']), module('a').with({ step: 10 }), module('c')]).run.done
    expect(steps).toEqual([
      ...['setup a', 'setup b', 'setup c'],
      ...['drain a 16', 'drain b 7', 'drain c 7'],
      ...['teardown c', 'teardown b', 'teardown a'],
    ])
  })

  it('tears down what was set up when a setup fails or takes too long, and says which', async () => {
    for (const setup of [() => Promise.reject(new Error('no such table')), never]) {
      const steps: string[] = []
      const source = new PageSource([certificates])
      const { clock, run: modules } = run(
        source,
        [
          defineModule({ name: 'first', setup: () => 1, teardown: ({ state }) => void steps.push(`first ${state}`) }),
          defineModule({ name: 'second', setup, teardown: () => void steps.push('second') }),
          defineModule({ name: 'third', teardown: () => void steps.push('third') }),
        ],
        { setupTimeoutMs: 5000 },
      )
      const failed = expect(modules.done).rejects.toMatchObject({
        code: 'CT_MODULE_FAILED',
        message: expect.stringMatching(/^module `second` could not be set up: (no such table|it took too long)$/),
      })
      await quiet()
      await clock.pass(5000)
      await failed
      expect(steps).toEqual(['first 1'])
      expect(source.isClosed).toBe(true)
      expect(source.read).toBe(0)
    }
  })

  it('tears down what a setup opens that was given up', async () => {
    let open = (_: string) => {}
    const closed: string[] = []
    const { clock, run: modules } = run(
      [],
      [
        defineModule({
          name: 'slow',
          setup: () => new Promise<string>((resolve) => (open = resolve)),
          teardown: ({ state }) => void closed.push(state),
        }),
      ],
    )
    const failed = expect(modules.done).rejects.toMatchObject({ code: 'CT_MODULE_FAILED' })
    await quiet()
    await clock.pass(60_000)
    await failed
    open('connection')
    await quiet()
    expect(closed).toEqual(['connection'])
  })

  it('reports one finding of an issuance and subject, with an id that is the same in every run', async () => {
    const pairs = madeCertificates(6, { kinds: 'pairs' })
    const copy = madeCertificates(6, { kinds: 'pairs', log: logNamed('two') })
    const ids = async () => {
      const found: Finding[] = []
      const { run: modules } = run(
        [...pairs, ...copy],
        [reporter(), sink((finding) => void found.push(finding)).with(undefined as never, { acknowledge: false })],
      )
      await modules.done
      return { ids: found.map(({ id }) => id), status: modules.status().modules[0] }
    }
    const first = await ids()
    expect(new Set(first.ids).size).toBe(3)
    expect(first.ids).toHaveLength(3)
    expect(first.status).toMatchObject({ emitted: 3, repeats: 9 })
    expect((await ids()).ids).toEqual(first.ids)
  })

  describe('acknowledgement', () => {
    it('waits for the module that asks, in the order of each log', async () => {
      const other = madeCertificates(20, { log: logNamed('two') })
      const [a, b] = [pagesOf(certificates.slice(0, 20), 10), pagesOf(other, 10)]
      const source = new PageSource([a[0] ?? [], b[0] ?? [], a[1] ?? [], b[1] ?? []], { staysOpen: true })
      const open: { readonly page: readonly CtCertificate[]; readonly finish: () => void }[] = []
      const { run: modules } = run(source, [
        defineModule({
          name: 'slow',
          acknowledge: true,
          limits: { concurrency: 4 },
          onBatch: (page) => new Promise<void>((finish) => open.push({ page, finish })),
        }),
      ])
      await quiet()
      const positions = () => [source.position(certificates[0]), source.position(other[0])]
      const finish = async (n: number) => {
        open[n]?.finish()
        await quiet()
        return positions()
      }
      expect(open).toHaveLength(4)
      expect(await finish(2)).toEqual([0, 0])
      expect(await finish(1)).toEqual([0, 10])
      expect(await finish(0)).toEqual([20, 10])
      expect(await finish(3)).toEqual([20, 20])
      await modules.stop()
    })

    it('waits for a finding until the module that asked has it, and for those that may still report one', async () => {
      const source = new PageSource(pagesOf(certificates, 10), { staysOpen: true })
      let isFound = () => {}
      let isLooked = () => {}
      const { run: modules } = run(source, [
        defineModule({
          name: 'watch',
          onBatch: async (page, { emit }) => {
            await new Promise<void>((resolve) => (isLooked = resolve))
            if (page[0]?.index === 0) emit({ kind: 'x', reason: 'x', certificate: page[3] as CtCertificate })
          },
        }),
        sink(() => new Promise<void>((resolve) => (isFound = resolve))),
      ])
      await quiet()
      expect(source.position(certificates[0])).toBe(0)
      isLooked()
      await quiet()
      isLooked()
      await quiet()
      // Two pages were looked through; the finding in the first is on its way.
      expect(source.position(certificates[0])).toBe(0)
      isFound()
      await quiet()
      expect(source.position(certificates[0])).toBe(20)
      const stopped = modules.stop()
      for (let i = 0; i < 6; i++) {
        isLooked()
        await quiet()
      }
      await stopped
      expect(source.position(certificates[0])).toBe(60)
    })

    it('follows what is handed out when nobody asked', async () => {
      const source = new PageSource([certificates], { staysOpen: true })
      const { run: modules } = run(source, [defineModule({ name: 'hangs', onCertificate: never })], {
        drainTimeoutMs: 0,
      })
      await quiet()
      expect(source.position(certificates[0])).toBe(60)
      await modules.stop()
    })

    it('is refused of a stream that acknowledges by reading', () => {
      const source = new PageSource([], { acknowledgement: 'automatic' })
      expect(() => runModules(source, [sink(() => {})])).toThrow(/needs a stream whose positions wait for it/)
    })

    it('does not pass what a stop left unfinished', async () => {
      const source = new PageSource(pagesOf(certificates, 10), { staysOpen: true })
      const { lines, logger } = logbook()
      const { clock, run: modules } = run(
        source,
        [
          defineModule({
            name: 'stuck',
            acknowledge: true,
            onBatch: (page) => (page[0]?.index === 20 ? never() : undefined),
          }),
        ],
        { logger },
      )
      await quiet()
      const stopped = modules.stop()
      await clock.pass(30_000)
      await stopped
      expect(source.position(certificates[0])).toBe(20)
      expect(lines).toContain(
        'warn [stuck] stopped with 40 certificates or findings unfinished, which are not acknowledged',
      )
    })
  })

  describe('a module that fails', () => {
    const failing = (onError: 'skip' | 'stop-module' | 'stop-stream') =>
      defineModule({
        name: 'broken',
        limits: { onError },
        onCertificate({ index }) {
          if (index === 5) throw new TypeError('undefined is not a function')
        },
      })

    it('goes on without what it failed for, by default', async () => {
      const { lines, logger } = logbook()
      const { run: modules } = run(certificates, [failing('skip')], { logger })
      await modules.done
      expect(modules.status().modules[0]).toMatchObject({ certificates: 59, skipped: 1, errors: 1, state: 'stopped' })
      expect(lines[0]).toBe(
        'error [broken] failed, and goes on without entry 5 of https://one.example.net/: TypeError: undefined is not a function',
      )
    })

    it('gets nothing more, and others go on, with stop-module', async () => {
      let count = 0
      const { run: modules } = run(certificates, [
        failing('stop-module'),
        defineModule({ name: 'other', onCertificate: () => void count++ }),
      ])
      await modules.done
      expect(count).toBe(60)
      expect(modules.status().modules[0]).toMatchObject({ certificates: 5, state: 'failed', skipped: 1, dropped: 54 })
    })

    it('ends the run with stop-stream, after others finished what they had, and acknowledges nothing it failed for', async () => {
      const source = new PageSource(pagesOf(certificates, 5))
      const found: number[] = []
      const { run: modules } = run(source, [
        failing('stop-stream'),
        reporter(),
        sink(({ certificate }) => void found.push(certificate.index)),
      ])
      await expect(modules.done).rejects.toMatchObject({
        code: 'CT_MODULE_FAILED',
        message: 'module `broken` failed: TypeError: undefined is not a function',
      })
      // Its certificates are waited for, as it might have reported one to the sink.
      expect(source.position(certificates[0])).toBe(5)
      expect(found.length % 5).toBe(0)
      expect(found.length).toBeGreaterThanOrEqual(5)
      expect(source.isClosed).toBe(true)
    })

    it('is given the same again with retry, for an hour if need be, and nothing is lost or acknowledged meanwhile', async () => {
      const source = new PageSource(pagesOf(certificates, 10))
      const written: string[] = []
      let isDown = true
      const { lines, logger } = logbook()
      const attempts: number[] = []
      const { clock, run: modules } = run(
        source,
        [
          reporter(),
          sink(({ id }, { attempt }) => {
            attempts.push(attempt)
            if (isDown) throw new Error('connection refused')
            written.push(id)
          }),
        ],
        { logger },
      )
      await quiet()
      for (let minute = 0; minute < 60; minute++) {
        await clock.pass(60_000)
        await quiet()
      }
      expect(source.position(certificates[0])).toBe(0)
      expect(lines.filter((line) => line.startsWith('warn')).length).toBeLessThanOrEqual(61)
      isDown = false
      await clock.pass(60_000)
      await modules.done
      expect(new Set(written).size).toBe(60)
      expect(source.position(certificates[0])).toBe(60)
      expect(attempts[2]).toBe(3)
      expect(lines.at(-1)).toMatch(/^info \[sink\] works again, after \d+ attempts/)
    })

    it('waits as long as the error says', async () => {
      const times: number[] = []
      const { clock, run: modules } = run(certificates.slice(0, 1), [
        defineModule({
          name: 'limited',
          limits: { onError: 'retry', attempts: 2 },
          onCertificate(_, context) {
            times.push(context.clock.now())
            throw Object.assign(new Error('slow down'), { retryAfterMs: 9000 })
          },
        }),
      ])
      const failed = expect(modules.done).rejects.toMatchObject({
        message: 'module `limited` failed 2 times: Error: slow down',
      })
      await quiet()
      await clock.pass(20_000)
      await failed
      expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(9000)
    })

    it('cannot leave positions behind for ever', () => {
      expect(() => runModules([], [sink(() => {}, { limits: { onError: 'stop-module' } })])).toThrow(
        /cannot be 'stop-module' with acknowledge: true/,
      )
    })
  })

  describe('a module that hangs', () => {
    it('holds up no other, is left out when its queue is full, and is cut off after eight calls', async () => {
      const many = pagesOf(madeCertificates(2000), 20)
      const source = new PageSource(many)
      const { lines, logger } = logbook()
      let count = 0
      const signals: AbortSignal[] = []
      const { clock, run: modules } = run(
        source,
        [
          defineModule({
            name: 'hangs',
            limits: { queueEntries: 100, timeoutMs: 1000 },
            onCertificate: (_, { signal }) => {
              signals.push(signal)
              return never()
            },
          }),
          defineModule({ name: 'sink', acknowledge: true, onCertificate: () => void count++ }),
        ],
        { logger },
      )
      await quiet()
      await clock.pass(500)
      await quiet()
      expect(count).toBe(2000)
      expect(source.position(certificates[0])).toBe(2000)
      expect(modules.status().modules[0]?.queuedEntries).toBeLessThanOrEqual(120)
      for (let i = 0; i < 10; i++) {
        await clock.pass(1000)
        await quiet()
      }
      await modules.done
      expect(signals).toHaveLength(8)
      expect(signals.every(({ aborted }) => aborted)).toBe(true)
      const [hung] = modules.status().modules
      expect(hung).toMatchObject({ timeouts: 8, skipped: 8 })
      expect((hung?.dropped ?? 0) + 8).toBe(2000)
      expect(lines.join('\n')).toMatch(/warn \[hangs] left out certificates or findings: its queue is full/)
      expect(lines).toContain('error [hangs] hangs: 8 calls have not come back')
    })

    it('in setup or teardown is named with the option that sets how long it may', async () => {
      const { clock, run: starting } = run(certificates, [defineModule({ name: 'slow', setup: never })])
      const failed = starting.done.catch((error) => error)
      await clock.pass(60_000)
      expect(await failed).toMatchObject({
        code: 'CT_MODULE_FAILED',
        cause: { message: 'module `slow` took longer than 60000 ms (setupTimeoutMs)' },
      })
      const { lines, logger } = logbook()
      const ending = run(certificates, [defineModule({ name: 'slow', teardown: never })], { logger })
      await quiet()
      await ending.clock.pass(10_000)
      await ending.run.done
      expect(lines).toEqual([
        'error [slow] teardown failed: module `slow` took longer than 10000 ms (teardownTimeoutMs)',
      ])
    })

    it('before an output that acknowledges holds up the others for eight calls, and is left out then', async () => {
      const source = new PageSource(pagesOf(madeCertificates(2000), 20), { staysOpen: true })
      const { lines, logger } = logbook()
      let found = 0
      const { clock, run: modules } = run(
        source,
        [
          defineModule({ name: 'hangs', limits: { queueEntries: 100, timeoutMs: 1000 }, onCertificate: never }),
          reporter(),
          sink(() => void found++),
        ],
        { logger, drainTimeoutMs: 0 },
      )
      await clock.pass(7999)
      await quiet()
      expect(source.read).toBeLessThanOrEqual(7)
      await clock.pass(1)
      for (let i = 0; i < 20; i++) await quiet()
      expect([found, source.position(certificates[0])]).toEqual([2000, 2000])
      expect(modules.status().modules[0]).toMatchObject({ state: 'hung', skipped: 8, dropped: 1992, queuedEntries: 0 })
      expect(lines.join('\n')).toContain('warn [hangs] left out certificates or findings: it hangs')
      const stopped = modules.stop()
      await clock.pass(0)
      await stopped
    })

    it('with acknowledge holds the position, and finally the source, within its bound', async () => {
      const source = new PageSource(pagesOf(madeCertificates(2000), 20), { staysOpen: true })
      let count = 0
      const { clock, run: modules } = run(
        source,
        [
          defineModule({
            name: 'hangs',
            acknowledge: true,
            limits: { queueEntries: 100, timeoutMs: 1000 },
            onCertificate: never,
          }),
          defineModule({ name: 'other', onCertificate: () => void count++ }),
        ],
        { drainTimeoutMs: 0 },
      )
      await quiet()
      for (let i = 0; i < 100; i++) await clock.pass(60_000)
      await quiet()
      expect(count).toBe(source.read * 20)
      expect(source.read).toBeLessThanOrEqual(6)
      expect(source.position(certificates[0])).toBe(0)
      expect(modules.status().modules[0]).toMatchObject({ state: 'hung', timeouts: 8 })
      const stopped = modules.stop()
      await clock.pass(0)
      await stopped
    })

    it('is waited for, not left out, with whenFull block', async () => {
      let count = 0
      const { clock, run: modules } = run(madeCertificates(300), [
        defineModule({
          name: 'slow',
          limits: { queueEntries: 10, whenFull: 'block' },
          onCertificate: async (_, context) => {
            await context.clock.sleep(100)
            count++
          },
        }),
      ])
      for (let i = 0; i < 320; i++) {
        await clock.pass(100)
        await turn()
      }
      await modules.done
      expect(count).toBe(300)
      expect(modules.status().modules[0]?.dropped).toBe(0)
    })
  })

  describe('a module that floods findings', () => {
    it('is bounded for each call, and for what waits behind it', async () => {
      let waiting = 0
      let most = 0
      const { run: modules } = run(certificates, [
        defineModule({
          name: 'flood',
          limits: { maxFindings: 50 },
          onCertificate(_, { emit }) {
            for (let i = 0; i < 200; i++) emit({ kind: 'flood', subject: String(i), reason: 'x' })
            most = Math.max(most, modules.status().modules[1]?.queuedEntries ?? 0)
          },
        }),
        sink(
          async () => {
            waiting++
            await turn()
          },
          { acknowledge: true, limits: { queueEntries: 100 } },
        ),
      ])
      await modules.done
      expect(waiting).toBe(60 * 50)
      expect(most).toBeLessThanOrEqual(150)
      expect(modules.status().modules[0]).toMatchObject({ emitted: 3000, dropped: 9000 })
    })

    it('cannot report by a timer more than there is room for', async () => {
      const source = new PageSource([], { staysOpen: true })
      let emit = (_: number) => {}
      const { run: modules } = run(
        source,
        [
          defineModule({
            name: 'timer',
            setup: (context) => {
              emit = (i) =>
                context.emit({ kind: 'x', subject: `${i}`, reason: 'x', certificate: certificates[0] as CtCertificate })
            },
          }),
          sink(never, { limits: { queueEntries: 100 } }),
        ],
        { drainTimeoutMs: 0 },
      )
      await quiet()
      for (let i = 0; i < 5000; i++) emit(i)
      expect(modules.status().modules).toMatchObject([{ emitted: 100, dropped: 4900 }, { queuedEntries: 100 }])
      await modules.stop()
    })
  })

  it('ends with what the source throws, after modules finished what they had', async () => {
    async function* source() {
      yield* certificates.slice(0, 7)
      throw new Error('the log is gone')
    }
    let count = 0
    const { run: modules } = run(source(), [
      defineModule({ name: 'counter', onCertificate: () => turn().then(() => void count++) }),
    ])
    await expect(modules.done).rejects.toThrow('the log is gone')
    expect(count).toBe(7)
  })

  it('stops when its signal aborts, also while it is set up', async () => {
    const controller = new AbortController()
    const { run: modules } = run([], [defineModule({ name: 'slow', setup: never })], { signal: controller.signal })
    await quiet()
    controller.abort()
    await modules.done
  })

  const wrong: [string, () => unknown, RegExp][] = [
    ['no module', () => [{}], /CT_MODULE_INVALID|`modules\[0\]` is no module/],
    ['two of one name', () => [reporter(), reporter()], /two modules are named `reporter`/],
    [
      'a cycle',
      () => [defineModule({ name: 'a', after: ['b'] }), defineModule({ name: 'b', after: ['a'] })],
      /a after b after a/,
    ],
    [
      'an unknown name',
      () => [reporter(), { module: defineModule({ name: 'a' }), after: ['reporte'] }],
      /to come after `reporte`, which is not in this run, did you mean `reporter`/,
    ],
    [
      'a wrong option',
      () => [
        {
          module: defineModule({ name: 'a', options: z.object({ list: z.array(z.number()) }) }),
          options: { list: [1, 'x'] },
        },
      ],
      /module `a`: option `list\[1\]`: .*number/,
    ],
    [
      'options where there are none',
      () => [{ module: reporter(), options: { x: 1 } }],
      /module `reporter` takes no options/,
    ],
    [
      'an unknown limit',
      () => [{ module: reporter(), limits: { timeout: 5 } }],
      /`module `reporter` limits.timeout` does not exist/,
    ],
    [
      'two handlers for one thing',
      () => [defineModule({ name: 'a', onBatch() {}, onCertificate() {} })],
      /has both onCertificate and onBatch/,
    ],
  ]
  it.each(wrong)('refuses %s at once', (_, modules, message) => {
    expect(() => runModules([], modules() as Module[])).toThrow(message)
  })
})
