import type { Clock, Logger } from '../types/clock.js'
import { systemClock } from '../util/clock.js'
import { integerOption, objectOption } from '../util/options.js'
import { prepareModules } from './configure.js'
import type { ConfiguredModule, Module } from './definition.js'
import { Run } from './module-run.js'
import { type ModuleSource, pagedSource } from './source.js'
import type { ModulesStatus } from './status.js'
import { inThreads } from './threads/in-threads.js'
import { threadsOption } from './threads/threads-option.js'

/** Options of {@link runModules}; all optional. */
export interface RunModulesOptions {
  /** Default: silent. Each module's messages begin with its name in brackets. */
  readonly logger?: Logger
  /** Stops the run, as `stop()` does. */
  readonly signal?: AbortSignal
  /** How long one `setup` may take, milliseconds, 10 to 86,400,000. Default 60,000. */
  readonly setupTimeoutMs?: number
  /**
   * How long modules may continue their work after `stop()` or a failure, milliseconds, 0 to 86,400,000. Work not finished by then is not
   * acknowledged. Default 30,000. At the end of the source there is no such bound: all work is finished unless `stop()` is called.
   */
  readonly drainTimeoutMs?: number
  /** How long one `teardown`, and closing the source, may take, milliseconds, 10 to 86,400,000. Default 10,000. */
  readonly teardownTimeoutMs?: number
  /**
   * Most findings remembered so that they are not reported again; the oldest are forgotten first. 1 to 50,000,000, default 100,000, 48
   * bytes each.
   */
  readonly rememberedFindings?: number
  /** How long findings are remembered, milliseconds, 1000 to 31,536,000,000. Default a day. */
  readonly rememberFindingsMs?: number
  /**
   * Threads beside the caller's that run modules of this package, `watchlist` and `intelligence`, made without objects of your program: 0
   * to 16, no more than there are such modules. Findings, their order and ids, acknowledgement, limits and counters are the same with and
   * without, except that the source always waits for these modules (`limits.whenFull`), and that later certificates go on while one that
   * failed is tried again. Of a call that takes longer than `limits.timeoutMs` the thread is asked whether it is there: one that is not, for
   * 5 s, is ended; work at which three threads in a row had to be ended has failed. A thread that ends is replaced: its modules are set up again, for as long as that takes, without what they
   * remembered, and get what they had not finished. Other modules run in the caller's thread, as do all with a
   * `clock` of yours. Default 0.
   */
  readonly threads?: number
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Uniform in [0, 1), for waits between attempts. Default `Math.random`. */
  readonly random?: () => number
}

/** A run of modules. */
export interface ModuleRun extends AsyncDisposable {
  /**
   * Resolves when the source has ended, or `stop()` was called, and every module is torn down. Rejects, at the same point, with the error
   * that ended the run: `CT_MODULE_FAILED` of a module, or what the source threw.
   */
  readonly done: Promise<void>
  /** The state at this moment; also after the end. */
  status(): ModulesStatus
  /** Stops reading, lets modules finish their work, tears them down and closes the source. Idempotent; settles as `done` does. */
  stop(): Promise<void>
}

const OPTIONS = [
  'logger',
  'signal',
  'setupTimeoutMs',
  'drainTimeoutMs',
  'teardownTimeoutMs',
  'rememberedFindings',
  'rememberFindingsMs',
  'threads',
  'clock',
  'random',
] as const
const DAY = 86_400_000

/**
 * Gives every certificate of a source to modules.
 *
 * Modules are set up in order. Then each works at its own pace from its own queue, so that one that is slow, throws or hangs delays no
 * other while its queue has room. When a queue is full, further work for that module is dropped, or the source waits (`limits.whenFull`);
 * for a module with `acknowledge: true` the source, and modules that report to it, always wait.
 *
 * With a `CtStream` of `acknowledge: 'manual'`, an entry is acknowledged when every module with `acknowledge: true` has finished it and all
 * findings about it; without such a module, as soon as it is handed out. Entries not acknowledged come again after a restart.
 *
 * The source is closed at the end.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` and `CT_MODULE_INVALID` at once, before anything runs.
 */
export function runModules(
  source: ModuleSource,
  modules: readonly (Module | ConfiguredModule)[],
  options: RunModulesOptions = {},
): ModuleRun {
  const given = objectOption<RunModulesOptions>('options', options, OPTIONS)
  const ms = (name: keyof RunModulesOptions, min: number, fallback: number) =>
    integerOption(name, given[name], min, DAY, fallback)
  const prepared = prepareModules(modules)
  const { logger, clock = systemClock, random = Math.random } = given
  const threads = threadsOption('threads', given.threads)
  const run = new Run(
    pagedSource(
      source,
      prepared.some(({ isWaitedFor }) => isWaitedFor),
    ),
    // A clock of the caller's lives in this thread.
    inThreads(prepared, { threads: clock === systemClock ? threads : 0, clock, random, logger }),
    {
      logger,
      clock,
      random,
      setupTimeoutMs: ms('setupTimeoutMs', 10, 60_000),
      drainTimeoutMs: ms('drainTimeoutMs', 0, 30_000),
      teardownTimeoutMs: ms('teardownTimeoutMs', 10, 10_000),
      rememberedFindings: integerOption('rememberedFindings', given.rememberedFindings, 1, 50_000_000, 100_000),
      rememberFindingsMs: integerOption('rememberFindingsMs', given.rememberFindingsMs, 1000, 365 * DAY, DAY),
    },
  )
  return run.start(given.signal)
}
