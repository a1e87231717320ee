import type { KeyObject } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../types/clock.js'
import type { LogKind, LogSpec, SignedHead } from '../types/log.js'
import { toBase64 } from '../util/bytes.js'
import { systemClock } from '../util/clock.js'
import { booleanOption, choiceOption, integerOption, objectOption, optionError } from '../util/options.js'
import { type Content, contentOf, type LogView, type ServingRules } from './content.js'
import {
  type ActiveFault,
  type Fault,
  type FaultHandle,
  FaultSet,
  flipBitOf,
  type TestLogFork,
  tamper,
} from './faults.js'
import { createTestLogList, type LogListLog, type TestLogList } from './log-list.js'
import { LogState } from './log-state.js'
import { LoopbackServer, send } from './loopback-server.js'
import { compress, RenderCache, type Rendered, render } from './render.js'
import { type Prefixes, type RecordedRequest, routeOf, type TestLogEndpoint, type TestLogRequest } from './requests.js'
import { LogKey, renderCheckpoint, Witness } from './signing.js'
import type { TestLogEntry } from './stored-entry.js'

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
  readonly description?: string
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

/**
 * Starts a CT log on a free port of 127.0.0.1, with real signatures, proofs and tiles: for testing what reads logs.
 *
 * Close it, or hold it with `await using`: an open log keeps the process alive.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong option or entry.
 * @example
 * await using log = await createTestLog({ kind: 'static-ct', entries: issueCertificates(1000) })
 * log.fault({ on: 'data-tile', times: 2, status: 503 })
 * for await (const cert of ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false })) …
 */
export async function createTestLog(options: TestLogOptions = {}): Promise<TestLog> {
  const log = new TestLog(objectOption<TestLogOptions>('options', options, OPTION_NAMES))
  await log.open(options.entries)
  return log
}

type Recorded = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] }

/** A running log; made by {@link createTestLog}. */
export class TestLog implements AsyncDisposable {
  readonly kind: LogKind | 'both'
  /** Base64 SubjectPublicKeyInfo. */
  readonly key: string
  /** Base64 of its SHA-256. */
  readonly logId: string
  readonly description: string
  readonly operator: string
  /** Seconds. */
  readonly mmd: number
  /** Public keys of the witnesses, in the order of their names `witness-0.example`, …; raw Ed25519, 32 bytes. */
  readonly witnessKeys: readonly Uint8Array[]

  private base = ''
  private readonly state: LogState
  private readonly forkStates = new WeakMap<TestLogFork, LogState>()
  private readonly logKey: LogKey
  private readonly clock: Clock
  private readonly originOption: string | undefined
  private readonly rules: ServingRules
  private readonly gzip: 'always' | 'negotiated' | 'never'
  private readonly grease: boolean
  private readonly freshHeads: boolean
  private readonly prerender: boolean
  private readonly interval: TestLogOptions['temporalInterval']
  private readonly witnesses: readonly Witness[]
  private readonly faults: FaultSet
  private readonly cache: RenderCache
  private readonly checkpoints = new WeakMap<SignedHead, string>()
  private readonly server: LoopbackServer
  private readonly closing = new AbortController()
  private readonly maxRecorded: number
  private readonly recorded: Recorded[] = []
  private readonly counts = new Map<TestLogEndpoint, number>()
  private prefixes: Prefixes
  private requestNumber = 0
  private prerendered = 0

