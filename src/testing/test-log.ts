import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LogKind, LogSpec, SignedHead } from '../types/log.js'
import { toBase64 } from '../util/bytes.js'
import { optionError } from '../util/options.js'
import { Answers } from './answers.js'
import { type Fault, type FaultHandle, FaultSet, type TestLogFork } from './faults.js'
import { HeadPublisher } from './head-publisher.js'
import { createTestLogList, type LogListLog, type TestLogList } from './log-list.js'
import { LogState } from './log-state.js'
import { LoopbackServer, send } from './loopback-server.js'
import { misbehave } from './misbehave.js'
import { Prerenderer } from './prerender.js'
import type { Rendered } from './render.js'
import { type OpenRecord, RequestRecorder } from './request-recorder.js'
import type { Prefixes, RecordedRequest, TestLogEndpoint, TestLogRequest } from './requests.js'
import { LogKey } from './signing.js'
import type { TestLogEntry } from './stored-entry.js'
import { type TestLogOptions, type TestLogSettings, testLogSettings } from './test-log-options.js'

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
  const log = new TestLog(testLogSettings(options), new LogKey(options.key))
  await log.open(options.entries)
  return log
}

/** A running log; made by {@link createTestLog}. */
export class TestLog implements AsyncDisposable {
  /** Which protocols it speaks. */
  readonly kind: LogKind | 'both'
  /** Base64 SubjectPublicKeyInfo. */
  readonly key: string
  /** Base64 of its SHA-256. */
  readonly logId: string
  /** Name for people. */
  readonly description: string
  /** Name of its operator. */
  readonly operator: string
  /** Seconds. */
  readonly mmd: number
  /** Public keys of the witnesses, in the order of their names `witness-0.example`, …; raw Ed25519, 32 bytes. */
  readonly witnessKeys: readonly Uint8Array[]

  private base = ''
  private readonly settings: TestLogSettings
  private readonly state: LogState
  private readonly forkStates = new WeakMap<TestLogFork, LogState>()
  private readonly prefixes: Prefixes
  private readonly publisher: HeadPublisher
  private readonly answers: Answers
  private readonly prerenderer: Prerenderer | undefined
  private readonly faults: FaultSet
  private readonly recorder: RequestRecorder
  private readonly server: LoopbackServer
  private readonly closing = new AbortController()

  /** @internal Use {@link createTestLog}. */
  constructor(settings: TestLogSettings, key: LogKey) {
    const { kind, clock, rules, gzip, grease, witnesses } = settings
    this.settings = settings
    this.kind = kind
    this.key = toBase64(key.spki)
    this.logId = toBase64(key.logId)
    this.description = settings.description
    this.operator = settings.operator
    this.mmd = settings.mmd
    this.state = new LogState(key, clock, kind !== 'rfc6962')
    this.prefixes = {
      rfc6962: kind === 'static-ct' ? undefined : '/',
      submission: kind === 'rfc6962' ? undefined : '/log/',
      monitoring: kind === 'rfc6962' ? undefined : '/mon/',
    }
    const onPublished = (head: SignedHead) => this.prerenderer?.render({ state: this.state, head })
    this.publisher = new HeadPublisher(this.state, { grease, witnesses, origin: () => this.origin, onPublished })
    this.witnessKeys = this.publisher.witnessKeys
    const cacheBytes = settings.prerender ? Number.POSITIVE_INFINITY : settings.cacheBytes
    const checkpointOf = (head: SignedHead) => this.publisher.checkpointOf(head)
    this.answers = new Answers({ rules, gzip, cacheBytes, checkpointOf })
    if (settings.prerender) this.prerenderer = new Prerenderer(this.answers, { kind, pageSize: rules.pageSize })
    this.faults = new FaultSet(clock)
    this.recorder = new RequestRecorder(this.prefixes, clock, settings.recordRequests)
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
    return this.settings.origin ?? this.submissionUrl.replace(/^http:\/\//, '').replace(/\/$/, '')
  }

  /** What `ctStream({ logs: [log.spec] })` takes; of `'both'` the RFC 6962 side. */
  get spec(): LogSpec {
    return this.specs[0] as LogSpec
  }

  /** One for each protocol it speaks. */
  get specs(): readonly LogSpec[] {
    const { key, description, operator, mmd } = this
    const rfc6962: LogSpec = { kind: 'rfc6962', url: `${this.base}/`, key, description, operator, mmd }
    const { origin } = this.settings
    const submissionUrl = origin === undefined ? this.submissionUrl : `https://${origin}/`
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
    return { spec: this.spec, logId: this.logId, interval: this.settings.interval }
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
    return this.recorder.requests
  }

  /** Requests so far, of one endpoint or all; not bounded by `recordRequests`. */
  requestCount(endpoint?: TestLogEndpoint): number {
    return this.recorder.count(endpoint)
  }

  /** Forgets recorded requests and counts. */
  clearRequests(): void {
    this.recorder.clear()
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
    return this.publisher.publish()
  }

  /** {@link publish} with a timestamp of your choice (epoch milliseconds), however wrong. */
  publishAt(timestamp: number): SignedHead {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0)
      throw optionError('timestamp', 'epoch milliseconds, a non-negative integer', timestamp)
    return this.publisher.publish(timestamp)
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

  /** From now on it answers as it should. */
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

  /** The same as {@link TestLog.close}: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse, connection: number): Promise<void> {
    const { request, record } = this.recorder.receive(incoming, connection)
    const active = this.faults.match(request, incoming.socket.remoteAddress ?? '')
    if (active === undefined) return this.answer(request, record, response)
    record.faulty = true
    const stateOf = (fork: TestLogFork | undefined) => (fork && this.forkStates.get(fork)) ?? this.state
    const parts = { answers: this.answers, clock: this.settings.clock, closing: this.closing.signal, stateOf }
    await misbehave({ request, record, incoming, response }, active, parts)
  }

  private answer(request: TestLogRequest, record: OpenRecord, response: ServerResponse): void {
    const { status, headers, body } = request.method === 'GET' ? this.honest(request, record) : notAllowed
    record.status = status
    record.bytes = send(response, status, headers, body)
  }

  private honest(request: TestLogRequest, record: OpenRecord): Rendered {
    const isFresh = this.settings.freshHeads && request.endpoint === 'get-sth'
    const head = isFresh ? this.publisher.publish() : this.state.head
    const { content, answer } = this.answers.answer(request, { state: this.state, head })
    if (content.kind === 'entries') record.count = content.entries.length
    return answer
  }
}

const notAllowed: Rendered = { status: 405, headers: { allow: 'GET' }, body: Buffer.from('method not allowed\n') }
