import { hash } from 'node:crypto'
import type { Clock } from '../types/clock.js'
import type { SignedHead } from '../types/log.js'
import { elapsedOf } from '../util/clock.js'
import { choiceOption, integerOption, objectOption, optionError } from '../util/options.js'
import type { Content, LogView } from './content.js'
import { TEST_LOG_ENDPOINTS, type TestLogEndpoint, type TestLogRequest } from './requests.js'
import type { StoredEntry, TestLogEntry } from './stored-entry.js'

/**
 * A fault, and the requests that it affects. All effects of one fault apply together, in the order of this list. When several faults match
 * a request, only the one that was set first applies.
 */
export interface Fault {
  /** The affected requests; `'*'` for all. */
  readonly on: TestLogEndpoint | '*' | readonly TestLogEndpoint[]
  /** Number of requests after which the fault ends. Default: never. */
  readonly times?: number
  /** Number of matching requests to leave unaffected first. Default 0. */
  readonly after?: number
  /** Narrows `on` further. */
  readonly when?: (request: TestLogRequest) => boolean

  /** Applies only to requests above a rate; answers them with 429 unless `status` says otherwise. */
  readonly rateLimit?: RateLimit
  /** Waits on the log's clock before anything else, milliseconds. */
  readonly delayMs?: number
  /** `true`: never answers; `'body'`: sends headers and half the body, then nothing. Until the log is closed. */
  readonly hang?: boolean | 'body'
  /** Closes the connection without an answer. */
  readonly disconnect?: boolean
  /** Answers with this status, with `body` (default empty) and `headers`. */
  readonly status?: number
  /** Sent instead of the true body. */
  readonly body?: string | Uint8Array
  /** Added to the answer, whatever it is. Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
  /** `Retry-After`: whole seconds, or a date as an HTTP date. */
  readonly retryAfter?: number | Date
  /** Answers 200 with a page of HTML, as a misbehaving gateway does. */
  readonly html?: boolean

  /** Answers from another tree of the same log; see `TestLog.fork`. */
  readonly from?: TestLogFork
  /** Answers as of that many heads ago, like a lagging replica: 1 is the head before the newest. */
  readonly stale?: number
  /** Serves a properly signed head with a wrong root. */
  readonly wrongRoot?: boolean
  /** Number of entries in the answer, which may be 0, fewer or more than requested. */
  readonly entries?: number
  /** Serves entries that many places further on (or back, when negative) instead of the requested ones. */
  readonly shift?: number
  /** Swaps two entries of the answer, given by their places in it. No effect in an answer of one entry. */
  readonly swap?: readonly [number, number]
  /** Flips one bit. */
  readonly flipBit?: BitFlip

  /** Inserts a character that is not base64 into the first base64 of the body. */
  readonly badBase64?: boolean
  /** Pads the body to that many bytes (before compression), with spaces in JSON and text, with zeros elsewhere. */
  readonly oversize?: number
  /** Changes the body, before compression. */
  readonly rewrite?: (body: Buffer, request: TestLogRequest) => Uint8Array
  /** Sends only that many bytes, as a complete answer. */
  readonly truncate?: number
  /** Announces the whole body, sends that many bytes of it, then closes the connection. */
  readonly cutAfter?: number
  /** With `disconnect` and `cutAfter`: the connection is reset instead of closed. */
  readonly reset?: boolean
  /** Announces a body of that many bytes, whatever is sent, and closes the connection after it. */
  readonly announce?: number
  /** Closes the connection after the answer. */
  readonly closeConnection?: boolean
}

/** A bit of a body to flip. */
export interface BitFlip {
  /**
   * `'leaf'`: an entry's `leaf_input`; `'extra'`: its extra data; `'root'`, `'signature'`: those of a head; `'hash'`: a hash of a proof or hash
   * tile; `'certificate'`: an issuer or root; `'body'`: anywhere. No effect in an answer without that part.
   */
  readonly in: 'leaf' | 'extra' | 'root' | 'signature' | 'hash' | 'certificate' | 'body'
  /** Which entry, hash or certificate of the answer. Default 0. */
  readonly item?: number
  /** Index of the byte in that part; negative from the end. Default the middle byte. */
  readonly byte?: number
  /** 0 (least significant) to 7. Default 0. */
  readonly bit?: number
}

/** Rate above which a log refuses requests with 429. */
export interface RateLimit {
  /** Most requests in a burst. */
  readonly burst: number
  /** Requests per second after a burst. */
  readonly perSecond: number
  /** What shares a limit. Default `'connection'`. */
  readonly by?: 'connection' | 'address' | 'user-agent'
  /** How `Retry-After` is written. Default `'seconds'`. */
  readonly retryAfter?: 'seconds' | 'http-date' | 'none'
}

/** Handle of a fault that was set. */
export interface FaultHandle {
  /** Number of requests it applied to. */
  readonly hits: number
  /** Ends the fault. Idempotent. */
  clear(): void
}