  /** @internal Use {@link createTestLog}. */
  constructor(options: TestLogOptions) {
    this.kind = choiceOption('kind', options.kind, ['rfc6962', 'static-ct', 'both'], 'rfc6962')
    const { align = true } = options
    if (align !== 'always') booleanOption('align', align, true)
    this.rules = {
      pageSize: integerOption('pageSize', options.pageSize, 1, 10_000, 256),
      align,
      keepPartialTiles: booleanOption('keepPartialTiles', options.keepPartialTiles, false),
    }
    this.mmd = integerOption('mmd', options.mmd, 1, 10_000_000, this.kind === 'static-ct' ? 60 : 86_400)
    this.gzip = choiceOption('gzip', options.gzip, ['always', 'negotiated', 'never'], 'always')
    this.grease = booleanOption('grease', options.grease, true)
    this.freshHeads = booleanOption('freshHeads', options.freshHeads, false)
    this.prerender = booleanOption('prerender', options.prerender, false)
    this.maxRecorded = integerOption('recordRequests', options.recordRequests, 0, 10_000_000, 10_000)
    const cacheBytes = integerOption('cacheBytes', options.cacheBytes, 0, Number.MAX_SAFE_INTEGER, 64 * 2 ** 20)
    const witnessCount = integerOption('witnesses', options.witnesses, 0, 16, 0)
    this.clock = options.clock ?? systemClock
    this.originOption = options.origin
    this.description = options.description ?? 'ct-stream test log'
    this.operator = options.operator ?? 'ct-stream tests'
    this.interval = options.temporalInterval
    this.logKey = new LogKey(options.key)
    this.key = toBase64(this.logKey.spki)
    this.logId = toBase64(this.logKey.logId)
    this.witnesses = Array.from({ length: witnessCount }, (_, i) => new Witness(`witness-${i}.example`))
    this.witnessKeys = this.witnesses.map((witness) => Uint8Array.from(witness.publicKey))
    this.state = new LogState(this.logKey, this.clock, this.kind !== 'rfc6962')
    this.faults = new FaultSet(this.clock)
    this.cache = new RenderCache(this.prerender ? Number.POSITIVE_INFINITY : cacheBytes)
    this.prefixes = {
      rfc6962: this.kind === 'static-ct' ? undefined : '/',
      submission: this.kind === 'rfc6962' ? undefined : '/log/',
      monitoring: this.kind === 'rfc6962' ? undefined : '/mon/',
    }
    this.server = new LoopbackServer((request, response, connection) => this.handle(request, response, connection))
  }

  /** @internal */
  async open(entries: Iterable<TestLogEntry> | undefined): Promise<void> {
    if (entries !== undefined) this.add(entries)
    this.publish()
    this.base = await this.server.listen()
  }

  /** Where entries are read: the RFC 6962 base URL (also of `'both'`), or the monitoring prefix. Ends in `/`. */
  get url(): string {
    return this.kind === 'static-ct' ? this.monitoringUrl : `${this.base}/`
  }

  /** Submission prefix (only `get-roots` is there), or the base URL of an RFC 6962 log. Ends in `/`. */
  get submissionUrl(): string {
    return `${this.base}${this.prefixes.submission ?? '/'}`
  }

  /** Monitoring prefix, or the base URL of an RFC 6962 log. Ends in `/`. */
  get monitoringUrl(): string {
    return `${this.base}${this.prefixes.monitoring ?? '/'}`
  }

