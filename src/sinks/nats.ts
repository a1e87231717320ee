import { randomUUID } from 'node:crypto'
import type { KeyedRecord } from '../checkpoint/keyed-records.js'
import { logRecord } from '../checkpoint/log-record.js'
import { natsAddress } from '../nats/address.js'
import { NatsShard, type NewEntry } from '../nats/shard.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import { KeyedSink } from './keyed-sink.js'
import { MessageEncoder, type MessageOptions } from './message.js'
import { WaitingRows } from './waiting-rows.js'

/** Room in a message for its headers. Bytes. */
const HEADER_BYTES = 4096

export interface NatsSinkOptions extends MessageOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * A sink to NATS JetStream (server 2.9 or later): a stream for each unit of work, with the entries of a log in the subject
 * `<prefix>.<unit>.entries.<log id>` (base64url of it) and the positions among them in `<prefix>.<unit>.state.…`. Each message names the one
 * before, so that nothing is there twice or out of order.
 *
 * Without a lease the unit is `alone`, and the process that opens the sink last is the one that writes; the one before ends with
 * `CT_CHECKPOINT_CONFLICT`.
 *
 * @param url - `nats://[user:password@]host[:port][,…]`, or `natss://` for TLS; parameters `prefix` (default `ct`), `replicas` (1 to 5,
 * default 1) and `maxage` (hours, 24 to 100,000; default: for ever) of a stream that is made, `ca`, `cert`, `key` (files, PEM), `servername`.
 * A password without a user (`:token@`) is a token.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 * @example
 * await pump({
 *   sink: natsSink('nats://localhost:4222?maxage=720'),
 *   stream: (checkpoint) => ctStream({ checkpoint, commit: 'manual' }),
 * })
 */
export function natsSink(url: string, options: NatsSinkOptions = {}): Sink {
  return new NatsSink(url, options)
}

class NatsSink extends KeyedSink<NatsShard> {
  protected override readonly appended = true
  private readonly address
  private readonly name = randomUUID()
  private readonly message: MessageOptions
  private encoder: MessageEncoder
  private readonly clock: Clock
  private waiting: WaitingRows

  constructor(url: string, options: NatsSinkOptions) {
    super()
    const known = ['body', 'key', 'maxBodyBytes', 'clock'] as const
    const { clock = systemClock, ...message } = objectOption<NatsSinkOptions>('sink', options, known)
    this.message = message
    this.encoder = new MessageEncoder(message)
    this.address = natsAddress(url)
    this.clock = clock
    this.waiting = new WaitingRows(clock)
  }

  protected async openShard(lease: Lease | undefined): Promise<NatsShard> {
    const shard = new NatsShard(this.address, lease, this.name, this.clock)
    await shard.open()
    this.waiting = new WaitingRows(this.clock)
    const { maxBodyBytes = 900_000 } = this.message
    const most = Math.max(0, Math.min(maxBodyBytes, shard.maxMessageBytes - HEADER_BYTES))
    this.encoder = new MessageEncoder({ ...this.message, maxBodyBytes: most })
    return shard
  }

  protected async publish(
    shard: NatsShard,
    rows: readonly LogCheckpoint[],
    covered: readonly CtCertificate[],
  ): Promise<void> {
    const due = this.waiting.due(rows, covered, (logId) => shard.state.positions.has(logId))
    await this.writeTo(shard, due, covered)
    shard.state.keep(rows)
    this.waiting.wrote(rows, due)
  }

  protected override async end(shard: NatsShard): Promise<void> {
    const { all } = this.waiting
    if (all.length > 0 && shard.isConnected) await this.writeTo(shard, all, [])
  }

  private writeTo(shard: NatsShard, rows: readonly LogCheckpoint[], covered: readonly CtCertificate[]): Promise<void> {
    const records = (written: (logId: string) => number) =>
      rows.map((row) => logRecord(row, { written: written(row.log.id) }))
    return shard.write(records, () => this.entries(shard, covered))
  }

  protected put(shard: NatsShard, record: KeyedRecord): Promise<void> {
    return shard.write(
      () => [record],
      () => [],
    )
  }

  private *entries(shard: NatsShard, certificates: readonly CtCertificate[]): Generator<NewEntry> {
    for (const certificate of certificates) {
      const { log, index } = certificate
      if (!shard.lacks(log.id, index)) continue
      const { headers, body } = this.encoder.encode(certificate, shard.epoch)
      yield { logId: log.id, index, headers, body }
    }
  }
}
