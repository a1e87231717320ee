import { z } from 'zod'
import { CtStreamError } from '../errors.js'
import type { Transport } from '../http/transport.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock, Logger } from '../types/clock.js'
import { quietController } from '../util/abort.js'
import { elapsedOf } from '../util/clock.js'
import { harmless } from '../util/harmless.js'
import { isLoopback } from '../util/loopback.js'
import { CertificateCache } from './certificate-cache.js'
import { draftOf, isOfOwnNames } from './concern-draft.js'
import { defineModule, type Module, type ModuleContext } from './definition.js'
import { FoldedAlerts } from './folded-alerts.js'
import { isUrl } from './list-source.js'
import { listTransport } from './list-transport.js'
import type { ModuleCall } from './module-call.js'
import { ReportedAlerts } from './reported-alerts.js'
import { threadable } from './threads/threadable.js'
import { isRule, LIST_NAMES, WatchedLists } from './watched-lists.js'

const LONGEST_WAIT_MS = 16_000

const entries = z.array(z.string().min(1))
const source = z
  .string()
  .min(1)
  .refine((from) => !isUrl(from) || isSafeUrl(from), 'must be a path, or an https URL (http on this machine only)')
const sources = z.array(source).optional()

const options = z
  .strictObject({
    own: entries
      .optional()
      .describe('Names of yours: example.com (and all below), =mail.example.com, *.example.com, ip:192.0.2.0/24.'),
    brands: z
      .array(
        z.strictObject({
          name: z.string().min(1).describe('As findings show it; unique.'),
          tokens: entries.min(1).describe('How it is written in names, such as paypal.'),
          domains: entries.default([]).describe('Official domains: they, and all below, are no look-alikes.'),
          allow: entries.optional().describe('More domains that are no look-alikes of this brand.'),
        }),
      )
      .optional()
      .describe('Brands whose look-alikes are searched for.'),
    words: entries.optional().describe('word (a whole label), word*, *word, *word*.'),
    patterns: entries.optional().describe("Regular expressions in RE2's syntax, on the whole name."),
    allow: entries.optional().describe('Domains that are no look-alike of any brand.'),
    issuers: entries
      .optional()
      .describe(
        'Expected issuers of own names: key:SHA-256, id:KEYID, owner:CA (as in CAA records), or an organization.',
      ),
    wildcardIssuers: entries.optional().describe('Expected issuers of own names with a wildcard. Default: issuers.'),
    validation: z
      .array(z.enum(['DV', 'OV', 'IV', 'EV']))
      .min(1)
      .optional()
      .describe('Expected validation levels of own names.'),
    keys: entries.min(1).optional().describe('Expected keys of own names: RSA 3072 (at least), EC, EC P-256.'),
    maxDays: z.number().int().min(1).max(36_500).optional().describe('Longest validity of certificates of own names.'),
    known: entries.optional().describe('Certificates of yours: issuance:ID, key:SHA-256, name:NAME.'),
    mentions: z.boolean().default(false).describe('Report own domains in e-mail addresses and URIs, too.'),
    lists: z
      .strictObject({
        own: sources,
        brands: sources,
        words: sources,
        patterns: sources,
        allow: sources,
        issuers: sources,
        known: sources,
      })
      .default({})
      .describe(
        'Files and URLs with more of each list, an entry a line; # begins a comment. Brands: `Name: tokens and domains`, or a JSON array.',
      ),
    reloadMs: z
      .number()
      .int()
      .min(1000)
      .max(86_400_000)
      .default(300_000)
      .describe('How often lists are looked at for changes, milliseconds.'),
    lookalikeScore: z.number().min(0).max(100).default(60).describe('Look-alikes below this score are not reported.'),
    lookalikeEveryMs: z
      .number()
      .int()
      .min(0)
      .max(31_536_000_000)
      .default(86_400_000)
      .describe(
        'Look-alikes of a brand below one registrable domain are one alert in this time, milliseconds, and the next says how many more there were; 0: an alert for each certificate.',
      ),
    quiet: z
      .array(z.string())
      .default(['renewal', 'known'])
      .describe('Kinds that are not reported: what is expected of your own names.'),
    unreadablePerHour: z
      .number()
      .int()
      .min(0)
      .default(10)
      .describe(
        'Entries that cannot be parsed, or have names that cannot be read, and so could concern you: how many are reported, at most.',
      ),
  })
  .refine(
    (given) => LIST_NAMES.some((list) => isRule(list) && hasAny(given[list], given.lists[list])),
    'nothing to watch: give `own`, `brands`, `words`, `patterns`, or one of them in `lists`',
  )

