import { loadedRows } from '../checkpoint/check.js'
import { sealed } from '../checkpoint/checksum.js'
import type { CheckpointStore, Evidence, Gap, LogCheckpoint } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import { messageOf } from '../util/message-of.js'
import { KnownEvidence } from './known-evidence.js'
import { StoreCaches } from './store-caches.js'
import { STORE_PATIENCE, StoreQueue } from './store-queue.js'

export interface ExclusiveStoreOptions {
  readonly store: CheckpointStore
  /** Its name in messages. */
  readonly name: string
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly logger: Logger
}

/** Writes rows, each with its checksum, all or none. */
export type WriteRows = (rows: readonly LogCheckpoint[]) => Promise<void>

/**
 * The checkpoint store of one stream. Calls it one at a time, and waits for it only for a limited time once the stream is closed. Retries
 * writes that fail with a retryable error, and checks the rows it loads.
 */
export class ExclusiveStore {
  /** The parts of the store that only save requests. */
  readonly caches: StoreCaches
  private readonly store: CheckpointStore
  private readonly name: string
  private readonly logger: Logger
  private readonly queue: StoreQueue
  /** Ids of the logs that have a row. */
  private readonly known = new Set<string>()
  private readonly knownEvidence = new KnownEvidence()
  /** Whether `knownEvidence` has all that is stored. */
  private isEvidenceRead = false
  /** Positions of rows that say nothing of what comes before, by log id: a range of a backfill is stored so before it is read. */
  private readonly unproven = new Map<string, number>()
  /** Whether this stream has opened it: another stream may have. */
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
      // A store that opens only after the stream was closed must be closed again.
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
    for (const [id, { position, range }] of rows) {
      this.known.add(id)
      if (range === undefined) this.unproven.set(id, position)
      else this.unproven.delete(id)
    }
    return rows
  }

  gaps(): Promise<readonly Gap[]> {
    return this.queue.exclusively(() => this.store.gaps())
  }

  /**
   * Runs a write of rows in its turn; retries retryable failures.
   * @param patienceMs - As in {@link StoreQueue.persist}.
   */
  commit(write: (writeRows: WriteRows) => Promise<void>, patienceMs: number): Promise<void> {
    return this.queue.persist(() => write(async (rows) => this.store.commit(rows.map(sealed))), patienceMs)
  }

  /** Stores the first row of a log: where reading began; over a row of that place only if it proves what comes before, and that did not. */
  async commitFirst(row: LogCheckpoint): Promise<void> {
    const { id } = row.log
    const proves = row.range !== undefined && this.unproven.get(id) === row.position
    if (this.known.has(id) && !proves) return
    await this.commit((writeRows) => writeRows([row]), STORE_PATIENCE.backgroundMs)
    this.known.add(id)
    this.unproven.delete(id)
  }

  addGap(gap: Gap): Promise<void> {
    return this.queue.persist(async () => this.store.addGap(gap), STORE_PATIENCE.backgroundMs)
  }

  /**
   * Keeps evidence, unless an earlier run has kept it, or there is much of its kind ({@link KnownEvidence}).
   * @returns What became of it, as the end of a message.
   */
  async addEvidence(evidence: Evidence): Promise<string> {
    let outcome = ''
    await this.queue.persist(async () => {
      outcome = await this.keepEvidence(evidence)
    }, STORE_PATIENCE.backgroundMs)
    return outcome
  }

  private async keepEvidence(evidence: Evidence): Promise<string> {
    const known = this.knownEvidence
    if (!this.isEvidenceRead) await this.readEvidence().catch(() => {})
    if (known.has(evidence)) return 'evidence stored'
    const record = known.record(evidence)
    if (record === undefined) {
      known.count(evidence)
      return `evidence of ${known.storedLike(evidence)} others like it stored, of this one not`
    }
    const wasRead = this.isEvidenceRead
    // A write that fails may have taken effect: it is read again.
    this.isEvidenceRead = false
    await this.store.addEvidence(record)
    this.isEvidenceRead = wasRead
    known.learn([record])
    return 'evidence stored'
  }

  private async readEvidence(): Promise<void> {
    this.knownEvidence.learn(await this.store.evidence())
    this.isEvidenceRead = true
  }

  /** Called when the stream is closed: calls under way have five seconds left. */
  startClosing(): void {
    this.queue.close()
  }

  /** Settles as `promise` does, unless closing takes too long. */
  whileOpen<T>(promise: Promise<T>): Promise<T> {
    return this.queue.whileOpen(promise)
  }

  /** Closes the store, if this stream opened it. Does not wait for a store that hangs. */
  async close(): Promise<void> {
    let isAsked = false
    const close = async () => {
      isAsked = true
      await this.store.close()
    }
    try {
      if (this.isOpen && !this.queue.isOver) await this.queue.exclusively(close)
    } finally {
      // Behind a call that hangs its turn never comes: what the store holds would stay open, and the process with it.
      if (this.isOpen && !isAsked) close().catch(() => {})
      this.queue.release()
    }
  }
}
