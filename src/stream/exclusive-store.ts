import { loadedRows } from '../checkpoint/check.js'
import { sealed } from '../checkpoint/checksum.js'
import type { CheckpointStore, Evidence, Gap, LogCheckpoint } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import { messageOf } from '../util/message-of.js'
import { isSameEvidence } from '../verify/evidence.js'
import { StoreCaches } from './store-caches.js'
import { STORE_PATIENCE, StoreQueue } from './store-queue.js'

export interface ExclusiveStoreOptions {
  readonly store: CheckpointStore
  /** How messages name it. */
  readonly name: string
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly logger: Logger
}

/** Writes rows, each with its checksum, all or none. */
export type WriteRows = (rows: readonly LogCheckpoint[]) => Promise<void>

/**
 * The checkpoint store of one stream: opened once, asked one thing at a time, never waited for without an end once the stream is
 * closed. Writes that fail in a passing way are tried again; what is loaded is checked before anybody believes it.
 */
export class ExclusiveStore {
  /** What it keeps only to save requests. */
  readonly caches: StoreCaches
  private readonly store: CheckpointStore
  private readonly name: string
  private readonly logger: Logger
  private readonly queue: StoreQueue
  /** Ids of the logs that have a row. */
  private readonly known = new Set<string>()
  /** Whether it is this stream's: another one may have it. */
  private isOpen = false

  constructor({ store, name, clock, random, logger }: ExclusiveStoreOptions) {
    this.store = store
    this.name = name
    this.logger = logger
    this.queue = new StoreQueue({
      clock,
      random,
      onTrouble: (error) =>
        logger.warn(
          `the checkpoint store cannot be written now; that is tried again, reading goes on: ${messageOf(error)}`,
        ),
      onRecovery: () => logger.info('the checkpoint store can be written again'),
    })
    this.caches = new StoreCaches(store, this.queue, logger)
  }

  /** @throws what {@link CheckpointStore.open} throws. */
  async open(): Promise<void> {
    const opened = (async () => this.store.open())()
    try {
      await this.whileOpen(opened)
    } catch (error) {
      // One that opens after all when the stream is closed is not to be left open.
      opened.then(() => this.store.close()).catch(() => {})
      throw error
    }
    this.isOpen = true
    if (this.store.warning !== undefined) this.logger.warn(this.store.warning)
  }

  /**
   * The row of every log, by its id.
   * @throws `CT_CHECKPOINT_UNUSABLE` for a row that is not as it was committed.
   */
  async load(): Promise<ReadonlyMap<string, LogCheckpoint>> {
    const loaded = await this.queue.exclusively(() => this.store.load())
    const rows = new Map(loadedRows(loaded, this.name).map((row) => [row.log.id, row]))
    for (const id of rows.keys()) this.known.add(id)
    return rows
  }

  gaps(): Promise<readonly Gap[]> {
    return this.queue.exclusively(() => this.store.gaps())
  }

  /**
   * Runs a write of rows when it is its turn, again while it fails in a passing way.
   * @param patienceMs - As in {@link StoreQueue.persist}.
   */
  commit(write: (writeRows: WriteRows) => Promise<void>, patienceMs: number): Promise<void> {
    return this.queue.persist(() => write(async (rows) => this.store.commit(rows.map(sealed))), patienceMs)
  }

  /** Stores the row of a log that has none: where the log was begun. */
  async commitFirst(row: LogCheckpoint): Promise<void> {
    if (this.known.has(row.log.id)) return
    await this.commit((writeRows) => writeRows([row]), STORE_PATIENCE.backgroundMs)
    this.known.add(row.log.id)
  }

  addGap(gap: Gap): Promise<void> {
    return this.queue.persist(async () => this.store.addGap(gap), STORE_PATIENCE.backgroundMs)
  }

  /** Keeps evidence, unless an earlier run has kept it. */
  addEvidence(evidence: Evidence): Promise<void> {
    return this.queue.persist(async () => {
      const kept = await (async () => this.store.evidence())().catch(() => [])
      if (!kept.some((other) => isSameEvidence(other, evidence))) await this.store.addEvidence(evidence)
    }, STORE_PATIENCE.backgroundMs)
  }

  /** The stream is closed: everything under way has five seconds left. */
  startClosing(): void {
    this.queue.close()
  }

  /** What `promise` comes to, unless closing takes too long before. */
  whileOpen<T>(promise: Promise<T>): Promise<T> {
    return this.queue.whileOpen(promise)
  }

  /** Closes the store, if it is this stream's; one that hangs is asked to close all the same, and not awaited. */
  async close(): Promise<void> {
    const close = async () => this.store.close()
    try {
      if (!this.isOpen) return
      if (this.queue.isOver) close().catch(() => {})
      else await this.queue.exclusively(close)
    } finally {
      this.queue.release()
    }
  }
}
