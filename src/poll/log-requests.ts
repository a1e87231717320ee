import { CtStreamError } from '../errors.js'
import type { LogClient, PublishedHead, RequestOptions } from '../logs/client.js'
import type { CompactRange } from '../merkle/compact-range.js'
import type { Clock } from '../types/clock.js'
import type { EntryBatch } from '../types/entries.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { abortable, type LinkedController, linkedController } from '../util/abort.js'
import { type BackoffPolicy, backoffDelay } from '../util/backoff.js'
import { Waits } from '../util/waits.js'

/** How many entries a log is asked for at once. */
export interface PageSizes {
  /** How many of the next `count` entries to ask for: at least one. */
  atMost(count: number): number
  /** A request for `count` entries failed, in a way in which one for too many may fail. */
  failed(count: number): void
}

/** How to ask for entries. */
export interface EntriesOptions extends RequestOptions {
  /** Looked at before each attempt, so that one that failed may ask for fewer. Default: all that are wanted. */
  readonly sizes?: PageSizes
  /** Called before each attempt with the number of entries that it asks for. */
  readonly onAsk?: (count: number) => void
}

/** Runs a request when its operator has room for it. */
export type Schedule = <T>(request: () => Promise<T>, options: { priority: number; signal: AbortSignal }) => Promise<T>

export interface LogRequestsOptions {
  readonly schedule: Schedule
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  /** Whether a head has verified with the log's key before: a signature that does not is then no matter of a wrong key. */
  readonly keyHasVerified: boolean
  /** Called for each failed attempt, before the wait. */
  readonly onFailure: (error: CtStreamError) => void
  /** Called when a request succeeds. */
  readonly onAnswer: () => void
  /** Called when a request succeeds after one that failed. */
  readonly onRecovery: () => void
}

/**
 * Waits between attempts that may well succeed, and between those that most likely need somebody to change something. Both
 * begin alike: a deployment or a cache answers with 400, 404 or 410 for some seconds, too.
 */
const RETRYABLE: BackoffPolicy = { baseMs: 500, maxMs: 60_000 }
const UNLIKELY: BackoffPolicy = { baseMs: 500, maxMs: 900_000 }
/** Rounds of failures in a row after which a log is asked one thing at a time. */
const BREAKER_AFTER = 4

/** Why an attempt ends, and the wait after it, when the log is elsewhere now. */
const MOVED: unknown = Object.freeze(new Error('the log has moved'))

/** Codes that say an answer arrived and was wrong: not a matter of asking again politely, but of proof. */
const DISPROOFS: ReadonlySet<string> = new Set([
  'CT_HEAD_SIGNATURE',
  'CT_HEAD_CONFLICT',
  'CT_HEAD_ROLLBACK',
  'CT_CONSISTENCY',
  'CT_INCLUSION',
  'CT_ROOT_MISMATCH',
])

/** How requests fail that a log, or a gateway before it, cannot answer: for this reason among others. */
const FAULTS: ReadonlySet<string> = new Set([
  'CT_HTTP_STATUS',
  'CT_HTTP_TIMEOUT',
  'CT_HTTP_NETWORK',
  'CT_RESPONSE_MALFORMED',
])

/**
 * Whether a request for entries may have failed because they were too many. Not what says something else: too many requests, nothing
 * there, a replica that lags behind (a 400 that is retryable). A client sees itself to answers that were larger than it takes.
 */
function mayBeTooMany({ code, status, retryable }: CtStreamError): boolean {
  if (!FAULTS.has(code) || status === 404 || status === 429) return false
  return status !== 400 || !retryable
}

/** An attempt that failed: after so many rounds of failures in a row, and repetitions. */
interface FailedAttempt {
  readonly round: number
  readonly repeated: number
  readonly attempt: AbortSignal
  readonly onFailure: ((error: CtStreamError) => void) | undefined
}

/** Whether `error` says that what a log served contradicts what it signed. */
export function isDisproof(error: unknown): error is CtStreamError {
  return CtStreamError.is(error) && DISPROOFS.has(error.code)
}

/**
 * Asks one log, for ever: a failed request is repeated with growing, capped, jittered waits until it succeeds, or the
 * stream closes. Answers that disprove something are not repeated here but thrown.
 *
 * After several failures in a row a breaker opens for this log: of all its pending requests one at a time is tried, the
 * others wait for its outcome. Being told to slow down (429) makes the request wait, and opens no breaker.
 */