/** Options of {@link watchlist}. */
export type WatchlistModuleOptions = z.input<typeof options>

/** Functions that the module uses, for programs that replace them; all optional. */
export interface WatchlistModuleTools {
  /** Fetches lists at URLs. Default: pools of undici. */
  readonly fetch?: typeof fetch
}

interface State {
  readonly lists: WatchedLists
  /** Issuances reported for their issuer, so that their final certificates, which do not show its key, are not reported as well. */
  readonly alarmed: CertificateCache
  readonly unreadable: Allowance
  readonly lookalikes: FoldedAlerts
  readonly end: () => Promise<void>
}

/**
 * Makes the module {@link watchlist} with your own `fetch`.
 *
 * @example
 * runModules(stream, [watchlistModule({ fetch: myFetch }).with({ own: ['example.com'] }), jsonl.with({ file: 'alerts.jsonl' })])
 */
export function watchlistModule(tools: WatchlistModuleTools = {}): Module<WatchlistModuleOptions> {
  const module = defineModule({
    name: 'watchlist',
    description: 'who issues for your names, and which names look like your brands',
    options,
    async setup(context): Promise<State> {
      const { options: given, log, clock, signal } = context
      const { keepsake, rememberFindingsMs = 0 } = context as Partial<ModuleCall>
      const { lists: files, reloadMs, lookalikeScore, lookalikeEveryMs, quiet, unreadablePerHour, ...rules } = given
      let transport: Promise<Transport> | undefined
      const lists = new WatchedLists({
        rules: withoutUndefined(rules),
        files,
        log,
        transport: () => (transport ??= listTransport(tools.fetch)),
        clock,
        keepsake,
      })
      const over = quietController()
      let reloading = Promise.resolve()
      const end = async () => {
        over.abort()
        await reloading
        await (await transport)?.close()
      }
      // Those kept by a thread before are looked at for changes at once, and nobody waits for that.
      let firstMs = 0
      try {
        if (!lists.openKept()) {
          await openInTime(lists, log, clock, signal)
          firstMs = reloadMs
        }
      } catch (error) {
        await end()
        throw error
      }
      const failed = (error: unknown) => log.error(`lists are not reloaded any more: ${error}`)
      if (lists.hasFiles) reloading = reloadAgain(lists, clock, [firstMs, reloadMs], over.signal).catch(failed)
      const alarmed = new CertificateCache({ by: 'issuance', maxEntries: 10_000, clock })
      const elapsed = elapsedOf(clock)
      const ttlMs = Math.max(lookalikeEveryMs, rememberFindingsMs)
      const reported = new ReportedAlerts({ ttlMs, clock, elapsed, keepsake })
      const lookalikes = new FoldedAlerts(lookalikeEveryMs, elapsed, reported)
      return { lists, alarmed, unreadable: new Allowance(unreadablePerHour, clock), lookalikes, end }
    },
    onCertificate: report,
    teardown({ state, log, options }) {
      const { count } = state.lookalikes
      if (count > 0)
        log.info(
          `${count} more certificates of look-alikes that were reported (lookalikeEveryMs: ${options.lookalikeEveryMs})`,
        )
      return state.end()
    },
  })
  return tools.fetch === undefined ? threadable(module, 'watchlist') : module
}

