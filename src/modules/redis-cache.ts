import { CtStreamError } from '../errors.js'
import { redisAddress } from '../redis/address.js'
import { RedisConnection } from '../redis/connection.js'
import { checkServer } from '../redis/server.js'
import type { Clock } from '../types/clock.js'
import { bufferOf } from '../util/bytes.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { choiceOption, integerOption, objectOption } from '../util/options.js'
import { type CacheBy, type CacheKey, cacheKey } from './cache-key.js'
import type { CertificateMemory } from './certificate-cache.js'

export interface RedisCacheOptions {
  /** What identifies a certificate. Default `'certificate'`. */
  readonly by?: CacheBy
  /** How long a certificate is remembered, milliseconds, 1000 to 31,536,000,000. Default a day. */
  readonly ttlMs?: number
  /**
   * What lookups do while the server is full or cannot be reached.
   *
   * - `'fail'` (default): throw `CT_CACHE_UNUSABLE`, retryable
   * - `'unseen'`: answer "not seen", so that nothing is lost but some certificates come twice; `status()` counts these lookups
   */
  readonly whenGone?: 'fail' | 'unseen'
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** Counts of a cache. */
export interface RedisCacheStatus {
  /** Lookups that found the certificate, and that did not. */
  readonly hits: number
  readonly misses: number
  /** Lookups that the server did not answer. */
  readonly unanswered: number
}

const DAY = 86_400_000
/** After a failure, no request is made for this long. */
const PAUSE_MS = 1000

/**
 * A {@link CertificateMemory} that processes share, in Redis 7 or later: 32 bytes a certificate, about 160 bytes of the server's memory.
 *
 * An entry is a duplicate only when another entry of its certificate was seen first: a second lookup for the same entry, such as after a
 * crash during the work, still answers "not seen". For a bare key, only the first lookup answers "not seen".
 *
 * It refuses a server that evicts keys when it is full, since forgotten certificates would come twice. Even so it is only a hint, because a
 * server may lose its last second of writes: where duplicates must not happen, the store itself has to refuse them.
 */
export class RedisCertificateCache implements CertificateMemory {
  private readonly address
  private readonly by: CacheBy
  private readonly ttlMs: number
  private readonly whenGone: 'fail' | 'unseen'
  private readonly clock: Clock
  private readonly elapsed: () => number
  private connecting: Promise<RedisConnection> | undefined
  private pausedUntil = Number.NEGATIVE_INFINITY
  private isClosed = false
  private hits = 0
  private misses = 0
  private unanswered = 0

  /**
   * @param url - As for `redisSink`, without `maxlen`. Connects at the first lookup.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID`
   */
  constructor(url: string, options: RedisCacheOptions = {}) {
    const given = objectOption<RedisCacheOptions>('options', options, ['by', 'ttlMs', 'whenGone', 'clock'])
    this.address = redisAddress(url)
    this.by = choiceOption('by', given.by, ['certificate', 'issuance'], 'certificate')
    this.ttlMs = integerOption('ttlMs', given.ttlMs, 1000, 365 * DAY, DAY)
    this.whenGone = choiceOption('whenGone', given.whenGone, ['fail', 'unseen'], 'fail')
    this.clock = given.clock ?? systemClock
    this.elapsed = elapsedOf(this.clock)
  }

  /** @throws {@link CtStreamError} `CT_CACHE_UNUSABLE`, `CT_PEER_MISSING`, `CT_CLOSED` */
  async seen(key: CacheKey): Promise<boolean> {
    const place = placeOf(key)
    // NX with GET returns what was there first, in one step.
    const found = await this.ask(['SET', this.name(key), place, 'NX', 'GET', 'PX', String(this.ttlMs)])
    return this.count(found !== null && (place === BARE || found !== place))
  }

  /** @throws {@link CtStreamError} as {@link RedisCertificateCache.seen}. */
  async has(key: CacheKey): Promise<boolean> {
    const place = placeOf(key)
    const found = await this.ask(['GET', this.name(key)])
    return this.count(found !== null && (place === BARE || found !== place))
  }

  /** @throws {@link CtStreamError} as {@link RedisCertificateCache.seen}. */
  async add(key: CacheKey): Promise<void> {
    await this.ask(['SET', this.name(key), placeOf(key), 'NX', 'PX', String(this.ttlMs)])
  }

  status(): RedisCacheStatus {
    const { hits, misses, unanswered } = this
    return { hits, misses, unanswered }
  }

  /** Disconnects. Idempotent. */
  async close(): Promise<void> {
    this.isClosed = true
    const connection = await this.connecting?.catch(() => undefined)
    connection?.close()
  }

  private name(key: CacheKey): Buffer {
    const kind = this.by === 'issuance' ? 'i' : 'c'
    return Buffer.concat([Buffer.from(`${this.address.prefix}:${kind}:`), bufferOf(cacheKey(key, this.by))])
  }

  private count(isHit: boolean): boolean {
    if (isHit) this.hits++
    else this.misses++
    return isHit
  }

  /** Sends a command; also answers `null` when the server is gone and `whenGone` is `'unseen'`. */
  private async ask(command: readonly (string | Buffer)[]): Promise<unknown> {
    if (this.isClosed) throw new CtStreamError('CT_CLOSED', 'the cache is closed')
    try {
      if (this.elapsed() < this.pausedUntil) throw gone(this.address.shown)
      const connection = await this.connection()
      return await connection.send('ask the cache', command)
    } catch (error) {
      if (!CtStreamError.is(error) || error.code !== 'CT_SINK_FAILED') throw error
      if (error.retryable && this.elapsed() >= this.pausedUntil) this.pausedUntil = this.elapsed() + PAUSE_MS
      this.unanswered++
      if (error.retryable && this.whenGone === 'unseen') return null
      throw new CtStreamError('CT_CACHE_UNUSABLE', error.message, { cause: error, retryable: error.retryable })
    }
  }

  private async connection(): Promise<RedisConnection> {
    const opened = await this.connecting?.catch(() => undefined)
    if (opened?.isOpen === true) return opened
    this.connecting = this.connect()
    return this.connecting
  }

  private async connect(): Promise<RedisConnection> {
    const connection = await RedisConnection.open(this.address, this.clock)
    try {
      await checkServer(connection, this.address)
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }
}

/** The value stored for a bare key, which belongs to no entry. */
const BARE = '-'

/** The entry that a lookup is for: `<log>:<index>`. */
function placeOf(key: CacheKey): string {
  return typeof key === 'string' || key instanceof Uint8Array ? BARE : `${key.log.id}:${key.index}`
}

function gone(shown: string): CtStreamError {
  return new CtStreamError('CT_SINK_FAILED', `the Redis server at ${shown} did not answer a moment ago`, {
    retryable: true,
  })
}
