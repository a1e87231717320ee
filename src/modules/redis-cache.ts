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
  /** Default `'certificate'`. */
  readonly by?: CacheBy
  /** How long a certificate is remembered, milliseconds, 1000 to 31,536,000,000. Default a day. */
  readonly ttlMs?: number
  /**
   * What a question is answered with while the server is full or cannot be reached.
   *
   * - `'fail'` (default): `CT_CACHE_UNUSABLE`, retryable
   * - `'unseen'`: not seen, so that nothing is lost and some is there twice; `status()` counts them
   */
  readonly whenGone?: 'fail' | 'unseen'
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** What a cache did. */
export interface RedisCacheStatus {
  /** Questions that were answered with yes, and with no. */
  readonly hits: number
  readonly misses: number
  /** Questions that the server did not answer. */
  readonly unanswered: number
}

const DAY = 86_400_000
/** After a failure the server is left alone for this long. */
const PAUSE_MS = 1000

/**
 * A {@link CertificateMemory} that processes share, in Redis 7 or later: 32 bytes a certificate, about 160 bytes of the server's memory.
 *
 * An entry is a duplicate only when another entry of its certificate was there first: asked again for the same entry, after a crash in the middle
 * of the work, it still says no. For a bare key, which is no entry, the first question is answered with no and every later one with yes.
 *
 * A server that throws keys out when it is full is refused: what it forgets is there twice. The cache is a hint all the same, for a
 * server may lose its last second; where nothing may be there twice, the store has to refuse it.
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
   * @param url - As of `redisSink`, without `maxlen`. Nothing is connected before the first question.
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
    // NX with GET: what was there first, in one step.
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

  /** `null` also where it does not matter that the server is gone. */
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

/** What a bare key, which is no entry, is remembered with. */
const BARE = '-'

/** Which entry asks: `<log>:<index>`. */
function placeOf(key: CacheKey): string {
  return typeof key === 'string' || key instanceof Uint8Array ? BARE : `${key.log.id}:${key.index}`
}

function gone(shown: string): CtStreamError {
  return new CtStreamError('CT_SINK_FAILED', `the Redis server at ${shown} did not answer a moment ago`, {
    retryable: true,
  })
}