/** A second tree of a log, made by `TestLog.fork`, with the same key and the same first entries. */
export interface TestLogFork {
  /** Number of entries, published or not. */
  readonly size: number
  /** Appends entries. Their timestamps are `timestamp`, or the log's clock. */
  add(entries: Iterable<TestLogEntry>, options?: { readonly timestamp?: number }): void
  /** Signs a head of this tree with the log's key. */
  publish(): SignedHead
}

const FAULT_KEYS = [
  'on',
  'times',
  'after',
  'when',
  'rateLimit',
  'delayMs',
  'hang',
  'disconnect',
  'status',
  'body',
  'headers',
  'retryAfter',
  'html',
  'from',
  'stale',
  'wrongRoot',
  'entries',
  'shift',
  'swap',
  'flipBit',
  'badBase64',
  'oversize',
  'rewrite',
  'truncate',
  'cutAfter',
  'reset',
  'announce',
  'closeConnection',
] as const satisfies readonly (keyof Fault)[]

/** A fault as it applies to one request. */
export interface ActiveFault {
  readonly fault: Fault
  /** Milliseconds until the rate limit would let the request through. */
  readonly waitMs: number | undefined
}

/** The faults of one log, in the order they were set. */
export class FaultSet {
  private readonly set = new Set<{ fault: Fault; seen: number; hits: number; buckets: Map<string, Bucket> }>()
  private readonly elapsed: () => number

  constructor(clock: Clock) {
    this.elapsed = elapsedOf(clock)
  }

  add(fault: Fault): FaultHandle {
    checkFault(fault)
    const entry = { fault, seen: 0, hits: 0, buckets: new Map<string, Bucket>() }
    this.set.add(entry)
    return {
      get hits() {
        return entry.hits
      },
      clear: () => {
        this.set.delete(entry)
      },
    }
  }

  clear(): void {
    this.set.clear()
  }

  /** The fault that applies to a request, if any. Counts the request. */
  match(request: TestLogRequest, address: string): ActiveFault | undefined {
    for (const entry of this.set) {
      const { fault } = entry
      const { on, times = Number.POSITIVE_INFINITY, after = 0, when, rateLimit } = fault
      if (entry.hits >= times) continue
      if (on !== '*' && !(typeof on === 'string' ? on === request.endpoint : on.includes(request.endpoint))) continue
      if (when !== undefined && !when(request)) continue
      if (entry.seen++ < after) continue
      const waitMs = rateLimit === undefined ? 0 : this.take(rateLimit, entry.buckets, request, address)
      if (rateLimit !== undefined && waitMs === 0) continue
      entry.hits++
      return { fault, waitMs: rateLimit === undefined ? undefined : waitMs }
    }
    return undefined
  }

  /** Takes a token, or returns how long until there is one. */
  private take(limit: RateLimit, buckets: Map<string, Bucket>, request: TestLogRequest, address: string): number {
    const by = limit.by ?? 'connection'
    const key = by === 'connection' ? `${request.connection}` : by === 'address' ? address : (request.userAgent ?? '')
    const now = this.elapsed()
    const bucket = buckets.get(key) ?? { tokens: limit.burst, at: now }
    buckets.set(key, bucket)
    bucket.tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.at) / 1000) * limit.perSecond)
    bucket.at = now
    if (bucket.tokens < 1) return Math.max(1, Math.ceil(((1 - bucket.tokens) / limit.perSecond) * 1000))
    bucket.tokens--
    return 0
  }
}

interface Bucket {
  tokens: number
  at: number
}

function checkFault(fault: Fault): void {
  objectOption<Fault>('fault', fault, FAULT_KEYS)
  const { on } = fault
  for (const endpoint of Array.isArray(on) ? on : [on])
    choiceOption('fault.on', endpoint ?? null, [...TEST_LOG_ENDPOINTS, '*'], '*')
  integerOption('fault.times', fault.times, 0, Number.MAX_SAFE_INTEGER, 0)
  integerOption('fault.after', fault.after, 0, Number.MAX_SAFE_INTEGER, 0)
  integerOption('fault.delayMs', fault.delayMs, 0, Number.MAX_SAFE_INTEGER, 0)
  integerOption('fault.status', fault.status, 200, 599, 200)
  integerOption('fault.stale', fault.stale, 0, Number.MAX_SAFE_INTEGER, 0)
  integerOption('fault.entries', fault.entries, 0, 1_000_000, 0)
  integerOption('fault.oversize', fault.oversize, 0, 2 ** 31, 0)
  integerOption('fault.truncate', fault.truncate, 0, Number.MAX_SAFE_INTEGER, 0)
  integerOption('fault.cutAfter', fault.cutAfter, 0, Number.MAX_SAFE_INTEGER, 0)
  integerOption('fault.announce', fault.announce, 0, Number.MAX_SAFE_INTEGER, 0)
  integerOption('fault.shift', fault.shift, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0)
  for (const place of fault.swap ?? []) integerOption('fault.swap', place, 0, 1_000_000, 0)
  if (fault.rateLimit !== undefined) {
    const { burst, perSecond, by, retryAfter } = objectOption<RateLimit>('fault.rateLimit', fault.rateLimit, [
      'burst',
      'perSecond',
      'by',
      'retryAfter',
    ])
    if (!(burst >= 1)) throw optionError('fault.rateLimit.burst', 'a number of at least 1', burst)
    if (!(perSecond > 0)) throw optionError('fault.rateLimit.perSecond', 'a number above 0', perSecond)
    choiceOption('fault.rateLimit.by', by, ['connection', 'address', 'user-agent'], 'connection')
    choiceOption('fault.rateLimit.retryAfter', retryAfter, ['seconds', 'http-date', 'none'], 'seconds')
  }
  if (fault.flipBit !== undefined) {
    const flip = objectOption<BitFlip>('fault.flipBit', fault.flipBit, ['in', 'item', 'byte', 'bit'])
    const parts = ['leaf', 'extra', 'root', 'signature', 'hash', 'certificate', 'body'] as const
    choiceOption('fault.flipBit.in', flip.in ?? null, parts, 'body')
    integerOption('fault.flipBit.bit', flip.bit, 0, 7, 0)
  }
}