  /** Origin line of its checkpoints. */
  get origin(): string {
    return this.originOption ?? this.submissionUrl.replace(/^http:\/\//, '').replace(/\/$/, '')
  }

  /** What `ctStream({ logs: [log.spec] })` takes; of `'both'` the RFC 6962 side. */
  get spec(): LogSpec {
    return this.specs[0] as LogSpec
  }

  /** One for each protocol it speaks. */
  get specs(): readonly LogSpec[] {
    const { key, description, operator, mmd } = this
    const rfc6962: LogSpec = { kind: 'rfc6962', url: `${this.base}/`, key, description, operator, mmd }
    const submissionUrl = this.originOption === undefined ? this.submissionUrl : `https://${this.originOption}/`
    const { monitoringUrl } = this
    const staticCt: LogSpec = { kind: 'static-ct', monitoringUrl, submissionUrl, key, description, operator, mmd }
    return this.kind === 'both' ? [rfc6962, staticCt] : [this.kind === 'rfc6962' ? rfc6962 : staticCt]
  }

  /** A Chrome log list (schema v3) of this log alone. */
  get list(): TestLogList {
    return createTestLogList([this])
  }

  /** @internal What a log list says of it. */
  get listLog(): LogListLog {
    return { spec: this.spec, logId: this.logId, interval: this.interval }
  }

  /** Entries added, published or not. */
  get size(): number {
    return this.state.entries.length
  }

  /** The newest signed head. */
  get head(): SignedHead {
    return this.state.head
  }

  /** Every head signed, oldest first. */
  get heads(): readonly SignedHead[] {
    return this.state.heads
  }

  /** TCP connections accepted so far. */
  get connections(): number {
    return this.server.connectionCount
  }

  /** The last requests, oldest first, as many as `recordRequests`; answers are filled in as they are sent. */
  get requests(): readonly RecordedRequest[] {
    return this.recorded
  }

  /** Requests so far, of one endpoint or all; not bounded by `recordRequests`. */
  requestCount(endpoint?: TestLogEndpoint): number {
    return endpoint === undefined ? this.requestNumber : (this.counts.get(endpoint) ?? 0)
  }

  /** Forgets recorded requests and counts. */
  clearRequests(): void {
    this.recorded.length = 0
    this.counts.clear()
    this.requestNumber = 0
  }

  /**
   * Appends entries; they are served once {@link publish} is called.
   * @param options - `timestamp`: epoch milliseconds for all of them; default the clock's. Raw entries keep their own.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` for what is no entry; those before it stay added.
   */
  add(entries: Iterable<TestLogEntry>, options: { readonly timestamp?: number } = {}): void {
    this.state.add(entries, options.timestamp)
  }

  /** Signs a head over everything added, later than the one before. Publishing without new entries is allowed. */
  publish(): SignedHead {
    return this.published(undefined)
  }

  /** {@link publish} with a timestamp of your choice (epoch milliseconds), however wrong. */
  publishAt(timestamp: number): SignedHead {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0)
      throw optionError('timestamp', 'epoch milliseconds, a non-negative integer', timestamp)
    return this.published(timestamp)
  }

  /** The leaf hash of entry `index`, SHA-256(0x00 || leaf_input). */
  leafHash(index: number): Uint8Array {
    return this.state.tree.leafHash(index)
  }

  /** The root of the first `size` entries, published or not. */
  root(size: number): Uint8Array {
    return this.state.tree.root(size)
  }

  /** Entry `index` in the form of RFC 6962. */
  entry(index: number): { readonly leafInput: Uint8Array; readonly extraData: Uint8Array } {
    const entry = this.state.entries[index]
    if (entry === undefined) throw optionError('index', `an integer from 0 to ${this.size - 1}`, index)
    return { leafInput: Uint8Array.from(entry.leafInput()), extraData: Uint8Array.from(entry.extraData()) }
  }

  /** Makes something go wrong, see {@link Fault}. */
  fault(fault: Fault): FaultHandle {
    const handle = this.faults.add(fault)
    if (fault.from !== undefined && !this.forkStates.has(fault.from)) {
      handle.clear()
      throw optionError('fault.from', 'what `fork` of this log returned', fault.from)
    }
    return handle
  }

  clearFaults(): void {
    this.faults.clear()
  }

  /**
   * A second tree that shares the first `atIndex` entries and has the same key: add other entries to it, publish, and serve
   * it with a fault: `log.fault({ on: '*', from: fork })` is a split view.
   */
  fork(atIndex: number): TestLogFork {
    const state = this.state.fork(atIndex)
    const fork: TestLogFork = {
      get size() {
        return state.entries.length
      },
      add: (entries, options = {}) => state.add(entries, options.timestamp),
      publish: () => state.publish(undefined),
    }
    this.forkStates.set(fork, state)
    return fork
  }

