import { randomUUID } from 'node:crypto'
import { AloneHold } from '../postgres/alone.js'
import { CertificateRows } from '../postgres/certificate-rows.js'
import type { PostgresConnection } from '../postgres/connection.js'
import { EntryInserts, type EntryRows } from '../postgres/insert-entries.js'
import { IssuerWriter } from '../postgres/issuer-writer.js'
import { ALONE, fence } from '../postgres/leases.js'
import { numberLogs } from '../postgres/log-numbers.js'
import { openDatabase } from '../postgres/open-database.js'
import type { Positions } from '../postgres/positions.js'
import {
  insertQueued,
  moveReach,
  noteQueuedRange,
  type QueueColumns,
  QueuedLeaves,
  queueChannel,
  queueColumns,
} from '../postgres/queue-write.js'
import { type Cargo, PostgresStore } from '../postgres/store.js'
import { postgresTarget } from '../postgres/target.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CheckpointStore, LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { systemClock } from '../util/clock.js'
import { booleanOption, choiceOption, integerOption, objectOption } from '../util/options.js'
import { inTurns } from '../util/turns.js'
import { StagedPages } from './staged-pages.js'

/** What the sink stores of each entry; all optional. */
export interface PostgresSinkOptions {
  /**
   * Which entries get a row in the table `entry`: `'all'`; `'first'`: those with a certificate not in the database before, or with none
   * that can be read; `'none'`. Certificates and names are stored in any case. Default `'first'`.
   */
  readonly entries?: EntryRows
  /** Whether to store the certificates themselves (DER), which takes twice the space or more. Default `false`. */
  readonly der?: boolean
  /**
   * Whether to store each entry for processors (`queueSource` of `ct-stream/processors`), 2 to 3 kB an entry, until retention deletes it.
   * Entries of a backfill come to processors when their range is finished, beside those that collectors read. Default `false`.
   */
  readonly queue?: boolean
  /** How long the next process may have to wait after this one is killed. Milliseconds, 300 to 600,000. Default 15,000. */
  readonly leaseMs?: number
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/** The sink that `postgresSink` makes. */
export class PostgresSink implements Sink {
  readonly guarantee = 'exactly-once'
  private readonly target
  private readonly entryRows: EntryRows
  private readonly rows: CertificateRows
  private readonly queue: boolean
  private readonly leaseMs: number
  private readonly clock: Clock
  private readonly positions: Positions | undefined
  /** Its name as the holder of a lease. */
  private readonly member = randomUUID()
  private connection: PostgresConnection | undefined
  private hold: AloneHold | undefined
  private opened: PostgresStore | undefined
  /** The numbers that stand for logs in the tables, by log id. */
  private readonly numbers = new Map<string, number>()
  private readonly issuers: IssuerWriter
  private readonly leaves = new QueuedLeaves()
  private readonly staged = new StagedPages()

  /** @param positions - The table of positions. Default: one position for each log. */
  constructor(url: string, options: PostgresSinkOptions, positions?: Positions) {
    this.positions = positions
    const known = ['entries', 'der', 'queue', 'leaseMs', 'clock'] as const
    const given = objectOption<PostgresSinkOptions>('sink', options, known)
    const { entries, leaseMs, clock = systemClock } = given
    this.target = postgresTarget(url)
    this.entryRows = choiceOption('sink.entries', entries, ['all', 'first', 'none'], 'first')
    this.rows = new CertificateRows(booleanOption('sink.der', given.der, false))
    this.queue = booleanOption('sink.queue', given.queue, false)
    this.leaseMs = integerOption('sink.leaseMs', leaseMs, 300, 600_000, 15_000)
    this.clock = clock
    this.issuers = new IssuerWriter(clock)
  }

  get store(): CheckpointStore {
    if (this.opened === undefined) throw new TypeError('the sink is not open')
    return this.opened
  }

  async open(lease: Lease | undefined): Promise<undefined> {
    await this.close()
    const connection = await openDatabase(this.target, this.leaseMs)
    this.connection = connection
    let held = () => lease
    if (lease !== undefined) await connection.transaction((session) => fence(session, lease))
    else {
      const hold = new AloneHold(connection, this.member, this.leaseMs, this.clock)
      this.hold = hold
      await hold.acquire()
      held = () => hold.lease
    }
    const { positions } = this
    // A backfill does not decide which shard a log belongs to.
    const unit = positions === undefined ? (held()?.unit ?? ALONE) : ALONE
    this.numbers.clear()
    this.issuers.forget()
    this.opened = new PostgresStore({
      ...(positions !== undefined && { positions }),
      connection,
      // Rows are of no order; processors read the queue in that of the log, and are past an index for good.
      ordered: this.queue,
      lease: held,
      cargo: (rows) => this.cargoOf(rows, unit, held()),
    })
    // `undefined`: the positions are in the store.
    return undefined
  }

  async write(page: readonly CtCertificate[]): Promise<void> {
    await inTurns(this.rows.decode(page))
    if (this.queue) await inTurns(this.leaves.encode(page))
    this.staged.add(page)
  }

  async close(): Promise<void> {
    const { connection } = this
    this.staged.clear()
    this.opened = undefined
    this.connection = undefined
    await this.hold?.release()
    this.hold = undefined
    await connection?.close()
  }

  private cargoOf(rows: readonly LogCheckpoint[], unit: string, lease: Lease | undefined): Cargo | undefined {
    const covered = this.staged.coveredBy(rows)
    const { queue, rows: decoded, numbers, entryRows: entries } = this
    // The reach of the queue moves with the position, even when the filter left out every entry.
    if (covered.length === 0 && !queue) return undefined
    let inserts: EntryInserts | undefined
    let queued: readonly QueueColumns[] = []
    return {
      prepare: async (session) => {
        await numberLogs(session, covered, numbers, unit)
        inserts = await inTurns(EntryInserts.steps(covered, numbers, { entries, rows: decoded }))
        if (!queue) return
        queued = await inTurns(queueColumns(covered, this.leaves, numbers, lease?.epoch ?? 0))
        await this.issuers.write(session, covered)
      },
      insert: async (session) => {
        await inserts?.insert(session)
        await insertQueued(session, queued)
        if (!queue) return
        const channel = queueChannel(this.target)
        if (this.positions === undefined) await moveReach(session, rows, covered, channel)
        else await noteQueuedRange(session, lease?.unit ?? ALONE, channel)
      },
      taken: () => this.staged.remove(covered),
    }
  }
}
