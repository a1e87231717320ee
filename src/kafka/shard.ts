import { type KeyedRecord, type Owner, ownerRecord, rowRecord } from '../checkpoint/keyed-records.js'
import { CtStreamError } from '../errors.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import type { KafkaAddress } from './address.js'
import { type KafkaClient, loadKafka } from './client.js'
import { isFenced } from './errors.js'
import { FencedProducer, type NewRecord } from './fenced-producer.js'
import { refuseOtherMode } from './other-mode.js'
import { positionsRecord, ShardState } from './shard-state.js'
import { entriesTopic, makeTopics, placeOf, positionsTopic } from './topics.js'

/** Records to write together with positions, given what the broker has. Called again after each retry. */
export type Cargo = (state: ShardState) => readonly NewRecord[]

/**
 * One shard in Kafka: its entries' topic, its positions, and the right to write both.
 *
 * Each shard has a topic of one partition for its positions: in a shared one the open transaction of another shard would hide them.
 */
export class KafkaShard {
  readonly entries: string
  private readonly positions: string
  private readonly transactionalId: string
  private readonly address: KafkaAddress
  private readonly lease: Lease | undefined
  private readonly clock: Clock
  private readonly name: string
  private kafka: KafkaClient | undefined
  private isClosed = false
  private producer: FencedProducer | undefined
  private current: ShardState | undefined

  /** @param name - Of the sink; the same when it is opened again under the same lease. */
  constructor(address: KafkaAddress, lease: Lease | undefined, name: string, clock: Clock) {
    const { positions, transactionalId } = placeOf(address, lease?.unit)
    this.address = address
    this.lease = lease
    this.name = name
    this.clock = clock
    this.entries = `${address.prefix}.entries`
    this.positions = positions
    this.transactionalId = transactionalId
  }

  /** What the broker has, as of opening or the last commit. */
  get state(): ShardState {
    if (this.current === undefined) throw new CtStreamError('CT_CLOSED', 'the sink is closed')
    return this.current
  }

  get epoch(): number {
    return this.state.owner.epoch
  }

  /**
   * @param withEntries - Whether entries will be written: their topic is made too.
   * @throws {@link CtStreamError} `CT_LEASE_LOST`, `CT_CHECKPOINT_CONFLICT`, `CT_CHECKPOINT_UNUSABLE`, `CT_SINK_FAILED`, `CT_SINK_ROLLED_BACK`.
   */
  async open(withEntries = true): Promise<void> {
    this.kafka ??= await loadKafka()
    this.isClosed = false
    const { address, clock, entries, positions, lease } = this
    if (lease === undefined) await refuseOtherMode(this.kafka, address, true, clock)
    const topics = [...(withEntries ? [entriesTopic(entries, address)] : []), positionsTopic(positions)]
    await makeTopics(this.kafka, address, topics, clock)
    await this.reopen()
  }

  /**
   * Writes these rows and their cargo, or nothing. Called again after an error, it first reads what the broker has, and does not repeat a
   * commit that took effect although it was reported as failed.
   */
  async commit(rows: readonly LogCheckpoint[], cargo: Cargo): Promise<void> {
    try {
      if (this.producer === undefined) await this.reopen()
      const records = rows.map((row) => positionsRecord(this.positions, rowRecord(row)))
      await this.producer?.commit([...cargo(this.state), ...records])
      this.state.keep(rows)
    } catch (error) {
      throw await this.failed(error)
    }
  }

  /** Writes one record to the topic of positions. */
  async put(record: KeyedRecord): Promise<void> {
    await this.commit([], () => [positionsRecord(this.positions, record)])
  }

  async close(): Promise<void> {
    const { producer } = this
    this.isClosed = true
    this.producer = undefined
    this.current = undefined
    await producer?.close()
  }

  private async reopen(): Promise<void> {
    const { kafka, address, clock, positions, current: before, lease, name } = this
    if (kafka === undefined || this.isClosed) throw new CtStreamError('CT_CLOSED', 'the sink is closed')
    const producer = new FencedProducer(kafka, address, this.transactionalId, clock)
    try {
      // Checked before shutting out the writer: a member that has lost its lease must not regain it that way.
      this.refuse((await this.read(producer)).owner, before?.owner)
      await producer.begin()
      const state = await this.read(producer)
      this.refuse(state.owner, before?.owner)
      if (before !== undefined) refuseRollback(before, state, address)
      if (lease === undefined ? state.owner.name !== name : state.owner.epoch !== lease.epoch) {
        const owner = { epoch: lease?.epoch ?? state.owner.epoch + 1, name }
        await producer.commit([positionsRecord(positions, ownerRecord(owner))])
        state.owner = owner
      }
      this.producer = producer
      this.current = state
    } catch (error) {
      await producer.close()
      throw error
    }
  }

  private async read(producer: FencedProducer): Promise<ShardState> {
    return new ShardState(this.positions, await producer.read(this.positions))
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
    const { producer } = this
    this.producer = undefined
    await producer?.close()
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
