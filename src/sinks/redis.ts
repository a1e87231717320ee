import { randomUUID } from 'node:crypto'
import type { KeyedRecord } from '../checkpoint/keyed-records.js'
import { logRecord } from '../checkpoint/log-record.js'
import { redisAddress } from '../redis/address.js'
import { type NewEntry, RedisShard } from '../redis/shard.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { bufferOf } from '../util/bytes.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import { KeyedSink } from './keyed-sink.js'
import { MessageEncoder, type MessageOptions } from './message.js'

export interface RedisSinkOptions extends MessageOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * A sink to Redis 7 or later: a stream for each log, in which an entry has the id `<index>-1`, and the positions of the logs beside them,
 * which become visible with the last entries before them; an entry is there once, whatever fails. Fields of an entry are the headers of a message, and `body`.
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

class RedisSink extends KeyedSink<RedisShard> {
  private readonly address
  private readonly maxLength: number
  private readonly name = randomUUID()
  private readonly encoder: MessageEncoder
  private readonly clock: Clock

  constructor(url: string, options: RedisSinkOptions) {
    super()
    const known = ['body', 'key', 'maxBodyBytes', 'clock'] as const
    const { clock = systemClock, ...message } = objectOption<RedisSinkOptions>('sink', options, known)
    this.encoder = new MessageEncoder(message)
    this.address = redisAddress(url, ['maxlen'])
    this.maxLength = this.address.url.count('maxlen', 1, 1e12) ?? 0
    this.clock = clock
  }

  protected async openShard(lease: Lease | undefined): Promise<RedisShard> {
    const shard = new RedisShard(this.address, lease, this.name, this.clock, this.maxLength)
    await shard.open()
    return shard
  }

  protected async publish(
    shard: RedisShard,
    rows: readonly LogCheckpoint[],
    covered: readonly CtCertificate[],
  ): Promise<void> {
    const records = (written: (logId: string) => number) =>
      rows.map((row) => logRecord(row, { written: written(row.log.id) }))
    await shard.write(records, () => this.entries(shard, covered))
    shard.state.keep(rows)
  }

  protected put(shard: RedisShard, record: KeyedRecord): Promise<void> {
    return shard.write(
      () => [record],
      () => [],
    )
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
