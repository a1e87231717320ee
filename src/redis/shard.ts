import { type KeyedRecord, KeyedState, type Owner, ownerRecord, sinkClosed } from '../checkpoint/keyed-records.js'
import { FOLLOWS } from '../checkpoint/log-record.js'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import { harmless } from '../util/harmless.js'
import { sha256Hex } from '../util/hash.js'
import { Slot } from '../util/slot.js'
import type { RedisAddress } from './address.js'
import { RedisConnection } from './connection.js'
import { entryId, indexOfId } from './entry-id.js'
import { redisError } from './errors.js'
import { CLAIM, LAST_IDS, WRITE } from './scripts.js'
import { checkServer } from './server.js'

/** An entry for the stream of its log. */
export interface NewEntry {
  readonly logId: string
  readonly index: number
  /** Names and values of fields, alternating. */
  readonly fields: readonly (string | Buffer)[]
}

/** Limits of one script call, since Redis does nothing else while it runs, and the next entries are made meanwhile. */
const MAX_ENTRIES = 128
const MAX_BYTES = 2 ** 20
/** Calls that are sent and not answered. Each names the last ids of the one before: when that fails, so does this. */
const MAX_SENT = 8
const MAX_CLAIMS = 10

/**
 * One shard in Redis: the streams of its logs, a hash of its positions, and the right to write both.
 *
 * An entry's id is `<index>-1`: Redis refuses an id that is not above the last one, which it remembers even after trimming, so no entry
 * is written twice.
 */
export class RedisShard {
  private readonly address: RedisAddress
  private readonly lease: Lease | undefined
  private readonly name: string
  private readonly maxLength: number
  private readonly hash: string
  private readonly streams: string
  private readonly streamPrefix: string
  private readonly slot: Slot<RedisConnection>
  private current: KeyedState | undefined
  /** The last id of each stream, by its key. */
  private lastIds = new Map<string, string>()

  /**
   * @param name - Of the sink; the same when it is opened again under the same lease.
   * @param maxLength - How many entries each stream keeps, roughly; 0: all.
   */
  constructor(address: RedisAddress, lease: Lease | undefined, name: string, clock: Clock, maxLength: number) {
    const unit = lease === undefined ? 'alone' : sha256Hex(Buffer.from(lease.unit)).slice(0, 16)
    this.address = address
    this.lease = lease
    this.name = name
    this.slot = new Slot(() => RedisConnection.open(address, clock), sinkClosed)
    this.maxLength = maxLength
    this.hash = `${address.prefix}:state:${unit}`
    this.streams = `${address.prefix}:streams`
    this.streamPrefix = `${address.prefix}:entries:${lease === undefined ? '' : `${unit}:`}`
  }

  /** What the server has, as of opening or the last write. */
  get state(): KeyedState {
    if (this.current === undefined) throw sinkClosed()
    return this.current
  }

  get epoch(): number {
    return this.state.owner.epoch
  }

  /** Whether the server lacks the entry; it has it when a write reported as failed took effect. */
  lacks(logId: string, index: number): boolean {
    const last = indexOfId(this.lastIds.get(this.streamPrefix + logId))
    return last === undefined || index > last
  }

  /**
   * @throws {@link CtStreamError} `CT_LEASE_LOST`, `CT_CHECKPOINT_CONFLICT`, `CT_CHECKPOINT_UNUSABLE`, `CT_SINK_FAILED`, `CT_SINK_ROLLED_BACK`.
   */
  async open(): Promise<void> {
    const found = await this.slot.renew(async (connection) => {
      await checkServer(connection, this.address)
      const before = this.current
      const owner = await this.claim(connection, before)
      const state = await this.read(connection)
      const lastIds = await this.readLastIds(connection)
      for (const [key, id] of lastIds) state.refuseFar(key, key.slice(this.streamPrefix.length), indexOfId(id) ?? 0)
      if (before !== undefined)
        for (const [key, last] of this.lastIds) if (isBehind(lastIds.get(key), last)) throw this.rolledBack(key)
      state.owner = owner
      return { state, lastIds }
    })
    this.current = found.state
    this.lastIds = found.lastIds
  }

