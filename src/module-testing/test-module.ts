import { setTimeout as realTime } from 'node:timers/promises'
import { CtStreamError } from '../errors.js'
import { type ConfiguredModule, defineModule, isModule, type Module } from '../modules/definition.js'
import { type ModuleRun, runModules } from '../modules/run-modules.js'
import type { ModuleStatus } from '../modules/status.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Logger } from '../types/clock.js'
import type { Finding, FindingDraft } from '../types/finding.js'
import { booleanOption, integerOption, objectOption } from '../util/options.js'
import { type EntryPlace, entriesOf, type TestCertificate, testLogInfo } from './certificates.js'
import { GivenSource } from './given-source.js'
import { TestClock } from './test-clock.js'

/** Options of {@link testModule}; all optional. */
export interface TestModuleOptions {
  /** Modules that run before it, whose findings it gets. Default none. */
  readonly before?: readonly (Module | ConfiguredModule)[]
  /** Default: a clock of its own, whose time passes by `pass()`. */
  readonly clock?: TestClock
  /** How long the module may take in real time for what it is given, and to end, milliseconds, 10 to 600,000. Default 5,000. */
  readonly patienceMs?: number
  /**
   * Whether made certificates count as proven to be in their log (`certificate.verified`), as a stream delivers them by default. They are new
   * (`historical` is `false`), and their `cursor` continues no stream. Default `true`.
   */
  readonly verified?: boolean
}

/** A message that the module logged. */
export interface LoggedMessage {
  /** `debug`, `info`, `warn` or `error`. */
  readonly level: keyof Logger
  /** Without the module's name before it. */
  readonly message: string
}

/** A module under test. */
export interface ModuleTest extends AsyncDisposable {
  /**
   * Gives it certificates, and waits until it is finished with them.
   *
   * @returns What it emitted meanwhile.
   * @throws {@link CtStreamError} `CT_MODULE_FAILED` when its `setup` or a handler throws; `CT_CLOSED` after `end()`; `CT_MODULE_TIMEOUT` when it
   * is not finished after `patienceMs` of real time: what waits for the clock needs `pass()` meanwhile.
   */
  give(...certificates: readonly TestCertificate[]): Promise<Finding[]>
  /** Gives it a finding, as a module before it would report it, about a certificate, by default one for `www.example.com`. As `give()`. */
  report(finding: FindingDraft, certificate?: TestCertificate): Promise<Finding[]>
  /** Lets time pass, milliseconds, at once. Returns what it emitted meanwhile. */
  pass(ms: number): Promise<Finding[]>
  /** Ends it: `drain` and `teardown` run. Idempotent. Returns what it emitted meanwhile. Throws as `give()` does. */
  end(): Promise<Finding[]>
  /** Everything that it emitted, in order, repeats left out. */
  readonly findings: readonly Finding[]
  /** What it logged, and what the runner logged about it, in order. */
  readonly log: readonly LoggedMessage[]
  /** The clock that it sees: that of the options, or one of its own. */
  readonly clock: TestClock
  /** What it got, emitted, skipped and so on, as in a run. */
  status(): ModuleStatus
}

/** Two names that no module of anybody has. */
const NAMES = { before: 'ct-stream/test-before', after: 'ct-stream/test-after' } as const

/**
 * Runs a module by itself, with certificates of your choice and time in your hands.
 *
 * ```ts
 * await using test = testModule(quiet.with({ domain: 'example.com', days: 7 }))
 * assert.deepEqual(await test.give('www.example.com'), [])
 * assert.equal((await test.pass(7 * 86_400_000)).length, 1)
 * ```
 *
 * A handler that throws fails the test, unless the module's limits say what to do (`onError`).
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_MODULE_INVALID` at once, as `runModules()` does.
 */
export function testModule(module: Module | ConfiguredModule, options: TestModuleOptions = {}): ModuleTest {
  const {
    before = [],
    clock = new TestClock(),
    ...given
  } = objectOption<TestModuleOptions>('options', options, ['before', 'clock', 'patienceMs', 'verified'])
  const patienceMs = integerOption('patienceMs', given.patienceMs, 10, 600_000, 5000)
  const verified = booleanOption('verified', given.verified, true)
  return new Test(module, { before, clock, patienceMs, verified })
}

/**
 * What a module emits for certificates of your choice, in one call: does my alert fire for my domain?
 *
 * ```ts
 * it('fires for my domain and what is below it', async () => {
 *   const findings = await findingsOf(alert.with({ domain: 'example.com' }), ['login.example.com', 'example.org'])
 *   expect(findings.map(({ subject }) => subject)).toEqual(['login.example.com'])
 * })
 * ```
 *
 * @returns In the order in which they were emitted, those of `drain` last.
 * @throws {@link CtStreamError} As {@link testModule} and {@link ModuleTest.give} do.
 */
