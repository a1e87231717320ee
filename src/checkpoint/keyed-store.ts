import type { CheckpointStore, Evidence, Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import { appendsPositions } from './appended-positions.js'
import { evidenceRecord, gapRecord, type KeyedRecord, type KeyedState } from './keyed-records.js'

/** Writes records to the engine. */
export interface KeyedWriter {
  /** As {@link CheckpointStore.ordered}. */
  readonly ordered?: boolean
  /** Whether the engine appends each position, as `areAppended` says. Default `false`. */
  readonly appended?: boolean
  /** The state after the last write. */
  readonly state: KeyedState
  /** Makes rows durable, together with the records that belong to them. */
  commit(rows: readonly LogCheckpoint[]): Promise<void>
  /** Makes a single other record durable. */
  put(record: KeyedRecord): Promise<void>
  /** Writes an issuer with the next rows, where the engine keeps any. */
  putIssuer?(fingerprint: string, der: Uint8Array): void
}

/**
 * Positions, gaps and evidence of a unit, in an engine. Issuers and lists are kept in memory, and fetched again after a restart; some engines
 * keep issuers for whoever reads the entries.
 */
export class KeyedStore implements CheckpointStore {
  private readonly writer: KeyedWriter

  constructor(writer: KeyedWriter) {
    this.writer = writer
  }

  get ordered(): boolean {
    return this.writer.ordered ?? false
  }

  get [appendsPositions](): boolean {
    return this.writer.appended ?? false
  }

  private get kept(): KeyedState['store'] {
    return this.writer.state.store
  }

  open(): void {
    void this.kept
  }

  load(): readonly LogCheckpoint[] {
    return this.kept.load()
  }

  commit(rows: readonly LogCheckpoint[]): Promise<void> {
    return this.writer.commit(rows)
  }

  async addGap(gap: Gap): Promise<void> {
    await this.writer.put(gapRecord(gap))
    this.kept.addGap(gap)
  }

  gaps(): readonly Gap[] {
    return this.kept.gaps()
  }

  async addEvidence(evidence: Evidence): Promise<void> {
    await this.writer.put(evidenceRecord(evidence))
    this.kept.addEvidence(evidence)
  }

  evidence(): readonly Evidence[] {
    return this.kept.evidence()
  }

  issuer(fingerprint: string): Uint8Array | undefined {
    return this.kept.issuer(fingerprint)
  }

  putIssuer(fingerprint: string, der: Uint8Array): void {
    this.kept.putIssuer(fingerprint, der)
    this.writer.putIssuer?.(fingerprint, der)
  }

  list(url: string): StoredList | undefined {
    return this.kept.list(url)
  }

  putList(list: StoredList): void {
    this.kept.putList(list)
  }

  /** Called at the end of the stream; the sink stays open. */
  close(): void {}
}
