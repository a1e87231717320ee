import { type KeyedRecord, type Owner, ownerRecord, sinkClosed } from '../checkpoint/keyed-records.js'
import { logRecord, type WrittenEntries } from '../checkpoint/log-record.js'
import { CtStreamError } from '../errors.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import { Slot } from '../util/slot.js'
import type { KafkaAddress } from './address.js'
import { type KafkaClient, loadKafka } from './client.js'
import { isFenced } from './errors.js'
import { FencedProducer, type NewRecord } from './fenced-producer.js'
import { endLeftOpen } from './left-open.js'
import { refuseOtherMode } from './other-mode.js'
import { positionsRecord, ShardState } from './shard-state.js'
import { entriesTopic, makeTopics, type NewTopic, positionsTopic } from './topics.js'
import { placeOf, type ReadUnit, type UnitPlace } from './unit-place.js'

/** What to write together with positions, given what the broker has. Called again after each retry. */
export type Cargo = (state: ShardState) => {
  readonly records: readonly NewRecord[]
  /** What others have to find as soon as they see the records: it is committed before them. Default: nothing. */
  readonly before?: readonly NewRecord[]
  /** What is written of the logs of which it has entries, these included. Default: nothing. */
  readonly entries?: ReadonlyMap<string, WrittenEntries>
}

/**
 * One shard in Kafka, or a range of a backfill: its entries' topic, its positions, and the right to write both.
 *
 * Each shard has a topic of one partition for its positions: in a shared one the open transaction of another shard would hide them.
 */
export class KafkaShard {
  readonly place: UnitPlace
  private readonly address: KafkaAddress
  private readonly lease: Lease | undefined
  private readonly clock: Clock
  private readonly name: string
  private readonly readUnit: ReadUnit | undefined
  private kafka: KafkaClient | undefined
  private topics: readonly string[] = []
  /** Of the last opening. */
  private slot: Slot<FencedProducer> | undefined
  private current: ShardState | undefined
  /** Settles when what was committed last is. */
  private turn: Promise<unknown> = Promise.resolve()

  /**
   * @param name - Of the sink; the same when it is opened again under the same lease.
   * @param place - Default: that of the shard.
   * @param readUnit - Default: reads the whole topic of positions.
   */
  constructor(
    address: KafkaAddress,
    lease: Lease | undefined,
    name: string,
    clock: Clock,
    place: UnitPlace = placeOf(address, lease?.unit),
    readUnit?: ReadUnit,
  ) {
    this.address = address
    this.lease = lease
    this.name = name
    this.clock = clock
    this.place = place
    this.readUnit = readUnit
  }

  /** What the broker has, as of opening or the last commit. */
  get state(): ShardState {
    if (this.current === undefined) throw sinkClosed()
    return this.current
  }

  get epoch(): number {
    return this.state.owner.epoch
  }

  /**
   * @param withEntries - Whether entries will be written: their topic is made too.
   * @param others - Topics to make beside them.
   * @throws {@link CtStreamError} `CT_LEASE_LOST`, `CT_CHECKPOINT_CONFLICT`, `CT_CHECKPOINT_UNUSABLE`, `CT_SINK_FAILED`, `CT_SINK_ROLLED_BACK`.
   */
  async open(withEntries = true, others: readonly NewTopic[] = []): Promise<void> {
    this.kafka ??= await loadKafka()
    const { kafka, address, clock, lease } = this
    const { entries, positions, transactionalId } = this.place
    this.slot = new Slot(() => new FencedProducer(kafka, address, transactionalId, clock), sinkClosed)
    if (lease === undefined) await refuseOtherMode(kafka, address, true, clock)
    const topics = [...(withEntries ? [entriesTopic(entries, address)] : []), positionsTopic(positions), ...others]
    await makeTopics(kafka, address, topics, clock)
    this.topics = topics.map(({ name }) => name)
    await this.reopen()
  }

  /**
   * Writes these rows and their cargo, or nothing. Called again after an error, it first reads what the broker has, and does not repeat a
   * commit that took effect although it was reported as failed.
   */
  commit(rows: readonly LogCheckpoint[], cargo: Cargo): Promise<void> {
    // One at a time: one that fails drops the producer of all.
    const committed = this.turn.then(() => this.commitNow(rows, cargo))
    this.turn = committed.catch(() => {})
    return committed
  }

