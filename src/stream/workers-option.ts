import { availableParallelism } from 'node:os'
import type { CtStreamOptions } from '../types/stream-options.js'
import { integerOption } from '../util/options.js'

/** Number of threads in addition to the reader's. */
export interface WorkersSetting {
  readonly count: number
  /** Number of pages read in the reader's thread first. */
  readonly after: number
}

const MAX_WORKERS = 16
/** Most threads by default: one decoding reader cannot keep more busy. */
const MAX_BY_ITSELF = 4
/** A short run needs no thread: starting one takes as long as reading these pages. */
const FIRST_PAGES = 8
const NONE: WorkersSetting = Object.freeze({ count: 0, after: 0 })

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
export function workersOption(
  { workers = 'auto', end = 'never', clock, dispatcher, fetch }: CtStreamOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): WorkersSetting {
  const given = workers === 'auto' ? forTests(environment) : integerOption('workers', workers, 0, MAX_WORKERS, 0)
  // The caller's objects exist only in this thread.
  if (clock !== undefined || dispatcher !== undefined || fetch !== undefined) return NONE
  if (given !== undefined) return { count: given, after: 0 }
  const { bun, deno } = process.versions
  if (end === 'never' || bun !== undefined || deno !== undefined) return NONE
  return { count: threadsFor(availableParallelism()), after: FIRST_PAGES }
}

/**
 * Threads that pay on so many cores. One is for the reader's own thread, and one for its garbage collector, zlib and the rest of the machine:
 * on two cores, with the log's server on one of them, a thread cost 10 to 15 % of the rate (`test/bench/README.md`).
 */
export function threadsFor(cores: number): number {
  return Math.max(0, Math.min(MAX_BY_ITSELF, cores - 2))
}

/** `CT_STREAM_WORKERS`: runs the same tests with threads and without. */
function forTests({ CT_STREAM_WORKERS: text }: Readonly<Record<string, string | undefined>>): number | undefined {
  return text !== undefined && /^\d$/.test(text) ? Number(text) : undefined
}
