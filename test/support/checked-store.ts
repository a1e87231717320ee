import { expect } from 'vitest'
import { MemoryCheckpointStore } from '../../src/checkpoint/memory.js'
import { CompactRange } from '../../src/merkle/compact-range.js'
import type { TestLog } from '../../src/testing/index.js'
import type { LogCheckpoint } from '../../src/types/checkpoint.js'

/** Keeps what is committed, and checks that the range of each row belongs to its position in the log. */
export class CheckedStore extends MemoryCheckpointStore {
  /** The last committed position, by log id. */
  readonly positions = new Map<string, number>()
  private readonly known: ReadonlyMap<string, TestLog>

  constructor(logs: readonly TestLog[]) {
    super()
    this.known = new Map(logs.map((log) => [log.logId, log]))
  }

  override commit(checkpoints: readonly LogCheckpoint[]): void {
    for (const { log, position, range } of checkpoints) {
      const root = this.known.get(log.id)?.root(position) ?? []
      expect(Buffer.from(new CompactRange(position, range ?? []).root())).toEqual(Buffer.from(root))
      expect(position).toBeGreaterThanOrEqual(this.positions.get(log.id) ?? 0)
      this.positions.set(log.id, position)
    }
    super.commit(checkpoints)
  }
}
