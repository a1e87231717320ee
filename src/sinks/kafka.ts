import { randomUUID } from 'node:crypto'
import type { KeyedRecord } from '../checkpoint/keyed-records.js'
import { kafkaAddress } from '../kafka/address.js'
import type { NewRecord } from '../kafka/fenced-producer.js'
import { KafkaShard } from '../kafka/shard.js'
import type { ShardState } from '../kafka/shard-state.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { bufferOf } from '../util/bytes.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import { KeyedSink } from './keyed-sink.js'
import { MessageEncoder, type MessageOptions } from './message.js'

export interface KafkaSinkOptions extends MessageOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * A sink to Kafka: entries, and the positions of the logs, in one transaction. Consumers read with `isolation.level=read_committed`.
 *
 * Topics are made where they are missing: `<prefix>.entries`, and for each unit of work a compacted `<prefix>.positions.…` of one partition.
 * Without a lease the process that opens the sink last is the one that writes; the one before ends with `CT_CHECKPOINT_CONFLICT`.
 *
 * @param url - `kafka://[user:password@]host[:port][,…][/prefix]`, or `kafkas://` for TLS; parameters `sasl` (`plain`, `scram-sha-256`,
 * `scram-sha-512`), `ca`, `cert`, `key` (files, PEM), `servername`, and `partitions` (default 12) and `replication` of topics that are made.
 * Default prefix `ct`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 * @example
 * await pump({
 *   sink: kafkaSink('kafka://localhost:9092/ct'),
 *   stream: (checkpoint) => ctStream({ checkpoint, commit: 'manual' }),
 * })
 */
export function kafkaSink(url: string, options: KafkaSinkOptions = {}): Sink {
  return new KafkaSink(url, options)
}

/** Headers that are another in every message. */
const VARYING = new Set(['ct-index', 'ct-leaf', 'ct-issuance', 'ct-time'])
const MOST_TEXTS = 1000

class KafkaSink extends KeyedSink<KafkaShard> {
  private readonly address
  private readonly name = randomUUID()
  private readonly encoder: MessageEncoder
  private readonly clock: Clock
  /** Bytes of texts that many messages have: names, kinds, keys. */
  private readonly texts = new Map<string, Buffer>()

  constructor(url: string, options: KafkaSinkOptions) {
    super()
    const known = ['body', 'key', 'maxBodyBytes', 'clock'] as const
    const { clock = systemClock, ...message } = objectOption<KafkaSinkOptions>('sink', options, known)
    // Leaves room for key and headers below the limit of a batch.
    this.encoder = new MessageEncoder({ maxBodyBytes: 880_000, ...message })
    this.address = kafkaAddress(url)
    this.clock = clock
  }

  protected async openShard(lease: Lease | undefined): Promise<KafkaShard> {
    const shard = new KafkaShard(this.address, lease, this.name, this.clock)
    await shard.open()
    return shard
  }

  protected async publish(
    shard: KafkaShard,
    rows: readonly LogCheckpoint[],
    covered: readonly CtCertificate[],
  ): Promise<void> {
    await shard.commit(rows, (state) =>
      covered.filter((each) => isMissing(each, state)).map((each) => this.record(each, shard)),
    )
  }

  protected put(shard: KafkaShard, record: KeyedRecord): Promise<void> {
    return shard.put(record)
  }

  /** The bytes of a text that many messages have. */
  private known(text: string): Buffer {
    const known = this.texts.get(text)
    if (known !== undefined) return known
    // With `key: 'issuance'` every message has another.
    if (this.texts.size >= MOST_TEXTS) this.texts.clear()
    const bytes = Buffer.from(text, 'latin1')
    this.texts.set(text, bytes)
    return bytes
  }

  private record(certificate: CtCertificate, shard: KafkaShard): NewRecord {
    const { key, headers, body } = this.encoder.encode(certificate, shard.epoch)
    const bytes = new Map<Buffer, Buffer>()
    // All of it is ASCII.
    for (const name in headers) {
      const text = headers[name] as string
      bytes.set(this.known(name), VARYING.has(name) ? Buffer.from(text, 'latin1') : this.known(text))
    }
    return { topic: shard.entries, key: this.known(key), value: bufferOf(body), headers: bytes }
  }
}

/** Whether the broker lacks the entry; it has it when a commit reported as failed took effect. */
const isMissing = ({ log, index }: CtCertificate, state: ShardState) => index >= (state.positions.get(log.id) ?? 0)