export class LogRequests {
  requests = 0
  retries = 0
  private readonly options: LogRequestsOptions
  private current: LogClient
  /** Attempts under way, each with the wait after it. */
  private readonly underWay = new Set<LinkedController>()
  /** Rounds of failures in a row: requests that were under way together and failed are one. */
  private failures = 0
  private probe: Promise<void> | undefined
  /** Whether a request failed, for whatever reason, and none succeeded since. */
  private inTrouble = false
  private keyHasVerified: boolean
  /** Before requests that failed are repeated. */
  private readonly waits: Waits

  constructor(client: LogClient, options: LogRequestsOptions) {
    this.current = client
    this.options = options
    this.keyHasVerified = options.keyHasVerified
    this.waits = new Waits(options.clock)
  }

  /** The log, where it is now. */
  get client(): LogClient {
    return this.current
  }

  /** Milliseconds until a request that failed is repeated, at the earliest; `undefined` when none waits for that. */
  get retryInMs(): number | undefined {
    return this.waits.leftMs
  }

  /** The log moved: what is under way or waits to be repeated is asked at its new address at once, as if nothing had failed. */
  moveTo(client: LogClient): void {
    const isElsewhere = client.log.url !== this.current.log.url
    this.current = client
    if (!isElsewhere) return
    this.failures = 0
    for (const attempt of this.underWay) attempt.abort(MOVED)
  }

  head(options: RequestOptions = {}): Promise<PublishedHead> {
    return this.persist(options, (o) => this.signedHead(o))
  }

  /** Fewer than wanted may come, also because fewer were asked for. */
  entries(start: number, end: number, options: EntriesOptions = {}): Promise<EntryBatch> {
    let count = end - start
    const ask = (o: RequestOptions) => {
      count = this.countOf(end - start, options)
      options.onAsk?.(count)
      return this.client.entries(start, start + count, o)
    }
    return this.persist(options, ask, (error) => {
      if (mayBeTooMany(error)) options.sizes?.failed(count)
    })
  }

  consistency(first: number, second: SignedHead, options: RequestOptions = {}): Promise<readonly Uint8Array[]> {
    return this.persist(options, (o) => this.client.consistency(first, second, o))
  }

  frontier(index: number, head: SignedHead, options: RequestOptions = {}): Promise<CompactRange> {
    return this.persist(options, (o) => this.client.frontier(index, head, o))
  }

  /** As {@link head}, but tried once, as are the others that begin with `try`: rejects with what went wrong. */
  tryHead(options: RequestOptions = {}): Promise<PublishedHead> {
    return this.once(options, (o) => this.signedHead(o))
  }

  tryEntries(start: number, end: number, options: RequestOptions = {}): Promise<EntryBatch> {
    return this.once(options, (o) => this.client.entries(start, end, o))
  }

  tryConsistency(first: number, second: SignedHead, options: RequestOptions = {}): Promise<readonly Uint8Array[]> {
    return this.once(options, (o) => this.client.consistency(first, second, o))
  }

  tryFrontier(index: number, head: SignedHead, options: RequestOptions = {}): Promise<CompactRange> {
    return this.once(options, (o) => this.client.frontier(index, head, o))
  }

  private async signedHead(options: RequestOptions): Promise<PublishedHead> {
    try {
      const head = await this.client.head(options)
      this.keyHasVerified = true
      return head
    } catch (error) {
      if (this.keyHasVerified || !CtStreamError.is(error) || error.code !== 'CT_HEAD_SIGNATURE') throw error
      throw keyMismatch(this.client.log, error)
    }
  }

  /** Tiles are fetched whole, however few of their entries are asked for. */
  private countOf(wanted: number, { sizes }: EntriesOptions): number {
    return sizes === undefined || this.client.log.kind === 'static-ct' ? wanted : sizes.atMost(wanted)
  }

