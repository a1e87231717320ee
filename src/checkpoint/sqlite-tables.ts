import { randomUUID } from 'node:crypto'
import type { Evidence, Gap, LogCheckpoint, LogCondition, StoredList } from '../types/checkpoint.js'
import { loadedRows, rowToKeep } from './check.js'
import { SqliteConditions } from './sqlite-conditions.js'
import type { SqliteDatabase } from './sqlite-driver.js'
import { takenOver } from './sqlite-guard.js'
import { SqliteIssuers } from './sqlite-issuers.js'
import * as rows from './sqlite-rows.js'

/** The stream that has, or had when it was killed, a checkpoint file open. */
export interface CheckpointOwner {
  /** Its process id on that machine. */
  readonly pid: number
  /** Its machine, as the system names it. */
  readonly host: string
  /** Epoch milliseconds. */
  readonly since: number
}

/** The tables of a checkpoint file, every statement prepared once. Errors are SQLite's own; the store wraps them. */
export class SqliteTables {
  private readonly path: string
  private readonly statements: ReturnType<typeof prepare>
  private readonly issuers: SqliteIssuers
  private readonly kept: SqliteConditions
  private readonly transaction: (action: () => void) => void
  /** The token that this stream wrote into the file. */
  private token: string | undefined

  constructor(db: SqliteDatabase, path: string) {
    this.path = path
    this.statements = prepare(db)
    this.issuers = new SqliteIssuers(db)
    this.kept = new SqliteConditions(db)
    this.transaction = db.transaction((action: () => void) => {
      this.requireOwner()
      action()
    }).immediate
  }

  /** Ids of the logs that have a row. */
  logIds(): string[] {
    return this.statements.logIds.all()
  }

  load(): LogCheckpoint[] {
    const pending = this.statements.pendingHeads.all()
    const loaded = this.statements.logs.all().map((row) => {
      const heads = pending.filter((head) => head.log_id === row.id)
      return { ...rows.readLog(row, heads, this.path), checksum: row.checksum }
    })
    return loadedRows(loaded, `checkpoint file ${this.path}`)
  }

  /**
   * Writes rows, in one transaction.
   * @throws `CT_OPTION_INVALID` for a row that no store may keep; `CT_CHECKPOINT_CONFLICT` when another stream made the
   * file its own meanwhile. Nothing is written then.
   */
  commit(checkpoints: readonly LogCheckpoint[]): void {
    const kept = checkpoints.map(rowToKeep)
    if (kept.length === 0) return
    this.transaction(() => {
      for (const checkpoint of kept) this.put(checkpoint)
    })
  }

  addGap(gap: Gap): void {
    this.transaction(() => this.statements.addGap.run(rows.gapRow(gap)))
  }

  gaps(): Gap[] {
    return this.statements.gaps.all().map((row) => rows.readGap(row, this.path))
  }

  addEvidence(evidence: Evidence): void {
    this.transaction(() => this.statements.addEvidence.run(rows.evidenceRow(evidence)))
  }

  settleGap(gap: Gap, delivered: number): void {
    this.transaction(() => this.statements.settleGap.run(rows.gapRow({ ...gap, delivered })))
  }

  evidence(): Evidence[] {
    return this.statements.evidence.all().map((row) => rows.readEvidence(row, this.path))
  }

  issuer(fingerprint: string): Uint8Array | undefined {
    return this.issuers.get(fingerprint)
  }

  putIssuer(fingerprint: string, der: Uint8Array): void {
    try {
      this.transaction(() => this.issuers.put(fingerprint, der))
    } catch (error) {
      this.issuers.failed()
      throw error
    }
  }

  list(url: string): StoredList | undefined {
    const row = this.statements.list.get(url)
    return row && rows.readList(row)
  }

  putList(list: StoredList): void {
    this.transaction(() => this.statements.putList.run(rows.listRow(list)))
  }

  conditions(): LogCondition[] {
    return this.kept.all(this.path)
  }

  putConditions(conditions: readonly LogCondition[]): void {
    this.transaction(() => this.kept.put(conditions))
  }

  owner(): CheckpointOwner | undefined {
    return this.statements.owner.get()
  }

