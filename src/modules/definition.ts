import type { z } from 'zod'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock, Logger } from '../types/clock.js'
import type { Finding, FindingDraft } from '../types/finding.js'

/**
 * What happens when a handler throws or takes longer than `timeoutMs`.
 *
 * - `skip`: what it was given is given up, counted and logged; the module goes on with the next. One that hangs (eight calls have timed
 *   out and not come back) is left out of what comes until one does, also where acknowledgement waits for it
 * - `retry`: it is given the same again, with growing waits (or what the error's `retryAfterMs` says), for `attempts` times; then as
 *   `stop-stream`. On a queue source for its `parkAfter` times at most, and then it is set aside; so is what `skip` gives up
 * - `stop-module`: the module gets nothing more; the others go on
 * - `stop-stream`: `done` rejects with `CT_MODULE_FAILED`, after the other modules have finished what they had
 */
export type ModuleErrorPolicy = 'skip' | 'retry' | 'stop-module' | 'stop-stream'

/** How a module is run; all optional. A module brings defaults of its own, and each use of it may say otherwise. */
export interface ModuleLimits {
  /** Certificates and findings waiting for the module, at most (and one page more). 1 to 10,000,000. Default 10,000. */
  readonly queueEntries?: number
  /** … and their bytes, by estimate. 65,536 to 2^40. Default 16 MiB. */
  readonly queueBytes?: number
  /** Calls of its handlers under way at the same time. 1 to 1,024. Default 1. */
  readonly concurrency?: number
  /** How long one call may take, milliseconds, 10 to 86,400,000. Default 30,000. A call that never gives way cannot be interrupted. */
  readonly timeoutMs?: number
  /** Default `'retry'` for a module with `acknowledge: true`, else `'skip'`. */
  readonly onError?: ModuleErrorPolicy
  /** Calls for the same work before `'retry'` gives up, 1 to 1,000,000. Default: no bound. */
  readonly attempts?: number
  /**
   * What happens when the queue is full. `drop`: what comes is left out, counted (`dropped`) and warned of. `block`: the source, or the
   * module that reports, waits. Default `'drop'`; a module that acknowledgement waits for always blocks.
   */
  readonly whenFull?: 'drop' | 'block'
  /** Findings of one call, at most; more are left out, counted (`dropped`) and warned of. 1 to 1,000,000. Default 1,000. */
  readonly maxFindings?: number
}

/** What `setup` is given. */
export interface SetupContext<Options> {
  /** The module's options, checked and with its defaults. */
  readonly options: Options
  /** Name of this use of the module. */
  readonly name: string
  /** Writes to the logger of the run, with the module's name before each message. */
  readonly log: Logger
  /**
   * Reports a finding to the modules that come later. Only what a handler reports while it runs has acknowledgement wait for it. What a
   * call reports that has timed out, or after the module has ended, is left out and counted (`dropped`).
   *
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a draft that is not as {@link FindingDraft} says.
   */
  readonly emit: (finding: FindingDraft) => void
  /**
   * For outputs: counts findings that could not be delivered and were put where they can be found again (`deadLetters` of the module's
   * status, and of its metrics). What is no whole number above 0 is not counted.
   */
  readonly countDeadLetters: (findings: number) => void
  /** Aborts when the call has timed out or the run is being stopped for good: what waits should give up. */
  readonly signal: AbortSignal
  /** That of the run: what is asked instead of `Date.now` and timers can be tested without waiting. */
  readonly clock: Clock
}

/** What the other handlers are given. */
export interface ModuleContext<Options, State> extends SetupContext<Options> {
  /** What `setup` returned. */
  readonly state: State
  /** Which call this is for the same work: 1, and more under the policy `retry`. */
  readonly attempt: number
  /** Milliseconds since the first call for the same work began. */
  readonly sinceMs: number
}

/** Which of its handlers a module uses, where that depends on its options. */
export interface ModuleWants {
  /** Default: whether it has `onCertificate` or `onBatch`. */
  readonly certificates?: boolean
  /** Default: whether it has `onFinding` or `onFindings`. */
  readonly findings?: boolean
}

