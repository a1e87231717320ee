import { rangesOf, rangeUnit } from '../checkpoint/backfill-ranges.js'
import type { BackfillJob } from '../types/backfill.js'
import type { KafkaAddress } from './address.js'
import type { KafkaConsumer } from './client.js'
import { type CommittedRecord, CommittedTail } from './committed-records.js'
import type { RenewedClient } from './renewed-client.js'
import { ShardState } from './shard-state.js'
import { rangePlace, type UnitPlace } from './unit-place.js'

/** A range of a backfill, as its topic has it. */
export interface RangeOfBackfill {
  readonly unit: string
  readonly place: UnitPlace
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** Index of the first entry that is not there. */
  readonly position: number
  readonly state: ShardState
}

/** A record of a unit of work. */
export type UnitRecord = Pick<CommittedRecord, 'key' | 'value'>

/**
 * How far the ranges of one backfill are: a view of their topic, which has the last record of each key.
 *
 * There may be 100,000 of them, and each renewal looks at them: each look reads what was written since the one before, and works on the ranges that it
 * is of.
 */
export class BackfillRanges {
  readonly topic: string
  private readonly address: KafkaAddress
  private readonly job: BackfillJob
  private readonly tail: CommittedTail
  /** In order. */
  private readonly ranges: RangeOfBackfill[]
  /** Place in `ranges`, by unit. */
  private readonly numbers = new Map<string, number>()
  /** Last record by key, by unit. */
  private readonly records = new Map<string, Map<string, UnitRecord>>()
  /** Units that have other records than `ranges` shows. */
  private readonly changed = new Set<string>()
  private turn: Promise<unknown> = Promise.resolve()

  constructor(address: KafkaAddress, job: BackfillJob) {
    const { id, start, end, step } = job
    this.address = address
    this.job = job
    this.ranges = rangesOf(start, end, step).map(([from, to], number) => {
      const unit = rangeUnit(id, from)
      this.numbers.set(unit, number)
      return this.range(unit, from, to)
    })
    this.topic = rangePlace(address, id, '').positions
    this.tail = new CommittedTail(this.topic, 0, undefined, () => this.forget())
  }

  /** All ranges, in order; those that others have written change with the next look. @throws {@link CtStreamError} as `ShardState`; as `RenewedClient.use`. */
  read(client: RenewedClient<KafkaConsumer>): Promise<readonly RangeOfBackfill[]> {
    return this.inTurn(async () => {
      await this.look(client)
      for (const unit of this.changed) {
        const number = this.numbers.get(unit)
        const known = number === undefined ? undefined : this.ranges[number]
        if (known !== undefined) this.ranges[number as number] = this.range(unit, known.start, known.end)
        this.changed.delete(unit)
      }
      return this.ranges
    })
  }

  /** The range of a unit, as of the last look. */
  of(unit: string): RangeOfBackfill | undefined {
    return this.ranges[this.numbers.get(unit) ?? -1]
  }

  /** What the topic has of a unit at this moment: all that was committed before. @throws as {@link read}. */
  recordsOf(client: RenewedClient<KafkaConsumer>, unit: string): Promise<readonly UnitRecord[]> {
    return this.inTurn(async () => {
      await this.look(client)
      return [...(this.records.get(unit)?.values() ?? [])]
    })
  }

  private range(unit: string, start: number, end: number): RangeOfBackfill {
    const { id, log } = this.job
    const place = rangePlace(this.address, id, unit)
    const state = new ShardState(place, this.records.get(unit)?.values() ?? [])
    return { unit, place, start, end, state, position: state.positions.get(log.id) ?? start }
  }

  /** One at a time, as each goes on where the one before has ended. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => {})
    return done
  }

  private look(client: RenewedClient<KafkaConsumer>): Promise<void> {
    return client.use('read how far a backfill is', async (consumer) => {
      for await (const { key, value } of this.tail.read(consumer)) {
        if (key === null || value === null) continue
        const name = key.toString('utf8')
        const unit = name.slice(0, Math.max(0, name.indexOf('|')))
        const known = this.records.get(unit) ?? new Map<string, UnitRecord>()
        // Copies: the bytes of a fetch are one piece of memory.
        this.records.set(unit, known.set(name, { key: Buffer.from(key), value: Buffer.from(value) }))
        this.changed.add(unit)
      }
    })
  }

  /** The broker went back to an earlier state. */
  private forget(): void {
    for (const unit of this.records.keys()) this.changed.add(unit)
    this.records.clear()
  }
}

/** How far the ranges are, in sum. */
export function progressOf(ranges: readonly RangeOfBackfill[]): Pick<BackfillJob, 'rangesDone' | 'entries'> {
  return {
    rangesDone: ranges.filter(({ position, end }) => position >= end).length,
    entries: ranges.reduce((sum, { position, start }) => sum + position - start, 0),
  }
}