  /**
   * Writes records together with the entries. Called again after an error, it first reads what the server has.
   *
   * @param records - Given the index behind the last entry that was written of a log, these included; 0: none was.
   * @param entries - Called when it is known what the server lacks; returns the lacking entries, in the order of their logs' indexes.
   */
  async write(
    records: (written: (logId: string) => number) => readonly KeyedRecord[],
    entries: () => Iterable<NewEntry>,
  ): Promise<void> {
    if (this.slot.current?.isOpen !== true) await this.open()
    const connection = this.slot.get()
    const sent: Promise<void>[] = []
    // As they are when everything that was sent has taken effect.
    const lastIds = new Map(this.lastIds)
    /** Index behind the last entry of each log that has one here. */
    const ends = new Map<string, number>()
    const written = (logId: string) => ends.get(logId) ?? this.written(logId)
    const send = (chunk: readonly NewEntry[], those: readonly KeyedRecord[]) => {
      const one = this.writeChunk(connection, those, chunk, lastIds)
      // Awaited below; another one may fail first.
      one.catch(() => undefined)
      sent.push(one)
    }
    try {
      let chunk: NewEntry[] = []
      let bytes = 0
      for (const found of entries()) {
        const { logId, index } = found
        const entry = { ...found, fields: [FOLLOWS, String(written(logId)), ...found.fields] }
        ends.set(logId, index + 1)
        const size = entry.fields.reduce((sum, field) => sum + field.length, 0)
        if (chunk.length === MAX_ENTRIES || (bytes + size > MAX_BYTES && chunk.length > 0)) {
          if (sent.length >= MAX_SENT) await sent.shift()
          send(chunk, [])
          // The socket gets it now: the server works while the next entries are made.
          await new Promise(setImmediate)
          chunk = []
          bytes = 0
        }
        chunk.push(entry)
        bytes += size
      }
      send(chunk, records(written))
      for (const one of sent) await one
    } catch (error) {
      // Unknown how much took effect: the next write opens a new connection and looks.
      connection.close()
      throw redisError(error, 'write entries', this.address)
    }
  }

  /** The stream remembers its last id, unless somebody has deleted it; a record of a version that did not say counts only then. */
  private written(logId: string): number {
    const { state, lastIds, streamPrefix } = this
    const last = indexOfId(lastIds.get(streamPrefix + logId))
    const said = state.entriesOf(logId)?.written
    if (last === undefined) return said ?? state.positions.get(logId) ?? 0
    return Math.max(last + 1, said ?? 0)
  }

  async close(): Promise<void> {
    this.current = undefined
    this.lastIds = new Map()
    await this.slot.close()
  }

  /** @param expected - The last id of each stream as this call finds it; left as it leaves them. */
  private async writeChunk(
    connection: RedisConnection,
    records: readonly KeyedRecord[],
    entries: readonly NewEntry[],
    expected: Map<string, string>,
  ) {
    const keys = [...new Set(entries.map(({ logId }) => this.streamPrefix + logId))]
    const numbers = new Map(keys.map((key, i) => [key, String(i + 1)]))
    const args: (string | Buffer)[] = [
      ownerRecord(this.state.owner).value,
      String(this.maxLength),
      String(records.length),
    ]
    for (const { key, value } of records) args.push(key, value)
    for (const key of keys) args.push(expected.get(key) ?? '')
    const lastIds = new Map<string, string>()
    for (const { logId, index, fields } of entries) {
      const key = this.streamPrefix + logId
      const id = entryId(index)
      args.push(numbers.get(key) ?? '', id, String(fields.length), ...fields)
      lastIds.set(key, id)
      expected.set(key, id)
    }
    const all = [this.hash, this.streams, ...keys]
    const answer = await connection.send('write entries', ['EVAL', WRITE, String(all.length), ...all, ...args])
    const [verdict, what] = Array.isArray(answer) ? answer.map(String) : []
    if (verdict === 'owner') throw this.takenOver(what ?? '')
    if (verdict !== 'ok') throw this.lastIds.has(what ?? '') ? this.rolledBack(what ?? '') : foreign(what ?? '')
    for (const [key, id] of lastIds) this.lastIds.set(key, id)
  }