/**
 * Reports certificates of your names and of names that look like your brands: {@link Watchlist} as a module.
 *
 * ```ts
 * const watch = watchlist.with({ own: ['example.com'], brands: [{ name: 'Example', tokens: ['example'], domains: ['example.com'] }] })
 * await runModules(ctStream({ acknowledge: 'manual' }), [watch, webhook.with({ url })]).done
 * ```
 *
 * A finding's `kind` is the class (see {@link ConcernClass}): `new-name`, `unexpected-issuer`, `against-policy`, `lookalike` and so on. Its `subject` is
 * `own names`, `issuer of own names`, brand and registrable domain, word or pattern: one finding for each and each issuance, a
 * precertificate and its certificate together. Reasons say which name, where in it, and what that adds to the score.
 *
 * A look-alike often gets many certificates: those below one registrable domain are one finding in `lookalikeEveryMs` (a day), unless a
 * later one is more severe; the next finding says how many were left out. After a restart the first is reported again.
 *
 * Lists in files and at URLs are checked for changes every `reloadMs`. A file is read when it has not changed for two seconds, or after half a
 * minute of changes, since half of a list is a valid list. One that cannot be read, is empty or has an invalid line stays as it was, with one
 * warning. At the start it fails the setup; if only its server does not answer, after half a minute of retries.
 */
export const watchlist: Module<WatchlistModuleOptions> = watchlistModule()

export default watchlist

function report(certificate: CtCertificate, context: ModuleContext<z.output<typeof options>, State>): void {
  const { state, options } = context
  for (const concern of state.lists.watchlist.concerns(certificate)) {
    const { class: kind, score } = concern
    if (options.quiet.includes(kind)) continue
    if (kind === 'lookalike' && score < options.lookalikeScore) continue
    if (kind === 'unreadable' && !state.unreadable.take()) continue
    const folding = kind === 'lookalike' ? state.lookalikes.take(concern) : undefined
    if (folding?.kind === 'folded') continue
    if (kind === 'unexpected-issuer') state.alarmed.add(certificate)
    else if (isOfOwnNames(concern) && state.alarmed.has(certificate)) continue
    context.emit(draftOf(concern, folding?.foldedBefore))
  }
}

/** Retries for half a minute when a server does not answer: a service may start before the network is up. */
async function openInTime(lists: WatchedLists, log: Logger, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let waitMs = 1000; ; waitMs *= 2) {
    try {
      return await lists.open(signal)
    } catch (error) {
      if (!CtStreamError.is(error) || !error.retryable || waitMs > LONGEST_WAIT_MS) throw error
      log.warn(`a list cannot be read yet, which is tried again in ${waitMs / 1000} s: ${harmless(error.message)}`)
      await clock.sleep(waitMs, signal)
    }
  }
}

async function reloadAgain(
  lists: WatchedLists,
  clock: Clock,
  [firstMs, everyMs]: readonly [firstMs: number, everyMs: number],
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let ms = firstMs; ; ms = everyMs) {
      await clock.sleep(ms, signal)
      await lists.reload(signal)
    }
  } catch (error) {
    // Such as an error of the caller's clock.
    if (!signal.aborted) throw error
  }
}

/** Allows a number of reports in each hour. */
class Allowance {
  private readonly most: number
  private readonly elapsed: () => number
  private since: number | undefined
  private used = 0

  constructor(most: number, clock: Clock) {
    this.most = most
    this.elapsed = elapsedOf(clock)
  }

  take(): boolean {
    const now = this.elapsed()
    if (this.since === undefined || now - this.since >= 3_600_000) {
      this.since = now
      this.used = 0
    }
    return this.used++ < this.most
  }
}

/** https, or this machine: nobody on the network may alter a list. */
function isSafeUrl(from: string): boolean {
  const url = URL.canParse(from) ? new URL(from) : undefined
  return url?.protocol === 'https:' || isLoopback(url?.hostname ?? '')
}

function hasAny(...lists: (readonly unknown[] | undefined)[]): boolean {
  return lists.some((list) => list !== undefined && list.length > 0)
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never
}