  /** Stops serving; unanswered requests lose their connection. Idempotent. */
  async close(): Promise<void> {
    this.closing.abort()
    await this.server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private published(timestamp: number | undefined): SignedHead {
    const head = this.state.publish(timestamp)
    if (this.prerender) this.renderAhead(head)
    return head
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse, connection: number): Promise<void> {
    const request = this.receive(incoming, connection)
    const record = this.record(request)
    const active = this.faults.match(request, incoming.socket.remoteAddress ?? '')
    if (active === undefined) {
      if (incoming.method !== 'GET') return this.finish(response, record, notAllowed)
      const view = {
        state: this.state,
        head: this.freshHeads && request.endpoint === 'get-sth' ? this.published(undefined) : this.state.head,
      }
      const { content, answer } = this.honest(request, view)
      if (content.kind === 'entries') record.count = content.entries.length
      return this.finish(response, record, answer)
    }
    record.faulty = true
    await this.misbehave(request, record, active, incoming, response)
  }

  private receive(incoming: IncomingMessage, connection: number): TestLogRequest {
    const path = incoming.url ?? '/'
    return {
      ...routeOf(path, this.prefixes),
      method: incoming.method ?? 'GET',
      path,
      headers: incoming.headers,
      userAgent: incoming.headers['user-agent'],
      number: this.requestNumber++,
      connection,
      receivedAt: this.clock.now(),
    }
  }

  private record(request: TestLogRequest): Recorded {
    const record: Recorded = { ...request, status: undefined, bytes: 0, count: undefined, faulty: false }
    this.counts.set(request.endpoint, (this.counts.get(request.endpoint) ?? 0) + 1)
    this.recorded.push(record)
    if (this.recorded.length > this.maxRecorded) this.recorded.shift()
    return record
  }

  private finish(response: ServerResponse, record: Recorded, answer: Rendered): void {
    record.status = answer.status
    record.bytes = send(response, answer.status, answer.headers, answer.body)
  }

  /** What this log says when nothing is wrong; from the cache where the answer cannot change. */
  private honest(request: TestLogRequest, view: LogView): { content: Content; answer: Rendered } {
    const content = contentOf(request, view, this.rules)
    const key = this.cacheKey(request, content, view)
    const cached = key === undefined ? undefined : this.cache.get(key)
    if (cached !== undefined) return { content, answer: cached }
    const answer = this.encode(request, this.write(request, content))
    if (key !== undefined) this.cache.set(key, answer)
    return { content, answer }
  }

  private cacheKey(request: TestLogRequest, content: Content, { state }: LogView): string | undefined {
    if (content.kind === 'entries') {
      const encoding = this.compresses(request) ? 'gzip' : 'identity'
      return `${state.id}/${request.endpoint}/${content.start}+${content.entries.length}/${content.full}/${encoding}`
    }
    return content.kind === 'tile' ? `${state.id}/tile/${request.level}/${request.index}/${request.width}` : undefined
  }

  private write(request: TestLogRequest, content: Content): Rendered {
    return render(request, content, (head) => {
      let note = this.checkpoints.get(head)
      if (note === undefined) {
        const { grease, witnesses } = this
        note = renderCheckpoint(head, this.origin, this.logKey.logId, { grease, witnesses })
        this.checkpoints.set(head, note)
      }
      return note
    })
  }

  private encode(request: TestLogRequest, answer: Rendered): Rendered {
    return answer.status === 200 && this.compresses(request) ? compress(answer) : answer
  }

  private compresses(request: TestLogRequest): boolean {
    if (request.endpoint !== 'data-tile' || this.gzip === 'never') return false
    return this.gzip === 'always' || /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  }

  private async misbehave(
    request: TestLogRequest,
    record: Recorded,
    active: ActiveFault,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { fault } = active
    if (fault.delayMs !== undefined) {
      const slept = await this.clock.sleep(fault.delayMs, this.closing.signal).then(
        () => true,
        () => false,
      )
      if (!slept) return
    }
    if (fault.hang === true) return
    if (fault.disconnect) {
      incoming.socket.destroy()
      return
    }
    const answer = this.faultyAnswer(request, record, active)
    const { status, headers } = answer
    const body = fault.truncate === undefined ? answer.body : answer.body.subarray(0, fault.truncate)
    const cutAfter = fault.hang === 'body' ? Math.floor(body.length / 2) : fault.cutAfter
    const { closeConnection } = fault
    record.status = status
    record.bytes = send(response, status, headers, body, { cutAfter, silent: fault.hang === 'body', closeConnection })
  }

  private faultyAnswer(request: TestLogRequest, record: Recorded, active: ActiveFault): Rendered {
    const { fault } = active
    const written = this.faultyContent(request, record, active)
    const headers = { ...written.headers, ...retryAfterHeader(active, this.clock), ...fault.headers }
    let body = written.body
    if (fault.flipBit?.in === 'body') body = Buffer.from(flipBitOf(body, fault.flipBit.byte, fault.flipBit.bit ?? 0))
    if (fault.badBase64) body = spoilBase64(body)
    if (fault.oversize !== undefined && body.length < fault.oversize) {
      const padding = Buffer.alloc(
        fault.oversize - body.length,
        headers['content-type'] === 'application/octet-stream' ? 0 : 0x20,
      )
      body = Buffer.concat([body, padding])
    }
    if (fault.rewrite !== undefined) body = Buffer.from(fault.rewrite(body, request))
    return this.encode(request, { status: written.status, headers, body })
  }

  private faultyContent(request: TestLogRequest, record: Recorded, { fault, waitMs }: ActiveFault): Rendered {
    const status = fault.status ?? (waitMs === undefined ? undefined : 429)
    if (fault.html) return { status: status ?? 200, headers: { 'content-type': 'text/html' }, body: HTML_PAGE }
    if (status !== undefined)
      return { status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(fault.body ?? '') }
    const state = (fault.from === undefined ? undefined : this.forkStates.get(fault.from)) ?? this.state
    const head = state.heads[Math.max(0, state.heads.length - 1 - (fault.stale ?? 0))] ?? state.head
    const view = { state, head }
    const content = tamper(contentOf(request, view, this.rules), fault, view)
    if (content.kind === 'entries') record.count = content.entries.length
    const answer = this.write(request, content)
    return fault.body === undefined ? answer : { ...answer, body: Buffer.from(fault.body) }
  }

  private renderAhead({ treeSize }: SignedHead): void {
    const request = { method: 'GET', path: '', headers: {}, userAgent: undefined, number: 0, connection: 0 }
    const view = { state: this.state, head: this.state.head }
    const { pageSize } = this.rules
    const from = this.prerendered
    for (
      let start = ceilTo(pageSize, from);
      this.kind !== 'static-ct' && start + pageSize <= treeSize;
      start += pageSize
    ) {
      const endInclusive = start + pageSize - 1
      this.honest({ ...request, receivedAt: 0, endpoint: 'get-entries', start, endInclusive }, view)
    }
    for (let index = Math.ceil(from / 256); this.kind !== 'rfc6962' && (index + 1) * 256 <= treeSize; index++) {
      this.honest({ ...request, receivedAt: 0, endpoint: 'data-tile', index, width: 256 }, view)
      this.honest({ ...request, receivedAt: 0, endpoint: 'tile', level: 0, index, width: 256 }, view)
    }
    this.prerendered = treeSize - (treeSize % (pageSize * 256))
  }
}

const ceilTo = (step: number, value: number): number => Math.ceil(value / step) * step

const notAllowed: Rendered = { status: 405, headers: { allow: 'GET' }, body: Buffer.from('method not allowed\n') }

const HTML_PAGE = Buffer.from(
  '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n',
)

function retryAfterHeader({ fault, waitMs }: ActiveFault, clock: Clock): Record<string, string> {
  const { retryAfter, rateLimit } = fault
  if (retryAfter instanceof Date) return { 'retry-after': retryAfter.toUTCString() }
  if (retryAfter !== undefined) return { 'retry-after': String(retryAfter) }
  if (waitMs === undefined || rateLimit?.retryAfter === 'none') return {}
  return {
    'retry-after':
      rateLimit?.retryAfter === 'http-date'
        ? new Date(Math.ceil((clock.now() + waitMs) / 1000) * 1000).toUTCString()
        : String(Math.ceil(waitMs / 1000)),
  }
}

/** Puts a `*` into the middle of the first run of base64. */
function spoilBase64(body: Buffer): Buffer {
  const run = /[A-Za-z0-9+/]{24,}/.exec(body.toString('latin1'))
  if (run === null) return body
  const spoiled = Buffer.from(body)
  spoiled[run.index + Math.floor(run[0].length / 2)] = 0x2a
  return spoiled
}
