import type { AnyBulkWriteOperation } from 'mongodb'
import { type KeyedRecord, KeyedState, type Owner, ownerRecord, sinkClosed } from '../checkpoint/keyed-records.js'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import { sha256Hex } from '../util/hash.js'
import { Slot } from '../util/slot.js'
import type { MongoAddress } from './address.js'
import { isBulkError, MongoConnection } from './connection.js'
import { insertDocuments, type NewDocument } from './documents.js'
import { DUPLICATE, mongoError } from './errors.js'

/** A record as it is kept: `<unit> <key>`. */
interface StateDocument {
  readonly _id: string
  readonly value: string
  /** Of the owner under which it was last written, or looked at. */
  readonly epoch: number
  /** Grows by one with each write; of an engine that was rolled back it is smaller than it was. */
  readonly revision: number
}

const MAX_CLAIMS = 10
const OWNER = 'owner:'

/**
 * One unit in MongoDB: documents of entries, its positions, and the right to write these.
 *
 * Entries first, then positions: what is written again in between is there already, by its `_id`. A position is written where its revision is
 * still the one that was read, so nobody moves what another has moved.
 */
export class MongoShard {
  private readonly address: MongoAddress
  private readonly lease: Lease | undefined
  private readonly name: string
  private readonly unit: string
  private readonly slot: Slot<MongoConnection>
  private current: KeyedState | undefined
  /** Of each record, by its key. */
  private revisions = new Map<string, number>()

  /** @param name - Of the sink; the same when it is opened again under the same lease. */
  constructor(address: MongoAddress, lease: Lease | undefined, name: string, clock: Clock) {
    this.address = address
    this.lease = lease
    this.name = name
    this.slot = new Slot(() => MongoConnection.open(address, clock), sinkClosed)
    this.unit = lease === undefined ? 'alone' : sha256Hex(Buffer.from(lease.unit)).slice(0, 16)
  }

  /** What the server has, as of opening or the last write. */
  get state(): KeyedState {
    if (this.current === undefined) throw sinkClosed()
    return this.current
  }

  /**
   * @throws {@link CtStreamError} `CT_LEASE_LOST`, `CT_CHECKPOINT_CONFLICT`, `CT_CHECKPOINT_UNUSABLE`, `CT_SINK_FAILED`, `CT_SINK_ROLLED_BACK`.
   */
  async open(): Promise<void> {
    const { state, revisions } = await this.slot.renew(async (connection) => {
      for (const name of ['entries', 'parked', 'state']) await connection.check(name)
      const before = this.current
      const owner = await this.claim(connection, before)
      const found = await this.fenced(connection, owner)
      if (before !== undefined)
        for (const [key, revision] of this.revisions)
          if ((found.revisions.get(key) ?? 0) < revision) throw this.rolledBack()
      found.state.owner = owner
      return found
    })
    this.current = state
    this.revisions = revisions
  }

  /** Writes entries, then records. Called again after an error, it first reads what the server has. */
  async write(records: readonly KeyedRecord[], entries: Iterable<NewDocument>): Promise<void> {
    if (this.slot.current?.isOpen !== true) await this.open()
    const connection = this.slot.get()
    try {
      await insertDocuments(connection, this.address, entries)
      if (records.length > 0) await this.writeRecords(connection, records)
    } catch (error) {
      // Unknown how much took effect: the next write opens a new connection and looks.
      await connection.close()
      throw mongoError(error, 'write entries', this.address)
    }
  }

  async close(): Promise<void> {
    this.current = undefined
    this.revisions = new Map()
    await this.slot.close()
  }

  private async writeRecords(connection: MongoConnection, records: readonly KeyedRecord[]): Promise<void> {
    const { owner } = this.state
    const { epoch } = owner
    const changes = records.map(({ key, value }): AnyBulkWriteOperation<StateDocument> => {
      const _id = this.idOf(key)
      const revision = this.revisions.get(key)
      const update = { $set: { value, epoch, revision: (revision ?? 0) + 1 } }
      // A new record may be there of an earlier owner, who has not heard that it is none any more.
      return revision === undefined
        ? { updateOne: { filter: { _id, epoch: { $lt: epoch } }, update, upsert: true } }
        : { updateOne: { filter: { _id, epoch, revision }, update } }
    })
    // Without effect; counted where it is still ours. Each record that is there says so by itself.
    if (records.some(({ key }) => !this.revisions.has(key)))
      changes.push({
        updateOne: { filter: { _id: this.idOf(OWNER), value: ownerRecord(owner).value }, update: { $set: { epoch } } },
      })
    try {
      const { matchedCount, upsertedCount } = await connection.step('write positions', () =>
        this.collection(connection).bulkWrite(changes, { ordered: false }),
      )
      if (matchedCount + upsertedCount !== changes.length) throw await this.overtaken(connection)
    } catch (error) {
      if (isBulkError(error) && [error.writeErrors].flat().every(({ code }) => code === DUPLICATE))
        throw await this.overtaken(connection)
      throw error
    }
    for (const { key } of records) this.revisions.set(key, (this.revisions.get(key) ?? 0) + 1)
  }

