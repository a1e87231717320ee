import { checkpointFromJSON, checkpointToJSON } from '../checkpoint/checkpoint-json.js'
import { MemoryCheckpointStore } from '../checkpoint/memory.js'
import { CtStreamError } from '../errors.js'
import type { Evidence, Gap, LogCheckpoint } from '../types/checkpoint.js'
import { sha256Hex } from '../util/hash.js'
import { messageOf } from '../util/message-of.js'
import type { CommittedRecord } from './committed-records.js'
import type { NewRecord } from './fenced-producer.js'

/** Who wrote last: the epoch of its lease, and a name that no other sink has. */
export interface Owner {
  readonly epoch: number
  readonly name: string
}

/** What the positions' topic of a shard says: the last record of each key counts. */
export class ShardState {
  owner: Owner = { epoch: 0, name: '' }
  readonly store = new MemoryCheckpointStore()
  readonly positions = new Map<string, number>()

  /** @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for a topic of something else. */
  constructor(topic: string, records: readonly CommittedRecord[]) {
    const last = new Map<string, Buffer>()
    for (const { key, value } of records) if (key !== null && value !== null) last.set(key.toString('utf8'), value)
    this.store.open()
    for (const [key, value] of last) {
      try {
        this.take(key, JSON.parse(value.toString('utf8')))
      } catch (cause) {
        throw new CtStreamError(
          'CT_CHECKPOINT_UNUSABLE',
          `the Kafka topic ${topic} has a record that is no position of ct-stream (${messageOf(cause)}): use another prefix in the URL`,
          { cause },
        )
      }
    }
  }

  keep(rows: readonly LogCheckpoint[]): void {
    this.store.commit(rows)
    for (const { log, position } of rows) this.positions.set(log.id, position)
  }

  private take(key: string, value: unknown): void {
    const kind = key.slice(0, key.indexOf(':'))
    if (kind === 'log') this.keep([checkpointFromJSON(value)])
    else if (kind === 'gap') this.store.addGap(value as Gap)
    else if (kind === 'evidence') this.store.addEvidence(value as Evidence)
    else if (kind === 'owner') {
      const { epoch, name } = value as Owner
      if (!Number.isSafeInteger(epoch) || typeof name !== 'string') throw new TypeError('an owner without an epoch')
      this.owner = { epoch, name }
    } else throw new TypeError(`a key that begins with none of log:, gap:, evidence:, owner:`)
  }
}

const record = (topic: string, key: string, value: unknown): NewRecord => ({
  topic,
  partition: 0,
  key: Buffer.from(key),
  value: Buffer.from(JSON.stringify(value)),
})

export const rowRecord = (topic: string, row: LogCheckpoint) =>
  record(topic, `log:${row.log.id}`, checkpointToJSON(row))
export const ownerRecord = (topic: string, owner: Owner) => record(topic, 'owner:', owner)
export const gapRecord = (topic: string, gap: Gap) =>
  record(topic, `gap:${gap.log.id} ${gap.start} ${gap.end ?? ''}`, gap)
export const evidenceRecord = (topic: string, evidence: Evidence) =>
  record(topic, `evidence:${sha256Hex(Buffer.from(JSON.stringify(evidence)))}`, evidence)
