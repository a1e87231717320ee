import { randomUUID } from 'node:crypto'
import { hashesBefore } from '../checkpoint/backfill-ranges.js'
import { beforeRecord, type KeyedRecord } from '../checkpoint/keyed-records.js'
import { FOLLOWS, type WrittenEntries } from '../checkpoint/log-record.js'
import { CtStreamError } from '../errors.js'
import { kafkaAddress } from '../kafka/address.js'
import type { NewRecord } from '../kafka/fenced-producer.js'
import { NewIssuers } from '../kafka/new-issuers.js'
import { KafkaShard } from '../kafka/shard.js'
import { positionsRecord, type ShardState } from '../kafka/shard-state.js'
import { issuersTopic } from '../kafka/topics.js'
import type { ReadUnit, UnitPlace } from '../kafka/unit-place.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import { bufferOf } from '../util/bytes.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import { KeyedSink } from './keyed-sink.js'
import { MessageEncoder, type MessageOptions } from './message.js'

/** What a message contains; all optional. */
export interface KafkaSinkOptions extends MessageOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/** Where a range of a backfill is written. */
export interface KafkaRange {
  readonly place: UnitPlace
  /** Its name: the key of its messages, so that ranges are in several partitions, and each in order. */
  readonly unit: string
  /** Index of its first entry. */
  readonly start: number
  /** Reads its positions, which are in a topic with those of many others. */
  readonly read: ReadUnit
}

/** Headers that are another in every message. */
const VARYING = new Set(['ct-index', 'ct-leaf', 'ct-issuance', 'ct-time', FOLLOWS])
const MOST_TEXTS = 1000

/** The sink that `kafkaSink` makes. */
export class KafkaSink extends KeyedSink<KafkaShard> {
  protected override readonly appended = true
  private readonly address
  private readonly name = randomUUID()
  private readonly encoder: MessageEncoder
  private readonly clock: Clock
  private readonly range: KafkaRange | undefined
  /** Where bodies name issuers by their hashes. */
  private readonly issuers: NewIssuers | undefined
  /** Bytes of texts that many messages have: names, kinds, keys. */
  private readonly texts = new Map<string, Buffer>()

  /** @param range - Where it writes a range of a backfill. Default: it writes shards. */
  constructor(url: string, options: KafkaSinkOptions, range?: KafkaRange) {
    super()
    const known = ['body', 'key', 'maxBodyBytes', 'clock'] as const
    const { clock = systemClock, ...message } = objectOption<KafkaSinkOptions>('sink', options, known)
    if (message.body === 'leaf' && message.key === 'issuance')
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        "`sink.key` must be 'log' with the body 'leaf': processors read the entries of a log in order, and the key 'issuance' spreads them over all partitions",
      )
    // Leaves room for key and headers below the limit of a batch.
    this.encoder = new MessageEncoder({ maxBodyBytes: 880_000, ...message })
    this.address = kafkaAddress(url)
    if (message.body === 'leaf') this.issuers = new NewIssuers(issuersTopic(this.address).name)
    this.clock = clock
    this.range = range
  }

  protected async openShard(lease: Lease | undefined): Promise<KafkaShard> {
    const shard = new KafkaShard(this.address, lease, this.name, this.clock, this.range?.place, this.range?.read)
    // After an error: the broker may have gone back to an earlier state.
    this.issuers?.forget()
    await shard.open(true, this.issuers === undefined ? [] : [issuersTopic(this.address)])
    return shard
  }

  protected async publish(
    shard: KafkaShard,
    rows: readonly LogCheckpoint[],
    covered: readonly CtCertificate[],
  ): Promise<void> {
    let issuers: readonly NewRecord[] = []
    await shard.commit(rows, (state) => {
      const entries = new Map<string, WrittenEntries>()
      const records: NewRecord[] = []
      for (const certificate of covered) {
        if (!isMissing(certificate, state)) continue
        const { log, index } = certificate
        const before = entries.get(log.id) ?? state.entriesOf(log.id)
        const end = index + 1
        records.push(this.record(certificate, shard, before?.written))
        // What comes behind an entry of which that is not known says what it follows.
        entries.set(log.id, { written: end, from: before === undefined ? end : (before.from ?? end) })
      }
      issuers = this.issuers?.records() ?? []
      return { records: [...records, ...this.beside(shard, rows, state)], before: issuers, entries }
    })
    this.issuers?.stored(issuers)
  }

  protected override putIssuer(fingerprint: string, der: Uint8Array): void {
    this.issuers?.addNamed(fingerprint, der)
  }

  protected put(shard: KafkaShard, record: KeyedRecord): Promise<void> {
    return shard.put(record)
  }

  private readonly onIssuer = (fingerprint: Uint8Array, der: Uint8Array) => this.issuers?.add(fingerprint, der)

  /** With the first rows of a range that show it: what is proven to come before its start. */
  private beside({ place }: KafkaShard, rows: readonly LogCheckpoint[], state: ShardState): readonly NewRecord[] {
    const { range } = this
    if (range === undefined || state.before !== undefined) return []
    for (const row of rows) {
      const hashes = hashesBefore(row, range.start)
      if (hashes === undefined) continue
      // Not again with the next rows; after a commit that failed the state is another one.
      state.before = hashes
      return [positionsRecord(place, beforeRecord(hashes))]
    }
    return []
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

  /** @param follows - Index behind the entry before it; `undefined`: that is not known. */
  private record(certificate: CtCertificate, shard: KafkaShard, follows: number | undefined): NewRecord {
    const { key, headers, body } = this.encoder.encode(certificate, shard.epoch, this.onIssuer)
    const bytes = new Map<Buffer, Buffer>()
    // All of it is ASCII.
    for (const name in headers) {
      const text = headers[name] as string
      bytes.set(this.known(name), VARYING.has(name) ? Buffer.from(text, 'latin1') : this.known(text))
    }
    if (follows !== undefined) bytes.set(this.known(FOLLOWS), Buffer.from(String(follows), 'latin1'))
    return {
      topic: shard.place.entries,
      key: this.known(this.range?.unit ?? key),
      value: bufferOf(body),
      headers: bytes,
    }
  }
}

/** Whether the broker lacks the entry; it has it when a commit reported as failed took effect. */
const isMissing = ({ log, index }: CtCertificate, state: ShardState) => index >= (state.positions.get(log.id) ?? 0)
