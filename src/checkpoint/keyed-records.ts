import { CtStreamError } from '../errors.js'
import type { Evidence, Gap, LogCheckpoint } from '../types/checkpoint.js'
import { sha256Hex } from '../util/hash.js'
import { messageOf } from '../util/message-of.js'
import { checkpointFromJSON, checkpointToJSON } from './checkpoint-json.js'
import { type WrittenEntries, writtenIn } from './log-record.js'
import { MemoryCheckpointStore } from './memory.js'

/** A record that an engine keeps for a unit of work beside its entries; the last record of each key counts. */
export interface KeyedRecord {
  readonly key: string
  /** JSON. */
  readonly value: string
}

/** The last writer: the epoch of its lease, and a name unique to its sink. */
export interface Owner {
  readonly epoch: number
  readonly name: string
}

/** What is written of a log is this far above its stored position at most: what is read while one commit is under way. */
const FARTHEST = 2 ** 23

/** Positions, gaps, evidence and owner of a unit, read from an engine's records. */
export class KeyedState {
  owner: Owner = { epoch: 0, name: '' }
  readonly store = new MemoryCheckpointStore()
  readonly positions = new Map<string, number>()
  /** Of a range of a backfill: what was proven to come before its first entry, as `hashesBefore` returns it. */
  before: readonly string[] | undefined
  /** Of logs whose records say it. */
  private readonly entries = new Map<string, WrittenEntries>()
  /** Values of the records of logs by key, as they were read or said to be stored. */
  private readonly texts = new Map<string, string>()

  /**
   * @param place - Name in messages, such as `the Kafka topic ct.positions`.
   * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when the place holds other records.
   */
  constructor(place: string, records: Iterable<KeyedRecord>) {
    const last = new Map<string, string>()
    for (const { key, value } of records) last.set(key, value)
    this.store.open()
    for (const [key, value] of last) {
      if (key.startsWith('log:')) this.texts.set(key, value)
      try {
        this.take(key, JSON.parse(value))
      } catch (cause) {
        throw new CtStreamError(
          'CT_CHECKPOINT_UNUSABLE',
          `${place} has a record that is no position of ct-stream (${messageOf(cause)}): use another prefix in the URL`,
          { cause },
        )
      }
    }
  }

  /**
   * Refuses an engine whose last entry of a log nobody can have written: what lies below it would count as written, and be left out.
   *
   * @param place - As for the constructor.
   * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE`
   */
  refuseFar(place: string, logId: string, last: number): void {
    const position = this.positions.get(logId)
    if (position === undefined || last < position + FARTHEST) return
    throw new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `${place} has an entry of the log ${logId} at index ${last}, far above its position ${position}, that no collector wrote: remove it, or use another prefix in the URL`,
      { logId, expected: position, actual: last },
    )
  }

  keep(rows: readonly LogCheckpoint[]): void {
    this.store.commit(rows)
    for (const { log, position } of rows) this.positions.set(log.id, position)
  }

  /** What is known of a log's entries: of one without a record, that there is none; `undefined`: its record does not say. */
  entriesOf(logId: string): WrittenEntries | undefined {
    return this.entries.get(logId) ?? (this.positions.has(logId) ? undefined : { written: 0, from: 0 })
  }

  keepEntries(logId: string, entries: WrittenEntries): void {
    this.entries.set(logId, entries)
  }

  /** Those of these records of logs that are not in the engine as they are: a commit has the rows of all open logs, changed or not. */
  changed(records: readonly KeyedRecord[]): readonly KeyedRecord[] {
    return records.filter(({ key, value }) => this.texts.get(key) !== value)
  }

  /** These records of logs are in the engine. */
  stored(records: readonly KeyedRecord[]): void {
    for (const { key, value } of records) this.texts.set(key, value)
  }

  private take(key: string, value: unknown): void {
    const kind = key.slice(0, key.indexOf(':'))
    if (kind === 'log') {
      const row = checkpointFromJSON(value)
      const entries = writtenIn(value)
      this.keep([row])
      if (entries !== undefined) this.keepEntries(row.log.id, entries)
    } else if (kind === 'gap') this.store.addGap(value as Gap)
    else if (kind === 'evidence') this.store.addEvidence(value as Evidence)
    else if (kind === 'owner') {
      const { epoch, name } = value as Owner
      if (!Number.isSafeInteger(epoch) || typeof name !== 'string') throw new TypeError('an owner without an epoch')
      this.owner = { epoch, name }
    } else if (kind === 'before') this.before = hashesFrom(value)
    else throw new TypeError('a key that begins with none of log:, gap:, evidence:, owner:, before:')
  }
}

function hashesFrom(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
  throw new TypeError('hashes that are no texts')
}

const keyed = (key: string, value: unknown): KeyedRecord => ({ key, value: JSON.stringify(value) })

export const rowRecord = (row: LogCheckpoint) => keyed(`log:${row.log.id}`, checkpointToJSON(row))
export const beforeRecord = (hashes: readonly string[]) => keyed('before:', hashes)
export const ownerRecord = (owner: Owner) => keyed('owner:', owner)
export const gapRecord = (gap: Gap) => keyed(`gap:${gap.log.id} ${gap.start} ${gap.end ?? ''}`, gap)
export const evidenceRecord = (evidence: Evidence) =>
  keyed(`evidence:${sha256Hex(Buffer.from(JSON.stringify(evidence)))}`, evidence)

/** What a closed sink throws when it is used. */
export const sinkClosed = () => new CtStreamError('CT_CLOSED', 'the sink is closed')
