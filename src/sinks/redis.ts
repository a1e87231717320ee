import { randomUUID } from 'node:crypto'
import { rowRecord } from '../checkpoint/keyed-records.js'
import { KeyedStore } from '../checkpoint/keyed-store.js'
import { redisAddress } from '../redis/address.js'
import { type NewEntry, RedisShard } from '../redis/shard.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CheckpointStore, LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { bufferOf } from '../util/bytes.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import { MessageEncoder, type MessageOptions } from './message.js'
import { StagedPages } from './staged-pages.js'

export interface RedisSinkOptions extends MessageOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * A sink to Redis 7 or later: a stream for each log, in which an entry has the id `<index>-1`, and the positions of the logs beside them; a
 * page and the positions behind it become visible together. Fields of an entry are the headers of a message, and `body`.
 *
 * Without a lease the process that opens the sink last is the one that writes; the one before ends with `CT_CHECKPOINT_CONFLICT`.
 *
 * @param url - `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS; parameters `prefix` of all keys (default `ct`),
 * `maxlen` (entries each stream keeps, about; 1 to 10^12, default: all), `ca`, `cert`, `key` (files, PEM), `servername`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 * @example
 * await pump({
 *   sink: redisSink('redis://localhost:6379?maxlen=10000000'),
 *   stream: (checkpoint) => ctStream({ checkpoint, commit: 'manual' }),
 * })
 */
export function redisSink(url: string, options: RedisSinkOptions = {}): Sink {
  return new RedisSink(url, options)
}

class RedisSink implements Sink {
  readonly guarantee = 'exactly-once'
  private readonly address
  private readonly maxLength: number
  private readonly name = randomUUID()
  private readonly encoder: MessageEncoder
  private readonly clock: Clock
  private shard: RedisShard | undefined
  private opened: KeyedStore | undefined
  private readonly staged = new StagedPages()

  constructor(url: string, options: RedisSinkOptions) {
    const known = ['body', 'key', 'maxBodyBytes', 'clock'] as const
    const { clock = systemClock, ...message } = objectOption<RedisSinkOptions>('sink', options, known)
    this.encoder = new MessageEncoder(message)
    this.address = redisAddress(url, ['maxlen'])
    this.maxLength = this.address.url.count('maxlen', 1, 1e12) ?? 0
    this.clock = clock
  }

  get store(): CheckpointStore {
    if (this.opened === undefined) throw new TypeError('the sink is not open')
    return this.opened
  }

  async open(lease: Lease | undefined): Promise<undefined> {
    await this.close()
    const shard = new RedisShard(this.address, lease, this.name, this.clock, this.maxLength)
    await shard.open()
    this.shard = shard
    this.opened = new KeyedStore({
      get state() {
        return shard.state
      },
      commit: (rows) => this.commit(shard, rows),
      put: (record) => shard.write([record], () => []),
    })
    // `undefined`: the positions are in the store.
    return undefined
  }

  async write(page: readonly CtCertificate[]): Promise<void> {
    this.staged.add(page)
  }

  async close(): Promise<void> {
    this.shard?.close()
    this.staged.clear()
    this.shard = undefined
    this.opened = undefined
  }

  private async commit(shard: RedisShard, rows: readonly LogCheckpoint[]): Promise<void> {
    const covered = this.staged.coveredBy(rows)
    await shard.write(rows.map(rowRecord), () => this.entries(shard, covered))
    shard.state.keep(rows)
    this.staged.remove(covered)
  }

  private *entries(shard: RedisShard, certificates: readonly CtCertificate[]): Generator<NewEntry> {
    for (const certificate of certificates) {
      const { log, index } = certificate
      if (!shard.lacks(log.id, index)) continue
      const { headers, body } = this.encoder.encode(certificate, shard.epoch)
      yield { logId: log.id, index, fields: [...Object.entries(headers).flat(), 'body', bufferOf(body)] }
    }
  }
}