  /** Becomes the owner. */
  private async claim(connection: MongoConnection, before: KeyedState | undefined): Promise<Owner> {
    const { lease, name } = this
    const collection = this.collection(connection)
    const _id = this.idOf(OWNER)
    const doing = 'become the writer'
    for (let attempt = 0; attempt < MAX_CLAIMS; attempt++) {
      const { state, revisions } = await this.read(connection)
      const found = state.owner
      if (found.name === name && (lease === undefined || found.epoch === lease.epoch)) return found
      if (before !== undefined || (lease !== undefined && found.epoch >= lease.epoch)) throw this.takenOver(found)
      const owner = { epoch: lease?.epoch ?? found.epoch + 1, name }
      const { epoch } = owner
      const { value } = ownerRecord(owner)
      const revision = revisions.get(OWNER)
      const isOurs = await connection.step(doing, () =>
        revision === undefined
          ? collection.insertOne({ _id, value, epoch, revision: 1 }).then(
              () => true,
              (error) => {
                if (error?.code === DUPLICATE) return false
                throw error
              },
            )
          : collection
              .updateOne({ _id, revision }, { $set: { value, epoch, revision: revision + 1 } })
              .then(({ matchedCount }) => matchedCount === 1),
      )
      if (isOurs) return owner
    }
    throw this.contested()
  }

  /**
   * Puts the epoch of the owner on every record, and reads them: from then on an earlier owner's writes find none. Also where the claim was
   * made before: an earlier owner may have made a record behind it, or the claim was cut short.
   */
  private async fenced(connection: MongoConnection, { epoch }: Owner) {
    const older = { ...this.range(), epoch: { $lt: epoch } }
    for (let attempt = 0; attempt < MAX_CLAIMS; attempt++) {
      await connection.step('become the writer', () =>
        this.collection(connection).updateMany(older, { $set: { epoch } }),
      )
      const found = await this.read(connection)
      if (found.lowestEpoch >= epoch) return found
    }
    throw this.contested()
  }

  private async read(connection: MongoConnection) {
    const found = await connection.step('read the positions', () =>
      this.collection(connection).find(this.range()).toArray(),
    )
    const keyOf = (_id: string) => _id.slice(this.unit.length + 1)
    const records = found.map(({ _id, value }) => ({ key: keyOf(_id), value: String(value) }))
    return {
      state: new KeyedState(`the collection ${this.address.prefix}_state`, records),
      revisions: new Map(found.map(({ _id, revision }) => [keyOf(_id), Number(revision)])),
      lowestEpoch: Math.min(...found.map(({ epoch }) => Number(epoch))),
    }
  }

  private collection(connection: MongoConnection) {
    return connection.collection<StateDocument>('state')
  }

  private idOf(key: string): string {
    return `${this.unit} ${key}`
  }

  /** The unit's records: `!` is the character behind the space. */
  private range() {
    return { _id: { $gte: `${this.unit} `, $lt: `${this.unit}!` } }
  }

  /** Why a record was not as it was left. */
  private async overtaken(connection: MongoConnection): Promise<CtStreamError> {
    const { state } = await this.read(connection)
    const { owner } = this.state
    if (state.owner.name === owner.name && state.owner.epoch === owner.epoch) return this.rolledBack()
    return this.takenOver(state.owner)
  }

  private takenOver(found: Owner): CtStreamError {
    const { lease, current } = this
    const epoch = lease?.epoch ?? current?.owner.epoch ?? 0
    const facts = { expected: epoch, actual: found.epoch }
    if (found.epoch < epoch) return this.rolledBack(facts)
    if (lease !== undefined) return new CtStreamError('CT_LEASE_LOST', 'another owner has this lease now', facts)
    return new CtStreamError(
      'CT_CHECKPOINT_CONFLICT',
      'another process took over writing to this MongoDB prefix',
      facts,
    )
  }

  private contested(): CtStreamError {
    return new CtStreamError(
      'CT_SINK_FAILED',
      `other processes keep taking over as the writer at ${this.address.shown}`,
    )
  }

  private rolledBack(facts = {}): CtStreamError {
    return new CtStreamError('CT_SINK_ROLLED_BACK', `${this.address.shown} has less than it acknowledged`, facts)
  }
}