  /** Makes this stream the owner of the file: from then on no other stream can write to it, whatever locks it holds. */
  setOwner(owner: CheckpointOwner): void {
    const token = randomUUID()
    this.statements.setOwner.run({ ...owner, token })
    this.token = token
  }

  /** Removes the owner row, if it is this stream's. */
  clearOwner(): void {
    this.statements.clearOwner.run(this.token ?? '')
  }

  private requireOwner(): void {
    if (this.token === undefined) return // read-only: SQLite refuses the write
    if (this.statements.ownerToken.get() !== this.token) throw takenOver(this.path, this.owner())
  }

  private put(checkpoint: LogCheckpoint): void {
    const { id } = checkpoint.log
    this.statements.putLog.run(rows.logRow(checkpoint))
    this.statements.clearPendingHeads.run(id)
    checkpoint.pendingHeads.forEach((head, ordinal) => {
      this.statements.addPendingHead.run(rows.pendingHeadRow(id, ordinal, head))
    })
  }
}

function prepare(db: SqliteDatabase) {
  return {
    logs: db.prepare<[], rows.LogRow>('SELECT * FROM log ORDER BY rowid'),
    pendingHeads: db.prepare<[], rows.PendingHeadRow>('SELECT * FROM pending_head ORDER BY log_id, ordinal'),
    putLog: db.prepare<[rows.LogRow]>(`
      INSERT INTO log VALUES (
        @id, @description, @operator, @kind, @url, @position, @range,
        @head_size, @head_timestamp, @head_root, @head_signature, @learned, @checksum)
      ON CONFLICT (id) DO UPDATE SET
        description = @description, operator = @operator, kind = @kind, url = @url, position = @position,
        range = @range, head_size = @head_size, head_timestamp = @head_timestamp, head_root = @head_root,
        head_signature = @head_signature, learned = @learned, checksum = @checksum`),
    clearPendingHeads: db.prepare<[string]>('DELETE FROM pending_head WHERE log_id = ?'),
    addPendingHead: db.prepare<[rows.PendingHeadRow]>(
      'INSERT INTO pending_head VALUES (@log_id, @ordinal, @size, @timestamp, @root, @signature)',
    ),
    gaps: db.prepare<[], rows.GapRow>('SELECT * FROM gap ORDER BY id'),
    // The unique index gap_once keeps a gap from being recorded twice, also when a stream died before it moved past the gap.
    addGap: db.prepare<[rows.GapRow]>(`
      INSERT INTO gap (log_id, log, first, past, reason, recorded_at, delivered)
      VALUES (@log_id, @log, @first, @past, @reason, @recorded_at, @delivered) ON CONFLICT DO NOTHING`),
    settleGap: db.prepare<[rows.GapRow]>(`
      UPDATE gap SET delivered = max(ifnull(delivered, 0), @delivered)
      WHERE log_id = @log_id AND first = @first AND ifnull(past, -1) = ifnull(@past, -1)`),
    evidence: db.prepare<[], rows.EvidenceRow>('SELECT * FROM evidence ORDER BY id'),
    addEvidence: db.prepare<[rows.EvidenceRow]>(`
      INSERT INTO evidence (log_id, log, code, message, detail, recorded_at)
      VALUES (@log_id, @log, @code, @message, @detail, @recorded_at)`),
    list: db.prepare<[string], rows.ListRow>('SELECT * FROM list WHERE url = ?'),
    putList: db.prepare<[rows.ListRow]>(
      'INSERT OR REPLACE INTO list VALUES (@url, @body, @etag, @last_modified, @fetched_at)',
    ),
    logIds: db.prepare<[], string>('SELECT id FROM log').pluck(),
    owner: db.prepare<[], CheckpointOwner>('SELECT pid, host, since FROM owner'),
    ownerToken: db.prepare<[], string>('SELECT token FROM owner').pluck(),
    setOwner: db.prepare<[CheckpointOwner & { readonly token: string }]>(
      'INSERT OR REPLACE INTO owner (one, pid, host, since, token) VALUES (1, @pid, @host, @since, @token)',
    ),
    clearOwner: db.prepare<[string]>('DELETE FROM owner WHERE token = ?'),
  }
}