  /** @param onFailure - Called for each failed attempt that is to be repeated, before the wait. */
  private async persist<T>(
    options: RequestOptions,
    ask: (options: RequestOptions) => Promise<T>,
    onFailure?: (error: CtStreamError) => void,
  ): Promise<T> {
    const { signal = this.options.signal } = options
    for (let repeated = 0; ; repeated++) {
      const endProbe = await this.turn(signal)
      const round = this.failures
      const attempt = linkedController(signal)
      this.underWay.add(attempt)
      try {
        const answer = await ask(this.scheduled({ ...options, signal: attempt.signal }))
        this.succeeded()
        return answer
      } catch (error) {
        options.onBytes?.(0)
        if (signal.aborted) throw signal.reason
        if (!attempt.signal.aborted) await this.judge(error, { round, repeated, attempt: attempt.signal, onFailure })
        // At its new address nothing has failed yet.
        if (attempt.signal.aborted) repeated = -1
      } finally {
        this.underWay.delete(attempt)
        attempt.unlink()
        endProbe?.()
      }
    }
  }

  /**
   * Waits until a request that failed may be repeated, or the log moves.
   * @throws what is not to be repeated.
   */
  private async judge(error: unknown, { round, repeated, attempt, onFailure }: FailedAttempt): Promise<void> {
    if (!CtStreamError.is(error) || isDisproof(error)) throw error
    onFailure?.(error)
    this.failed(error, round)
    try {
      await this.waits.sleep(this.delay(error, repeated), attempt)
    } catch (reason) {
      if (attempt.reason !== MOVED) throw reason
    }
  }

  private async once<T>(options: RequestOptions, ask: (options: RequestOptions) => Promise<T>): Promise<T> {
    const scheduled = this.scheduled(options)
    scheduled.signal.throwIfAborted()
    return await ask(scheduled)
  }

  private scheduled(options: RequestOptions): RequestOptions & { readonly signal: AbortSignal } {
    const { signal = this.options.signal, priority = 0 } = options
    // A proof from hash tiles takes several requests: each has its own turn, and counts.
    const schedule = <R>(request: () => Promise<R>): Promise<R> => {
      this.requests++
      return this.options.schedule(request, { priority, signal })
    }
    return { ...options, priority, signal, schedule }
  }

  /** Waits for this request's turn; while the breaker is open, the one that gets it ends it with the returned function. */
  private async turn(signal: AbortSignal): Promise<(() => void) | undefined> {
    while (this.failures >= BREAKER_AFTER && this.probe !== undefined) await abortable(this.probe, signal)
    if (this.failures < BREAKER_AFTER) return undefined
    let end: () => void = () => {}
    this.probe = new Promise((resolve) => {
      end = resolve
    })
    return () => {
      this.probe = undefined
      end()
    }
  }

  private succeeded(): void {
    this.options.onAnswer()
    if (this.inTrouble) this.options.onRecovery()
    this.inTrouble = false
    this.failures = 0
  }

  /** @param round - Failures in a row when the request began: what failed beside it since is the same trouble. */
  private failed(error: CtStreamError, round: number): void {
    this.retries++
    this.inTrouble = true
    if (error.status !== 429 && this.failures === round) this.failures++
    this.options.onFailure(error)
  }

  private delay(error: CtStreamError, attempt: number): number {
    // How long to leave an origin alone that asks for it is settled for all of its requests, where they are scheduled.
    if (error.status === 429) return error.retryAfterMs ?? backoffDelay(RETRYABLE, 0, this.options.random)
    // Where a log is changes with its list or with DNS: seldom.
    if (error.code === 'CT_ADDRESS_REFUSED')
      return backoffDelay(UNLIKELY, Number.POSITIVE_INFINITY, this.options.random)
    const policy = error.retryable ? RETRYABLE : UNLIKELY
    const own = backoffDelay(policy, Math.max(attempt, this.failures - 1), this.options.random)
    return Math.max(own, error.retryAfterMs ?? 0)
  }
}

/** A signature that does not verify says nothing of a log whose key is not known to be right. */
function keyMismatch({ id, url, kind }: LogInfo, cause: CtStreamError): CtStreamError {
  const mirrors = kind === 'static-ct' ? ', or the checkpoint is that of another log' : ''
  return new CtStreamError(
    'CT_KEY_MISMATCH',
    `${url}: no head verifies with the key given: it is the key of another log (see \`logs[].key\`, --key)${mirrors}`,
    { cause, url, logId: id },
  )
}
