import type { KeyObject } from 'node:crypto'
import type { Clock } from '../types/clock.js'
import type { LogKind } from '../types/log.js'
import { systemClock } from '../util/clock.js'
import { booleanOption, choiceOption, integerOption, objectOption } from '../util/options.js'
import type { ServingRules } from './content.js'
import type { TestLogEntry } from './stored-entry.js'

/** Options of {@link createTestLog}; all optional. */
export interface TestLogOptions {
  /** `'both'`: one tree behind both protocols. Default `'rfc6962'`. */
  readonly kind?: LogKind | 'both'
  /** Added and published before the log is up. Default none: a log with a head of size 0. */
  readonly entries?: Iterable<TestLogEntry>
  /** A P-256 private key (`KeyObject` or PEM). Default a new one. */
  readonly key?: KeyObject | string
  /** Most entries in a get-entries answer, 1 to 10,000. Default 256. */
  readonly pageSize?: number
  /**
   * `true`: an answer as large as `pageSize` ends on a multiple of it, so that an unaligned client gets one short answer;
   * `'always'`: no answer crosses a multiple of `pageSize`, as with Google's and DigiCert's logs; `false`: neither.
   * Default `true`.
   */
  readonly align?: boolean | 'always'
  /** Maximum merge delay of its list entry and spec, seconds. Default 86,400, or 60 for `'static-ct'`. */
  readonly mmd?: number
  /** Source of timestamps, and what delays wait on. Default the machine's. */
  readonly clock?: Clock
  /** Origin line of checkpoints. Default the submission URL without scheme and trailing slash. */
  readonly origin?: string
  /** Name for people. Default `ct-stream test log`. */
  readonly description?: string
  /** Name of its operator. Default `ct-stream tests`. */
  readonly operator?: string
  /** Interval of `notAfter` in its list entry. Default none. */
  readonly temporalInterval?: { readonly startInclusive: Date; readonly endExclusive: Date }
  /** Whether data tiles are compressed: always, only for clients that ask, or never. Default `'always'`. */
  readonly gzip?: 'always' | 'negotiated' | 'never'
  /** Adds signature lines to checkpoints that mean nothing, in random order, as Sunlight does. Default `true`. */
  readonly grease?: boolean
  /** Number of witnesses that cosign checkpoints (Ed25519), 0 to 16. Default 0. */
  readonly witnesses?: number
  /** Keeps serving partial tiles whose full tile exists. Default `false`. */
  readonly keepPartialTiles?: boolean
  /** Signs a new head for every `get-sth`, as DigiCert's logs do. Default `false`. */
  readonly freshHeads?: boolean
  /** Renders all full pages and tiles when they are published, and keeps them: for benchmarks. Default `false`. */
  readonly prerender?: boolean
  /** Bound on rendered answers kept, bytes; without effect under `prerender`. Default 64 MiB. */
  readonly cacheBytes?: number
  /** Requests kept in `requests`; the oldest go first. Default 10,000. */
  readonly recordRequests?: number
}

const OPTION_NAMES = [
  'kind',
  'entries',
  'key',
  'pageSize',
  'align',
  'mmd',
  'clock',
  'origin',
  'description',
  'operator',
  'temporalInterval',
  'gzip',
  'grease',
  'witnesses',
  'keepPartialTiles',
  'freshHeads',
  'prerender',
  'cacheBytes',
  'recordRequests',
] as const satisfies readonly (keyof TestLogOptions)[]

/** Options of a log, checked and complete, except for what the log makes of them itself. */
export interface TestLogSettings {
  readonly kind: LogKind | 'both'
  readonly rules: ServingRules
  readonly mmd: number
  readonly clock: Clock
  readonly origin: string | undefined
  readonly description: string
  readonly operator: string
  readonly interval: TestLogOptions['temporalInterval']
  readonly gzip: 'always' | 'negotiated' | 'never'
  readonly grease: boolean
  readonly witnesses: number
  readonly freshHeads: boolean
  readonly prerender: boolean
  readonly cacheBytes: number
  readonly recordRequests: number
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong option. */
export function testLogSettings(given: TestLogOptions): TestLogSettings {
  const options = objectOption<TestLogOptions>('options', given, OPTION_NAMES)
  const kind = choiceOption('kind', options.kind, ['rfc6962', 'static-ct', 'both'], 'rfc6962')
  const { align = true } = options
  if (align !== 'always') booleanOption('align', align, true)
  return {
    kind,
    rules: {
      pageSize: integerOption('pageSize', options.pageSize, 1, 10_000, 256),
      align,
      keepPartialTiles: booleanOption('keepPartialTiles', options.keepPartialTiles, false),
    },
    mmd: integerOption('mmd', options.mmd, 1, 10_000_000, kind === 'static-ct' ? 60 : 86_400),
    clock: options.clock ?? systemClock,
    origin: options.origin,
    description: options.description ?? 'ct-stream test log',
    operator: options.operator ?? 'ct-stream tests',
    interval: options.temporalInterval,
    gzip: choiceOption('gzip', options.gzip, ['always', 'negotiated', 'never'], 'always'),
    grease: booleanOption('grease', options.grease, true),
    witnesses: integerOption('witnesses', options.witnesses, 0, 16, 0),
    freshHeads: booleanOption('freshHeads', options.freshHeads, false),
    prerender: booleanOption('prerender', options.prerender, false),
    cacheBytes: integerOption('cacheBytes', options.cacheBytes, 0, Number.MAX_SAFE_INTEGER, 64 * 2 ** 20),
    recordRequests: integerOption('recordRequests', options.recordRequests, 0, 10_000_000, 10_000),
  }
}
