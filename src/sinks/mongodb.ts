import { randomUUID } from 'node:crypto'
import { type KeyedRecord, rowRecord } from '../checkpoint/keyed-records.js'
import { mongoAddress } from '../mongodb/address.js'
import type { NewDocument } from '../mongodb/documents.js'
import { MongoShard } from '../mongodb/shard.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import { type DocumentOptions, documentId, documentOptions, entryDocument, parkedDocument } from './entry-document.js'
import { KeyedSink } from './keyed-sink.js'

export interface MongoSinkOptions extends DocumentOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * A sink to MongoDB 4.2 or later: entries as documents of the collection `<prefix>_entries`, whose `_id` is `<log id>:<index>`, so that
 * what is written again has no effect; the positions of the logs in `<prefix>_state`. A document that the server refuses, or that is above
 * 16 MB, goes to `<prefix>_parked`, with what it takes to read the entry again.
 *
 * Without a lease the process that opens the sink last is the one that writes; the one before ends with `CT_CHECKPOINT_CONFLICT`.
 *
 * @param url - A connection string of MongoDB, `mongodb://` or `mongodb+srv://`, with the database in its path (default `ct`); and the
 * parameter `prefix` (default `ct`). Write concern is a majority, with the journal.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 * @example
 * await pump({
 *   sink: mongoSink('mongodb://localhost/ct'),
 *   stream: (checkpoint) => ctStream({ checkpoint, commit: 'manual' }),
 * })
 */
export function mongoSink(url: string, options: MongoSinkOptions = {}): Sink {
  return new MongoSink(url, options)
}

class MongoSink extends KeyedSink<MongoShard> {
  // Documents are of no order, and one that is written again has no effect.
  protected override readonly ordered = false
  private readonly address
  private readonly name = randomUUID()
  private readonly document: DocumentOptions
  private readonly clock: Clock

  constructor(url: string, options: MongoSinkOptions) {
    super()
    const known = ['der', 'problems', 'clock'] as const
    const { clock = systemClock, ...document } = objectOption<MongoSinkOptions>('sink', options, known)
    this.document = documentOptions(document)
    this.address = mongoAddress(url)
    this.clock = clock
  }

  protected async openShard(lease: Lease | undefined): Promise<MongoShard> {
    const shard = new MongoShard(this.address, lease, this.name, this.clock)
    await shard.open()
    return shard
  }

  protected async publish(
    shard: MongoShard,
    rows: readonly LogCheckpoint[],
    covered: readonly CtCertificate[],
  ): Promise<void> {
    await shard.write(rows.map(rowRecord), this.documents(covered))
    shard.state.keep(rows)
  }

  protected put(shard: MongoShard, record: KeyedRecord): Promise<void> {
    return shard.write([record], [])
  }

  private *documents(certificates: readonly CtCertificate[]): Generator<NewDocument> {
    const now = this.clock.now()
    for (const certificate of certificates) {
      const _id = documentId(certificate)
      yield {
        document: { _id, ...entryDocument(certificate, now, this.document) },
        entryBytes: certificate.leafInput.length + (certificate.der?.length ?? 0),
        parked: (why) => ({ _id, ...parkedDocument(certificate, now, why) }),
      }
    }
  }
}
