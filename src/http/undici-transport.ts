import type { LookupFunction } from 'node:net'
import type { Dispatcher, Pool } from 'undici'
import { quietController } from '../util/abort.js'
import { BufferPool } from '../util/buffer-pool.js'
import { optionError } from '../util/options.js'
import { ACCEPT_ENCODING, decodeContent } from './content-encoding.js'
import { closedError, refuseUnlessPublic } from './http-errors.js'
import { publicLookup } from './public-addresses.js'
import { SharedReads } from './shared-reads.js'
import { mayShareReads } from './shared-reads-check.js'
import {
  DEFAULT_MAX_BYTES,
  DEFAULT_TIMEOUTS,
  type GetOptions,
  type HttpAnswer,
  type HttpTimeouts,
  httpUrl,
  type Transport,
} from './transport.js'
import { exchange } from './undici-exchange.js'
import { undiciParts } from './undici-parts.js'

export interface UndiciTransportOptions {
  /** See `userAgent()`. Default none. */
  readonly userAgent?: string
  /** Most connections per origin. Further requests wait, which counts against `timeouts.totalMs`. Default 16. */
  readonly connections?: number
  /** Whether connections to an origin are reused; some operators throttle each connection. Default: always. */
  readonly keepAlive?: boolean | ((origin: string) => boolean)
  /** How long an idle connection is kept, milliseconds. Default 30 s: longer than the pause between two polls. */
  readonly keepAliveMs?: number
  readonly timeouts?: Partial<HttpTimeouts>
  /** Used for every request instead of own pools; `close()` does not close it. Must be of undici 7. */
  readonly dispatcher?: Dispatcher
  /** Resolves host names. Default: the system's. */
  readonly lookup?: LookupFunction
  /** Options of `tls.connect`, such as `ca`. */
  readonly tls?: Readonly<Record<string, unknown>>
  /** Supplies memory for large bodies. Default: a new pool. */
  readonly pool?: BufferPool
  /** Epoch milliseconds, for `Retry-After` dates of answers without a `Date`. Default `Date.now`. */
  readonly now?: () => number
}

/** Which addresses may be connected to. */
type Reach = 'any' | 'public'

/**
 * The default transport: one undici pool per origin, HTTP/1.1, one request at a time on a connection.
 *
 * undici is imported with the first request: loading it takes longer than loading everything else.
 */
export class UndiciTransport implements Transport {
  private readonly options: UndiciTransportOptions
  private readonly timeouts: HttpTimeouts
  /** Pools by origin; those restricted to public addresses are separate ones. */
  private readonly pools = { any: new Map<string, Pool>(), public: new Map<string, Pool>() }
  readonly pool: BufferPool
  private readonly reads = new SharedReads()
  private readonly closing = quietController()

  constructor(options: UndiciTransportOptions = {}) {
    if (options.dispatcher !== undefined && typeof options.dispatcher.dispatch !== 'function')
      throw optionError('dispatcher', 'an undici Dispatcher', options.dispatcher)
    this.options = options
    this.pool = options.pool ?? new BufferPool()
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  }

  async get(url: string, options: GetOptions = {}): Promise<HttpAnswer> {
    options.signal?.throwIfAborted()
    const parsed = httpUrl(url)
    const { origin, pathname, search } = parsed
    const { maxBytes = DEFAULT_MAX_BYTES, statuses = [200], fresh = false, publicOnly = false, signal } = options
    if (publicOnly) refuseUnlessPublic(parsed)
    const dispatcher = await this.dispatcherFor(url, origin, fresh, publicOnly ? 'public' : 'any')
    try {
      const answer = await exchange(dispatcher, {
        url,
        origin,
        path: pathname + search,
        headers: this.headers(options),
        reset: fresh || !this.keepsAlive(origin),
        timeouts: this.timeouts,
        maxBytes,
        statuses,
        now: this.options.now ?? Date.now,
        pool: this.pool,
        onBytes: options.onBytes,
        signal,
        closing: this.closing.signal,
      })
      options.onReceived?.()
      const encoding = answer.headers['content-encoding']
      const { bytes, release } = await decodeContent(url, encoding, answer.body, maxBytes, this.pool, options.onBytes)
      if (bytes === answer.body) return answer
      answer.release?.()
      return { ...answer, body: bytes, release }
    } finally {
      if (fresh && this.options.dispatcher === undefined) void dispatcher.destroy()
    }
  }

  async close(): Promise<void> {
    this.closing.abort()
    const pools = [...this.pools.any.values(), ...this.pools.public.values()]
    this.pools.any.clear()
    this.pools.public.clear()
    this.pool.clear()
    await Promise.all(pools.map((pool) => pool.destroy()))
  }

  private async dispatcherFor(url: string, origin: string, fresh: boolean, reach: Reach): Promise<Dispatcher> {
    if (this.options.dispatcher === undefined) {
      const open = fresh ? undefined : this.pools[reach].get(origin)
      if (open !== undefined) return open
      const { Client, Pool } = await undiciParts()
      const onread = (await mayShareReads()) ? this.reads.onread : undefined
      if (this.closing.signal.aborted) throw closedError(url)
      const options = this.clientOptions(origin, reach, onread)
      if (fresh) return new Client(origin, options)
      const pools = this.pools[reach]
      let pool = pools.get(origin)
      if (pool === undefined) {
        pool = new Pool(origin, { ...options, connections: this.options.connections ?? 16 })
        pools.set(origin, pool)
      }
      return pool
    }
    if (this.closing.signal.aborted) throw closedError(url)
    return this.options.dispatcher
  }

  private clientOptions(origin: string, reach: Reach, onread: SharedReads['onread'] | undefined) {
    const idleMs = this.options.keepAliveMs ?? 30_000
    const { tls, lookup } = this.options
    const resolve = reach === 'public' ? publicLookup(lookup) : lookup
    return {
      // 0 makes undici close a connection after each answer; 1 sends no request before the previous answer is complete.
      pipelining: this.keepsAlive(origin) ? 1 : 0,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      connect: {
        ...tls,
        timeout: this.timeouts.connectMs,
        ...(onread && { onread }),
        ...(resolve && { lookup: resolve }),
      },
      allowH2: false,
    }
  }

  private keepsAlive(origin: string): boolean {
    const { keepAlive = true } = this.options
    return typeof keepAlive === 'function' ? keepAlive(origin) : keepAlive
  }

  private headers({ headers, fresh }: GetOptions): Record<string, string> {
    return {
      'accept-encoding': ACCEPT_ENCODING,
      ...(this.options.userAgent === undefined ? {} : { 'user-agent': this.options.userAgent }),
      ...(fresh ? { 'cache-control': 'no-cache' } : {}),
      ...headers,
    }
  }
}
