import type { KafkaConsumer } from './client.js'
import type { CommittedRecord } from './committed-records.js'

/** Bits of a batch's attributes. */
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
/** A control record's key is `version: int16, type: int16`; of a commit the type is 1, of an abort 0. */
const COMMIT = 1

type Response = Awaited<ReturnType<KafkaConsumer['fetch']>>
export type RecordBatch = NonNullable<Response['responses'][number]['partitions'][number]['records']>[number]

/**
 * The records of one partition that are committed, from all its batches in their order.
 *
 * A marker follows each transaction that was committed or aborted; one without a marker is still open. The markers are read here, because
 * the client's own filter keeps only one range for each producer: with several aborted transactions it delivers some of them and drops
 * what was committed in between. It also ends the process at the marker of a transaction aborted before its first record.
 */
export class DecidedRecords {
  private readonly undecided = new Map<bigint, CommittedRecord[]>()

  /** The records that this batch shows to be committed, in the order of commits. */
  take(batch: RecordBatch): readonly CommittedRecord[] {
    const { producerId, attributes } = batch
    if ((attributes & CONTROL) !== 0) {
      const open = this.undecided.get(producerId) ?? []
      this.undecided.delete(producerId)
      return batch.records[0]?.key?.readInt16BE(2) === COMMIT ? open : []
    }
    const records = recordsOf(batch)
    if ((attributes & TRANSACTIONAL) === 0) return records
    const open = this.undecided.get(producerId)
    if (open === undefined) this.undecided.set(producerId, records)
    else for (const record of records) open.push(record)
    return []
  }

  /** Offset of the first record that is not decided; `undefined` when all are. */
  get firstOpen(): bigint | undefined {
    let first: bigint | undefined
    for (const [record] of this.undecided.values())
      if (record !== undefined && (first === undefined || record.offset < first)) first = record.offset
    return first
  }
}

export const recordsOf = ({ firstOffset, records }: RecordBatch): CommittedRecord[] =>
  records.map(({ offsetDelta, key, value, headers }) => ({
    offset: firstOffset + BigInt(offsetDelta),
    key,
    value,
    headers,
  }))