  private async commitNow(rows: readonly LogCheckpoint[], cargo: Cargo): Promise<void> {
    try {
      await this.beginWriting()
      refuseBehind(rows, this.state, this.address)
      const { records, before = [], entries } = cargo(this.state)
      if (before.length > 0) {
        await this.writer.commit(before)
        await this.beginWriting()
        // Where it was opened anew.
        refuseBehind(rows, this.state, this.address)
      }
      const written = ({ log: { id } }: LogCheckpoint) => entries?.get(id) ?? this.state.entriesOf(id)
      const all = rows.map((row) => logRecord(row, written(row)))
      const changed = this.state.changed(all)
      // Never a transaction of nothing: the broker would not say that another writer has taken over.
      const positions = records.length + changed.length > 0 ? changed : all.slice(0, 1)
      await this.writer.commit([...records, ...positions.map((record) => positionsRecord(this.place, record))])
      const kept = rows.map((row) => [row.log.id, written(row)] as const)
      this.state.keep(rows)
      for (const [logId, found] of kept) if (found !== undefined) this.state.keepEntries(logId, found)
      this.state.stored(all)
    } catch (error) {
      throw await this.failed(error)
    }
  }

  /** Writes one record to the topic of positions. */
  async put(record: KeyedRecord): Promise<void> {
    await this.commit([], () => ({ records: [positionsRecord(this.place, record)] }))
  }

  async close(): Promise<void> {
    const { slot } = this
    this.slot = undefined
    this.current = undefined
    await slot?.close()
  }

  private get writer(): FencedProducer {
    if (this.slot === undefined) throw sinkClosed()
    return this.slot.get()
  }

  /** Begins a transaction. By a new producer, which looks for what is left open, where a broker may have forgotten part of the last one. */
  private async beginWriting(): Promise<void> {
    const producer = this.slot?.current
    await producer?.begin()
    if (producer?.isDoubtful === false) return
    await this.reopen()
  }

  private async reopen(): Promise<void> {
    const { slot, address, place, current: before, lease, name } = this
    if (slot === undefined) throw sinkClosed()
    this.current = await slot.renew(async (producer) => {
      // Checked before shutting out the writer: a member that has lost its lease must not regain it that way.
      this.refuse((await this.read(producer)).owner, before?.owner)
      await producer.begin()
      await endLeftOpen(producer, place, this.topics, () => this.read(producer))
      const state = await this.read(producer)
      this.refuse(state.owner, before?.owner)
      if (before !== undefined) refuseRollback(before, state, address)
      if (lease === undefined ? state.owner.name !== name : state.owner.epoch !== lease.epoch) {
        const owner = { epoch: lease?.epoch ?? state.owner.epoch + 1, name }
        await producer.commit([positionsRecord(place, ownerRecord(owner))])
        state.owner = owner
      }
      return state
    })
  }

  private async read(producer: FencedProducer): Promise<ShardState> {
    return new ShardState(this.place, await (this.readUnit?.() ?? producer.read(this.place.positions)))
  }

  private refuse(owner: Owner, before: Owner | undefined): void {
    const { lease, name } = this
    if (lease !== undefined) {
      // An epoch has one owner: a writer with the same epoch is an earlier sink of the same lease, which this one replaces.
      if (owner.epoch > lease.epoch) throw leaseLost(lease, owner)
      return
    }
    if (owner.name === name || before?.name !== name || owner.epoch < before.epoch) return
    throw new CtStreamError('CT_CHECKPOINT_CONFLICT', 'another process took over writing to this Kafka prefix')
  }

  /** The error to report. Also drops the producer, since it is unknown how much of its work took effect. */
  private async failed(error: unknown): Promise<unknown> {
    await this.slot?.drop()
    const isTakenOver = CtStreamError.is(error) && error.code === 'CT_LEASE_LOST' && isFenced(error.cause)
    if (!isTakenOver) return error
    try {
      // Fenced by another sink, or by the broker since a transaction was open too long: the recorded owner shows which.
      await this.reopen()
    } catch (other) {
      return other
    }
    return new CtStreamError(
      'CT_SINK_FAILED',
      'the broker fenced this writer because its transaction was open for too long; it starts again',
      {
        cause: error,
        retryable: true,
      },
    )
  }
}

function leaseLost(lease: Lease, owner: Owner): CtStreamError {
  return new CtStreamError('CT_LEASE_LOST', 'another owner has this lease now', {
    expected: lease.epoch,
    actual: owner.epoch,
  })
}

/**
 * After a rollback of the broker two members may have a lease of the same epoch for a moment, and take the shard from each other. The one that has
 * it back must not store an earlier position: what lies behind that is written, and would be written again.
 */
function refuseBehind(rows: readonly LogCheckpoint[], { positions }: ShardState, address: KafkaAddress): void {
  for (const { log, position } of rows) {
    const found = positions.get(log.id) ?? 0
    if (position < found)
      throw new CtStreamError('CT_SINK_FAILED', `another writer at ${address.shown} is ahead with the same lease`, {
        retryable: true,
        logId: log.id,
        expected: position,
        actual: found,
      })
  }
}

function refuseRollback(before: ShardState, now: ShardState, address: KafkaAddress): void {
  for (const [logId, position] of before.positions) {
    const found = now.positions.get(logId) ?? 0
    if (found < position)
      throw new CtStreamError('CT_SINK_ROLLED_BACK', `${address.shown} has less than it acknowledged`, {
        logId,
        expected: position,
        actual: found,
      })
  }
}
