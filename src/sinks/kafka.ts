import { randomUUID } from 'node:crypto'
import { KeyedStore } from '../checkpoint/keyed-store.js'
import { kafkaAddress } from '../kafka/address.js'
import type { NewRecord } from '../kafka/fenced-producer.js'
import { KafkaShard } from '../kafka/shard.js'
import type { ShardState } from '../kafka/shard-state.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CheckpointStore, LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { bufferOf } from '../util/bytes.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import { MessageEncoder, type MessageOptions } from './message.js'
import { StagedPages } from './staged-pages.js'

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

class KafkaSink implements Sink {
  readonly guarantee = 'exactly-once'
  private readonly address
  private readonly name = randomUUID()
  private readonly encoder: MessageEncoder
  private readonly clock: Clock
  private shard: KafkaShard | undefined
  private opened: KeyedStore | undefined
  private readonly staged = new StagedPages()

  constructor(url: string, options: KafkaSinkOptions) {
    const known = ['body', 'key', 'maxBodyBytes', 'clock'] as const
    const { clock = systemClock, ...message } = objectOption<KafkaSinkOptions>('sink', options, known)
    // Leaves room for key and headers below the limit of a batch.
    this.encoder = new MessageEncoder({ maxBodyBytes: 880_000, ...message })
    this.address = kafkaAddress(url)
    this.clock = clock
  }

  get store(): CheckpointStore {
    if (this.opened === undefined) throw new TypeError('the sink is not open')
    return this.opened
  }

  async open(lease: Lease | undefined): Promise<undefined> {
    await this.close()
    const shard = new KafkaShard(this.address, lease, this.name, this.clock)
    await shard.open()
    this.shard = shard
    this.opened = new KeyedStore({
      get state() {
        return shard.state
      },
      commit: (rows) => this.commit(shard, rows),
      put: (record) => shard.put(record),
    })
    // `undefined`: the positions are in the store.
    return undefined
  }

  async write(page: readonly CtCertificate[]): Promise<void> {
    this.staged.add(page)
  }

  async close(): Promise<void> {
    const { shard } = this
    this.staged.clear()
    this.shard = undefined
    this.opened = undefined
    await shard?.close()
  }

  private async commit(shard: KafkaShard, rows: readonly LogCheckpoint[]): Promise<void> {
    const covered = this.staged.coveredBy(rows)
    await shard.commit(rows, (state) =>
      covered.filter((each) => isMissing(each, state)).map((each) => this.record(each, shard)),
    )
    this.staged.remove(covered)
  }

  private record(certificate: CtCertificate, shard: KafkaShard): NewRecord {
    const { key, headers, body } = this.encoder.encode(certificate, shard.epoch)
    const named = Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const)
    return { topic: shard.entries, key: Buffer.from(key), value: bufferOf(body), headers: new Map(named) }
  }
}

/** Whether the broker lacks the entry; it has it when a commit reported as failed took effect. */
const isMissing = ({ log, index }: CtCertificate, state: ShardState) => index >= (state.positions.get(log.id) ?? 0)
