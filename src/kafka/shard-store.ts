import type { CheckpointStore, Evidence, Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import type { KafkaShard } from './shard.js'
import { evidenceRecord, gapRecord, type ShardState } from './shard-state.js'

/**
 * Positions, gaps and evidence of a shard, in Kafka. Issuers and lists are kept in memory: they are fetched again after a restart.
 */
export class ShardStore implements CheckpointStore {
  private readonly shard: KafkaShard
  private readonly write: (rows: readonly LogCheckpoint[]) => Promise<void>

  /** @param write - Makes rows durable, and what goes with them. */
  constructor(shard: KafkaShard, write: (rows: readonly LogCheckpoint[]) => Promise<void>) {
    this.shard = shard
    this.write = write
  }

  private get kept(): ShardState['store'] {
    return this.shard.state.store
  }

  open(): void {
    void this.kept
  }

  load(): readonly LogCheckpoint[] {
    return this.kept.load()
  }

  commit(rows: readonly LogCheckpoint[]): Promise<void> {
    return this.write(rows)
  }

  async addGap(gap: Gap): Promise<void> {
    await this.shard.put((topic) => gapRecord(topic, gap))
    this.kept.addGap(gap)
  }

  gaps(): readonly Gap[] {
    return this.kept.gaps()
  }

  async addEvidence(evidence: Evidence): Promise<void> {
    await this.shard.put((topic) => evidenceRecord(topic, evidence))
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
  }

  list(url: string): StoredList | undefined {
    return this.kept.list(url)
  }

  putList(list: StoredList): void {
    this.kept.putList(list)
  }

  /** The stream's end: the sink stays open. */
  close(): void {}
}