/** What {@link defineModule} takes. `onCertificate` or `onBatch`, `onFinding` or `onFindings`, none or one of each. */
export interface ModuleDefinition<Options, State> {
  /** 1 to 64 of `a` to `z`, digits, `-`, `_`, `.` and `/`. */
  readonly name: string
  /** One line for lists of modules. */
  readonly description?: string
  /** Checks the options and has their defaults; its JSON schema serves editors. Without one the module takes no options. */
  readonly options?: z.ZodType<Options>
  /**
   * Whether positions wait for this module: an entry counts as finished when this module is finished with it and with every finding
   * that earlier modules report about it. Default `false`.
   */
  readonly acknowledge?: boolean
  /** Names of modules that must come before this one, if they are there. */
  readonly after?: readonly string[]
  /** How it is run where nobody says otherwise. Default: as {@link ModuleLimits} has it. */
  readonly limits?: ModuleLimits
  /** Which handlers it uses. Default: those that it has. */
  wants?(options: Options): ModuleWants
  /** Runs once, before the source is read, in the order of the modules. What it returns is the `state` of all other handlers. */
  setup?(context: SetupContext<Options>): State | Promise<State>
  /** One certificate. In the order of the source, unless `concurrency` is above 1. */
  onCertificate?(certificate: CtCertificate, context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
  /** Certificates as they came together: at least one, all of one log. */
  onBatch?(
    certificates: readonly CtCertificate[],
    context: ModuleContext<Options, Awaited<State>>,
  ): void | Promise<void>
  /** One finding of an earlier module. */
  onFinding?(finding: Finding, context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
  /** All findings that are waiting, up to 1,000: for what writes or sends many at once. */
  onFindings?(findings: readonly Finding[], context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
  /** Runs once when nothing more comes, before the drain of later modules: the last moment to report. */
  drain?(context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
  /** Runs once at the very end, in reverse order, if `setup` succeeded: releases what `setup` opened. */
  teardown?(context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
}

/** How one use of a module differs from its definition. */
export interface ModuleUse {
  /** Needed when a module is used twice: names are unique in a run. */
  readonly name?: string
  /** Whether positions wait for it. Default: as the definition says. */
  readonly acknowledge?: boolean
  /** In addition to those of the definition. */
  readonly after?: readonly string[]
  /** Each goes before that of the definition. */
  readonly limits?: ModuleLimits
}

/** A module and how it is to be used. */
export interface ConfiguredModule extends ModuleUse {
  /** What {@link defineModule} made. */
  readonly module: Module
  /** As the module's schema takes them, not checked yet. */
  readonly options?: unknown
}

/** A module. Made by {@link defineModule}, and only there. */
export interface Module<Input = never> extends ModuleDefinition<unknown, unknown> {
  /** This module with options, for `runModules`. They are checked there. */
  with(options: Input, use?: ModuleUse): ConfiguredModule
}

/** Brands modules, so that those of another copy of the package are known, too. */
const brand = Symbol.for('ct-stream.module')

/**
 * Makes a module: what watches, understands or passes on certificates.
 *
 * ```ts
 * export default defineModule({
 *   name: 'only-ev',
 *   options: z.object({ issuers: z.array(z.string()).default([]) }),
 *   setup: ({ options }) => ({ wanted: new Set(options.issuers) }),
 *   onCertificate(cert, { state, emit }) {
 *     if (cert.validation === 'EV' && state.wanted.has(cert.issuer.organization ?? ''))
 *       emit({ kind: 'ev', severity: 'info', reason: 'extended validation' })
 *   },
 * })
 * ```
 */
export function defineModule<State = undefined, Schema extends z.ZodType = z.ZodType<Record<string, never>>>(
  definition: Omit<ModuleDefinition<z.output<Schema>, State>, 'options'> & {
    /** As in {@link ModuleDefinition}: its schema, of which the handlers have the output. */
    readonly options?: Schema
  },
): Module<z.input<Schema>> {
  const module = {
    ...definition,
    with(options: unknown, use: ModuleUse = {}): ConfiguredModule {
      return { ...use, module, options }
    },
  } as Module
  Object.defineProperty(module, brand, { value: true })
  return module as unknown as Module<z.input<Schema>>
}

/** Whether `value` was made by {@link defineModule}, of this copy of the package or another. */
export function isModule(value: unknown): value is Module {
  return typeof value === 'object' && value !== null && brand in value
}
