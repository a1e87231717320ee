import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rangeCheckpoint } from '../../../src/checkpoint/backfill-ranges.js'
import { ownerRecord, rowRecord } from '../../../src/checkpoint/keyed-records.js'
import { kafkaAddress } from '../../../src/kafka/address.js'
import { BackfillRanges } from '../../../src/kafka/backfill-ranges.js'
import type { KafkaConsumer } from '../../../src/kafka/client.js'
import { RenewedClient } from '../../../src/kafka/renewed-client.js'
import type { BackfillJob } from '../../../src/types/backfill.js'
import type { LogInfo } from '../../../src/types/log.js'
import { systemClock } from '../../../src/util/clock.js'

const address = kafkaAddress('kafka://localhost')
const log: LogInfo = {
  ...{ id: Buffer.alloc(32, 1).toString('base64'), description: 'a', operator: 'o' },
  ...({ kind: 'rfc6962', url: 'https://log.example/' } as const),
}
const STEP = 10
const COUNT = 5
const head = { treeSize: 9000, timestamp: 5, rootHash: new Uint8Array(32), signature: new Uint8Array(70) }
const job = { id: '7', log, start: 0, end: STEP * COUNT, step: STEP, head } as BackfillJob
const unitOf = (range: number) => `backfill 7 from ${range * STEP}`

interface Batch {
  readonly firstOffset: bigint
  readonly crc: number
  readonly lastOffsetDelta: number
  readonly attributes: number
  readonly producerId: bigint
  readonly records: { readonly offsetDelta: number; key: Buffer; value: Buffer; headers: [] }[]
}

/** What a broker answers of a topic with one partition: batches at offsets. */
class Partition {
  batches: Batch[] = []
  end = 0n
  /** How many batches were fetched. */
  fetched = 0
  private crc = 0

  write(range: number, position: number, epoch: number): void {
    const row = { ...rangeCheckpoint(job, range * STEP), position, range: undefined }
    const records = [rowRecord(row), ownerRecord({ epoch, name: `m${epoch}` })].map(({ key, value }, offsetDelta) => ({
      ...{ offsetDelta, key: Buffer.from(`${unitOf(range)}|${key}`), value: Buffer.from(value), headers: [] as [] },
    }))
    const place = { firstOffset: this.end, crc: ++this.crc, lastOffsetDelta: 1, attributes: 0, producerId: 1n }
    this.batches.push({ ...place, records })
    this.end += 2n
  }

  /** As a broker that was restored from a copy, or lost its tail. */
  rollBack(batches: number): void {
    this.batches = this.batches.slice(0, batches)
    const last = this.batches.at(-1)
    this.end = last === undefined ? 0n : last.firstOffset + 2n
  }

  /** Takes all of which there are later records. */
  compact(): void {
    this.batches = this.batches.filter((_, number) => {
      const later = this.batches.slice(number + 1)
      const [key] = (this.batches[number] as Batch).records.map((record) => String(record.key))
      const isOld = later.some(({ records }) => String(records[0]?.key) === key)
      return !isOld
    })
  }

  client(): RenewedClient<KafkaConsumer> {
    const consumer = {
      metadata: async () => ({
        topics: new Map([['ct.backfill.7', { id: '', partitions: [{ leader: 1 }] }]]),
      }),
      listOffsets: async ({ timestamp }: { timestamp: bigint }) =>
        new Map([['ct.backfill.7', [timestamp === -1n ? this.end : (this.batches[0]?.firstOffset ?? this.end)]]]),
      fetch: async ({ topics }: { topics: { partitions: { fetchOffset: bigint }[] }[] }) => {
        const from = topics[0]?.partitions[0]?.fetchOffset ?? 0n
        // Two at a time, so that there are several fetches.
        const records = this.batches.filter((batch) => batch.firstOffset + 1n >= from).slice(0, 2)
        this.fetched += records.length
        return { responses: [{ partitions: [{ partitionIndex: 0, records, highWatermark: this.end }] }] }
      },
      close: () => {},
    }
    return new RenewedClient(address, systemClock, () => consumer as unknown as KafkaConsumer)
  }
}

const shown = async (view: BackfillRanges, client: RenewedClient<KafkaConsumer>) =>
  (await view.read(client)).map(({ unit, position, state }) => [unit, position, state.owner.epoch])

describe('the ranges of a backfill in Kafka', () => {
  it('are read from where the look before has ended', async () => {
    const partition = new Partition()
    for (let round = 1; round <= 20; round++)
      for (let range = 0; range < COUNT; range++) partition.write(range, range * STEP + (round % STEP), round)
    const view = new BackfillRanges(address, job)
    const client = partition.client()
    await view.read(client)
    expect(partition.fetched).toBe(100)
    partition.write(2, 27, 21)
    partition.fetched = 0
    const before = [...(await view.read(client))]
    // The last one once more, so that a broker that went back is noticed.
    expect(partition.fetched).toBeLessThanOrEqual(3)
    expect(view.of(unitOf(2))).toMatchObject({ start: 20, end: 30, position: 27, state: { owner: { epoch: 21 } } })
    partition.write(4, 44, 22)
    const after = await view.read(client)
    // What nobody has written to is not looked at again.
    expect(after.map((range, number) => range === before[number])).toEqual([true, true, true, true, false])
    expect(await view.recordsOf(client, unitOf(4))).toHaveLength(2)
    expect(await view.recordsOf(client, 'backfill 7 from 1')).toEqual([])
  })

  it('are the same however often they were looked at, also when the broker goes back, or compacts', async () => {
    const steps = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(fc.constant('write'), fc.nat(COUNT - 1)) },
      { weight: 3, arbitrary: fc.tuple(fc.constant('look'), fc.nat(1)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('rollBack'), fc.nat(12)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('compact'), fc.nat(1)) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (plan) => {
        const partition = new Partition()
        const view = new BackfillRanges(address, job)
        const client = partition.client()
        for (const [number, [step, value]] of plan.entries()) {
          if (step === 'write') partition.write(value, value * STEP + (number % STEP), number)
          else if (step === 'rollBack') partition.rollBack(value)
          else if (step === 'compact') partition.compact()
          else await view.read(client)
        }
        expect(await shown(view, client)).toEqual(await shown(new BackfillRanges(address, job), client))
      }),
    )
  })
})
