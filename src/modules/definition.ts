import type { z } from 'zod'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock, Logger } from '../types/clock.js'
import type { Finding, FindingDraft } from '../types/finding.js'

/**
 * What happens when a handler throws or takes longer than `timeoutMs`.
 *
 * - `skip`: gives up that work, counts and logs it; the module continues with the next. A module that hangs (eight calls have timed out
 *   and not returned) gets no work until one returns, even if acknowledgement waits for it
 * - `retry`: calls it again for the same work, after growing waits, the error's `retryAfterMs` at least, up to `attempts` times; then as
 *   `stop-stream`. On a queue source up to `parkAfter` times; then the work is set aside, as is work that `skip` gives up: of a batch of
 *   certificates or findings those that fail by themselves. Outputs of this package that send findings in several requests get only the rest
 *   again when one fails, and the count begins anew with each that is taken
 * - `stop-module`: the module gets nothing more; the others continue
 * - `stop-stream`: `done` rejects with `CT_MODULE_FAILED`, after the other modules have finished what they had
 */
export type ModuleErrorPolicy = 'skip' | 'retry' | 'stop-module' | 'stop-stream'

/** Limits of a module; all optional. A module may define its own defaults, which each use of it may override. */
export interface ModuleLimits {
  /** Most certificates and findings waiting for the module, plus one page. 1 to 10,000,000. Default 10,000. */
  readonly queueEntries?: number
  /** Most bytes of what waits, estimated. 65,536 to 2^40. Default 16 MiB. */
  readonly queueBytes?: number
  /** Most concurrent calls of its handlers. 1 to 1,024. Default 1. */
  readonly concurrency?: number
  /**
   * How long one call may take, milliseconds, 10 to 86,400,000. Default 30,000. Of the outputs that send several requests in one call, this is the
   * time of each. A call that blocks the event loop cannot be interrupted.
   */
  readonly timeoutMs?: number
  /** Default `'retry'` for a module with `acknowledge: true`, else `'skip'`. */
  readonly onError?: ModuleErrorPolicy
  /** Calls for the same work before `'retry'` gives up, 1 to 1,000,000. Default: no bound. */
  readonly attempts?: number
  /**
   * What happens when the queue is full. `drop`: further work is left out, counted (`dropped`) and logged as a warning. `block`: the source,
   * or the reporting module, waits. Default `'drop'`; a module that acknowledgement waits for always blocks.
   */
  readonly whenFull?: 'drop' | 'block'
  /** Most findings of one call; further ones are left out, counted (`dropped`) and logged. 1 to 1,000,000. Default 1,000. */
  readonly maxFindings?: number
}

/** The context of `setup`. */
export interface SetupContext<Options> {
  /** The module's options, checked and with its defaults. */
  readonly options: Options
  /** Name of this use of the module. */
  readonly name: string
  /** The logger of the run, with the module's name before each message. */
  readonly log: Logger
  /**
   * Reports a finding to later modules. Acknowledgement waits only for findings reported while a handler runs. Findings of a call that has
   * timed out, or of a module that has ended, are left out and counted (`dropped`).
   *
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a draft that is not as {@link FindingDraft} says.
   */
  readonly emit: (finding: FindingDraft) => void
  /**
   * For outputs: counts findings that could not be delivered and were put aside, as `deadLetters` of the module's status and metrics.
   * Ignores a number that is not a positive integer.
   */
  readonly countDeadLetters: (findings: number) => void
  /** Aborts when the call has timed out or the run stops all work: the handler should give up waiting. */
  readonly signal: AbortSignal
  /** The run's clock. Use it instead of `Date.now` and timers, so that tests need not wait. */
  readonly clock: Clock
}

/** The context of all other handlers. */
export interface ModuleContext<Options, State> extends SetupContext<Options> {
  /** What `setup` returned. */
  readonly state: State
  /** Number of this call for the same work: 1, or more under the policy `retry`. */
  readonly attempt: number
  /** Milliseconds since the first call for the same work began. */
  readonly sinceMs: number
}

/** Which handlers a module uses, when that depends on its options. */
export interface ModuleWants {
  /** Default: whether it has `onCertificate` or `onBatch`. */
  readonly certificates?: boolean
  /** Default: whether it has `onFinding` or `onFindings`. */
  readonly findings?: boolean
}

/** Definition of a module for {@link defineModule}. At most one of `onCertificate` and `onBatch`, and of `onFinding` and `onFindings`. */
export interface ModuleDefinition<Options, State> {
  /** 1 to 64 of `a` to `z`, digits, `-`, `_`, `.` and `/`. */
  readonly name: string
  /** One line for lists of modules. */
  readonly description?: string
  /** Schema that checks the options and fills in defaults; editors use its JSON schema. Without one the module takes no options. */
  readonly options?: z.ZodType<Options>
  /**
   * Whether acknowledgement waits for this module: an entry is finished when this module has finished it and every finding about it from
   * earlier modules. Default `false`.
   */
  readonly acknowledge?: boolean
  /** Names of modules that must come before this one, if they are used. */
  readonly after?: readonly string[]
  /** Default limits of this module. Default: those of {@link ModuleLimits}. */
  readonly limits?: ModuleLimits
  /** Which handlers it uses. Default: all that are defined. */
  wants?(options: Options): ModuleWants
  /** Runs once, before the source is read, in the order of the modules. What it returns is the `state` of all other handlers. */
  setup?(context: SetupContext<Options>): State | Promise<State>
  /** Called with one certificate, in the order of the source unless `concurrency` is above 1. */
  onCertificate?(certificate: CtCertificate, context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
  /** Called with a batch of certificates as they arrived: at least one, all of one log. */
  onBatch?(
    certificates: readonly CtCertificate[],
    context: ModuleContext<Options, Awaited<State>>,
  ): void | Promise<void>
  /** Called with one finding of an earlier module. */
  onFinding?(finding: Finding, context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
  /** Called with all waiting findings, up to 1,000, for outputs that write or send many at once. */
  onFindings?(findings: readonly Finding[], context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
  /** Runs once after the last work, before the drain of later modules: the last chance to report. */
  drain?(context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
  /** Runs once at the very end, in reverse order, if `setup` succeeded: releases what `setup` opened. */
  teardown?(context: ModuleContext<Options, Awaited<State>>): void | Promise<void>
}

/** How one use of a module differs from its definition. */
export interface ModuleUse {
  /** Name of this use. Needed when a module is used twice, as names are unique in a run. */
  readonly name?: string
  /** Whether acknowledgement waits for it. Default: that of the definition. */
  readonly acknowledge?: boolean
  /** Names of modules that must come before it, in addition to those of the definition. */
  readonly after?: readonly string[]
  /** Limits that override those of the definition. */
  readonly limits?: ModuleLimits
}

/** A module with its options and settings for one use. */
export interface ConfiguredModule extends ModuleUse {
  /** The module, made by {@link defineModule}. */
  readonly module: Module
  /** Input for the module's schema, not checked yet. */
  readonly options?: unknown
}

/** A module. Only {@link defineModule} makes one. */
export interface Module<Input = never> extends ModuleDefinition<unknown, unknown> {
  /** Combines this module with options, for `runModules`, which checks them. */
  with(options: Input, use?: ModuleUse): ConfiguredModule
}

/** Marks modules, so that those made by another copy of the package are recognized. */
const brand = Symbol.for('ct-stream.module')

/**
 * Makes a module, which watches, analyses or passes on certificates.
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
    /** As in {@link ModuleDefinition}; handlers get the output of this schema. */
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