/** Applies the effects that change what an answer says: `wrongRoot`, `entries`, `shift`, `swap`, `flipBit` (but `'body'`). */
export function tamper(content: Content, fault: Fault, view: LogView): Content {
  let changed = content
  if (fault.wrongRoot && changed.kind === 'head') {
    const { treeSize, timestamp, rootHash } = changed.head
    changed = { ...changed, head: view.state.key.signHead(treeSize, timestamp, hash('sha256', rootHash, 'buffer')) }
  }
  if (fault.entries !== undefined && changed.kind === 'entries')
    changed = { ...changed, entries: resize(changed.entries, changed.start, fault.entries, view) }
  if (fault.shift !== undefined && changed.kind === 'entries')
    changed = { ...changed, entries: shifted(changed.entries, changed.start, fault.shift, view) }
  if (fault.swap !== undefined && changed.kind === 'entries')
    changed = { ...changed, entries: swapped(changed.entries, fault.swap) }
  if (fault.flipBit !== undefined) changed = flip(changed, fault.flipBit)
  return changed
}

/** The wanted number of entries: if there are more than in the answer, those that follow in the log, then the last one repeated. */
function resize(entries: readonly StoredEntry[], start: number, count: number, view: LogView): readonly StoredEntry[] {
  if (count <= entries.length) return entries.slice(0, count)
  const longer = view.state.entries.slice(start, start + count)
  while (longer.length < count) longer.push(longer.at(-1) as StoredEntry)
  return longer
}

/** As many entries from another place; beyond the end of the log, the last one repeated. */
function shifted(entries: readonly StoredEntry[], start: number, by: number, view: LogView): readonly StoredEntry[] {
  const { entries: all } = view.state
  return entries.map((entry, i) => all[start + i + by] ?? all.at(-1) ?? entry)
}

function swapped(entries: readonly StoredEntry[], [a, b]: readonly [number, number]): readonly StoredEntry[] {
  const [first, second] = [entries[a], entries[b]]
  if (first === undefined || second === undefined) return entries
  return entries.map((entry, i) => (i === a ? second : i === b ? first : entry))
}

function flip(content: Content, { in: part, item = 0, byte, bit = 0 }: BitFlip): Content {
  const flipped = (bytes: Uint8Array) => flipBitOf(bytes, byte, bit)
  const at = <T>(list: readonly T[], change: (value: T) => T): T[] =>
    list.map((value, i) => (i === item ? change(value) : value))
  const leaf = (entry: StoredEntry): StoredEntry => ({ ...entry, leafInput: () => flipped(entry.leafInput()) })
  const extra = (entry: StoredEntry): StoredEntry => ({
    ...entry,
    extraData: () => flipped(entry.extraData()),
    tileExtra: () => flipped(entry.tileExtra()),
  })
  switch (content.kind) {
    case 'entries':
      return part === 'leaf' || part === 'extra'
        ? { ...content, entries: at(content.entries, part === 'leaf' ? leaf : extra) }
        : content
    case 'head': {
      const { head } = content
      if (part === 'root') return { ...content, head: { ...head, rootHash: flipped(head.rootHash) } }
      return part === 'signature' ? { ...content, head: { ...head, signature: flipped(head.signature) } } : content
    }
    case 'proof':
      if (part === 'hash') return { ...content, hashes: at(content.hashes, flipped) }
      return content.entry !== undefined && (part === 'leaf' || part === 'extra')
        ? { ...content, entry: (part === 'leaf' ? leaf : extra)(content.entry) }
        : content
    case 'tile': {
      if (part !== 'hash') return content
      const bytes = Uint8Array.from(content.bytes)
      bytes.set(flipped(bytes.subarray(item * 32, item * 32 + 32)), item * 32)
      return { ...content, bytes }
    }
    case 'certificates':
      return part === 'certificate' ? { ...content, certificates: at(content.certificates, flipped) } : content
    case 'refusal':
      return content
  }
}

export function flipBitOf(bytes: Uint8Array, byte: number | undefined, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = byte === undefined ? Math.floor(copy.length / 2) : byte < 0 ? copy.length + byte : byte
  if (at >= 0 && at < copy.length) copy[at] = (copy[at] as number) ^ (2 ** bit)
  return copy
}