  /** Becomes the owner: the server refuses writes of every earlier owner from now on. */
  private async claim(connection: RedisConnection, before: KeyedState | undefined): Promise<Owner> {
    const { hash, lease, name } = this
    for (let attempt = 0; attempt < MAX_CLAIMS; attempt++) {
      const { owner: found } = await this.read(connection)
      if (found.name === name && (lease === undefined || found.epoch === lease.epoch)) return found
      if (lease !== undefined && found.epoch >= lease.epoch) throw this.takenOver(ownerRecord(found).value)
      if (before !== undefined) throw this.takenOver(ownerRecord(found).value)
      const owner = { epoch: lease?.epoch ?? found.epoch + 1, name }
      const old = found.epoch === 0 ? '' : ownerRecord(found).value
      const command = ['EVAL', CLAIM, '1', hash, old, ownerRecord(owner).value]
      if ((await connection.send('become the writer', command)) === 1) return owner
    }
    throw new CtStreamError('CT_SINK_FAILED', `other processes keep taking over as the writer at ${this.address.shown}`)
  }

  private async read(connection: RedisConnection): Promise<KeyedState> {
    const flat = (await connection.send('read the positions', ['HGETALL', this.hash])) as readonly string[]
    const records = flat.flatMap((key, i) => (i % 2 === 0 ? [{ key, value: flat[i + 1] ?? '' }] : []))
    return new KeyedState(`the Redis hash ${this.hash}`, records)
  }

  private async readLastIds(connection: RedisConnection): Promise<Map<string, string>> {
    const all = (await connection.send('list the streams', ['SMEMBERS', this.streams])) as readonly string[]
    const keys = all.filter((key) => key.startsWith(this.streamPrefix))
    if (keys.length === 0) return new Map()
    const command = ['EVAL', LAST_IDS, String(keys.length), ...keys]
    const ids = (await connection.send('ask what it has', command)) as readonly string[]
    const found = keys.map((key, i) => [key, String(ids[i] ?? '')] as const).filter(([, id]) => id !== '')
    for (const [key, id] of found) if (indexOfId(id) === undefined) throw foreign(key)
    return new Map(found)
  }

  private takenOver(found: string): CtStreamError {
    const owner = new KeyedState(`the Redis hash ${this.hash}`, found === '' ? [] : [{ key: 'owner:', value: found }])
      .owner
    const { lease, current } = this
    const epoch = lease?.epoch ?? current?.owner.epoch ?? 0
    const facts = { expected: epoch, actual: owner.epoch }
    if (owner.epoch < epoch)
      return new CtStreamError('CT_SINK_ROLLED_BACK', `${this.address.shown} has less than it acknowledged`, facts)
    if (lease === undefined)
      return new CtStreamError(
        'CT_CHECKPOINT_CONFLICT',
        'another process took over writing to this Redis prefix',
        facts,
      )
    return new CtStreamError('CT_LEASE_LOST', 'another owner has this lease now', facts)
  }

  private rolledBack(key: string): CtStreamError {
    return new CtStreamError(
      'CT_SINK_ROLLED_BACK',
      `${this.address.shown} no longer has what it acknowledged in ${key}`,
    )
  }
}

function foreign(key: string): CtStreamError {
  return new CtStreamError(
    'CT_CHECKPOINT_UNUSABLE',
    `the Redis stream ${harmless(key)} is not of ct-stream: use another prefix in the URL`,
  )
}

/** Whether a stream ends before where it ended. */
function isBehind(found: string | undefined, before: string): boolean {
  return (indexOfId(found) ?? -1) < (indexOfId(before) ?? -1)
}