export async function findingsOf(
  module: Module | ConfiguredModule,
  certificates: readonly TestCertificate[],
  options: TestModuleOptions = {},
): Promise<readonly Finding[]> {
  const test = testModule(module, options)
  try {
    await test.give(...certificates)
  } finally {
    await test.end()
  }
  return test.findings
}

class Test implements ModuleTest {
  readonly findings: Finding[] = []
  readonly log: LoggedMessage[] = []
  readonly clock: TestClock
  private readonly source = new GivenSource()
  private readonly drafts = new Map<CtCertificate, FindingDraft>()
  private readonly name: string
  private readonly run: ModuleRun
  private readonly patienceMs: number
  private readonly verified: boolean
  private given = 0
  private isEnded = false
  /** Whether its failure was reported to somebody. */
  private isTold = false

  constructor(module: Module | ConfiguredModule, { before, clock, patienceMs, verified }: Required<TestModuleOptions>) {
    this.clock = clock
    this.verified = verified
    this.patienceMs = patienceMs
    const use = strict(module)
    this.name = use.name ?? use.module.name
    this.run = runModules(this.source, [reporting(this.drafts), ...before, use, this.collector()], {
      clock,
      random: () => 0.5,
      logger: this.logger(),
    })
    // Whoever gives or ends hears of it.
    this.run.done.catch(() => {})
  }

  async give(...certificates: readonly TestCertificate[]): Promise<Finding[]> {
    return this.giveEntries(certificates.flatMap((certificate) => entriesOf(certificate, this.place)))
  }

  async report(finding: FindingDraft, certificate: TestCertificate = 'www.example.com'): Promise<Finding[]> {
    const [entry] = entriesOf(certificate, this.place)
    if (entry !== undefined) this.drafts.set(entry, finding)
    return this.giveEntries(entry === undefined ? [] : [entry])
  }

  pass(ms: number): Promise<Finding[]> {
    return this.during(this.clock.pass(ms))
  }

  end(): Promise<Finding[]> {
    this.isEnded = true
    this.source.end()
    return this.during(this.patiently(this.run.done))
  }

  status(): ModuleStatus {
    return this.run.status().modules.find(({ name }) => name === this.name) as ModuleStatus
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const wasTold = this.isTold
    try {
      await this.end()
    } catch (error) {
      // What a test has failed with already would hide behind it.
      if (!wasTold) throw error
    }
  }

  /** Where the next certificate is said to be logged. */
  private readonly place = (): EntryPlace => {
    const { verified } = this
    return { log: testLogInfo, index: this.given++, timestamp: this.clock.now(), verified }
  }

  private async giveEntries(entries: readonly CtCertificate[]): Promise<Finding[]> {
    if (this.isEnded) throw new CtStreamError('CT_CLOSED', `module \`${this.name}\` has ended: give it nothing more`)
    if (entries.length > 0) this.source.give(entries)
    // A run that ends before is one that failed, or was ended.
    return this.during(this.patiently(Promise.race([this.source.finished(), this.run.done])))
  }

  private async during(happening: Promise<void>): Promise<Finding[]> {
    const before = this.findings.length
    await happening
    return this.findings.slice(before)
  }

  private async patiently(happening: Promise<void>): Promise<void> {
    const over = new AbortController()
    const late = realTime(this.patienceMs, undefined, { signal: over.signal, ref: false }).then(() => {
      throw new CtStreamError(
        'CT_MODULE_TIMEOUT',
        `module \`${this.name}\` is not finished after ${this.patienceMs} ms: if it waits for the clock, let time pass() before you await this`,
      )
    })
    late.catch(() => {}) // aborted, mostly
    try {
      await Promise.race([happening, late])
    } catch (error) {
      this.isTold = true
      throw error
    } finally {
      over.abort()
    }
  }

  /** Acknowledgement waits for it, and so for the module under test. */
  private collector(): Module {
    return defineModule({
      name: NAMES.after,
      acknowledge: true,
      onFinding: (finding) => {
        if (finding.module === this.name) this.findings.push(finding)
      },
    }) as Module
  }

  private logger(): Logger {
    const own = `[${this.name}] `
    const say = (level: keyof Logger) => (message: string) => {
      if (message.startsWith(own)) this.log.push({ level, message: message.slice(own.length) })
    }
    return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  }
}

/** A module whose handlers may not throw, where it does not say itself what happens then. */
function strict(given: Module | ConfiguredModule): ConfiguredModule {
  const use = isModule(given) ? { module: given } : given
  const onError = use?.limits?.onError ?? use?.module?.limits?.onError ?? 'stop-stream'
  return { ...use, limits: { ...use?.limits, onError } }
}

/** Reports a finding about each certificate that has one here. */
function reporting(drafts: ReadonlyMap<CtCertificate, FindingDraft>): Module {
  return defineModule({
    name: NAMES.before,
    limits: { onError: 'stop-stream' },
    onCertificate(certificate, { emit }) {
      const draft = drafts.get(certificate)
      if (draft !== undefined) emit(draft)
    },
  }) as Module
}
