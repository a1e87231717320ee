import { checkpointFromJSON, checkpointToJSON } from '../checkpoint/checkpoint-json.js'
import { CtStreamError } from '../errors.js'
import type { CheckpointStore, Evidence, Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import type { Lease } from '../types/cluster.js'
import { gapFrom } from './cluster-state.js'
import type { PostgresConnection, Session } from './connection.js'
import { noteCoverage } from './coverage.js'
import { putIssuers } from './issuers.js'
import { ALONE, fence } from './leases.js'
import { logPositions, type Positions } from './positions.js'

/** Data that becomes visible together with the positions of a commit. */
export interface Cargo {
  /** Called before the transaction begins. */
  prepare(session: Session): Promise<void>
  insert(session: Session): Promise<void>
  /** Called after the commit: the data is durable. */
  taken(): void
}

export interface PostgresStoreOptions {
  readonly connection: PostgresConnection
  /** The lease to write under, at this moment; `undefined` while none is held. */
  readonly lease: () => Lease | undefined
  /** The table of positions. Default: {@link logPositions}. */
  readonly positions?: Positions
  /** As {@link CheckpointStore.ordered}. Default `false`. */
  readonly ordered?: boolean
  /** Data to write together with these rows. */
  readonly cargo?: (rows: readonly LogCheckpoint[]) => Cargo | undefined
  /** Acquires the lease, before anything is read. */
  readonly acquire?: () => Promise<void>
  /** Releases what `acquire` has taken, also where it failed midway. */
  readonly onClose?: () => Promise<void>
}

/** A `CheckpointStore` in Postgres. Each commit locks its lease, and writes nothing when another epoch has begun. */
export class PostgresStore implements CheckpointStore {
  readonly ordered: boolean
  private readonly options: PostgresStoreOptions
  private readonly places: Positions
  private isOpen = false
  /** The last position of each log that this store knows to be in the database. */
  private readonly positions = new Map<string, number>()
  /** Positions of failed commits that may have taken effect all the same, by log id. */
  private readonly uncertain = new Map<string, Set<number>>()

  constructor(options: PostgresStoreOptions) {
    this.options = options
    this.ordered = options.ordered ?? false
    this.places = options.positions ?? logPositions
  }

  async open(): Promise<void> {
    if (this.isOpen) throw new CtStreamError('CT_CHECKPOINT_CONFLICT', 'another stream already uses this store')
    this.isOpen = true
    try {
      await this.options.acquire?.()
      await this.readPositions()
    } catch (error) {
      this.isOpen = false
      // Nobody closes a store that did not open: its lease would be renewed for ever, and keep out everybody else.
      await this.options.onClose?.()
      throw error
    }
  }

  async load(): Promise<readonly LogCheckpoint[]> {
    const { unit } = this.lease()
    const rows = await this.run((session) => this.places.load(session, unit))
    await this.readPositions()
    return rows.map(checkpointFromJSON)
  }

  async commit(checkpoints: readonly LogCheckpoint[]): Promise<void> {
    // Of two rows of one log the last one counts.
    const rows = [...new Map(checkpoints.map((row) => [row.log.id, checkpointToJSON(row)])).values()]
    const lease = this.lease()
    if (rows.length === 0) return
    const cargo = this.options.cargo?.(checkpoints)
    const places = new Map(rows.map(({ log, position }) => [log.id, position]))
    for (const [id, position] of places) this.uncertain.set(id, new Set([...(this.uncertain.get(id) ?? []), position]))
    if (cargo !== undefined) await this.run((session) => cargo.prepare(session))
    await this.transaction(async (session) => {
      await fence(session, lease)
      await this.checkPositions(session, lease.unit, [...places.keys()])
      await cargo?.insert(session)
      await this.places.put(session, lease, rows)
      await noteCoverage(session, [...new Map(checkpoints.map((row) => [row.log.id, row])).values()])
    })
    for (const [id, position] of places) {
      this.positions.set(id, position)
      this.uncertain.delete(id)
    }
    cargo?.taken()
  }

  async addGap(gap: Gap): Promise<void> {
    await this.run((session) =>
      session.query('INSERT INTO gap (log, start, stop, gap) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
        gap.log.id,
        gap.start,
        gap.end ?? null,
        JSON.stringify(gap),
      ]),
    )
  }

  async gaps(): Promise<readonly Gap[]> {
    const rows = await this.run((session) => session.query<{ gap: string }>('SELECT gap FROM gap ORDER BY n'))
    return rows.map(({ gap }) => gapFrom(gap))
  }

  async addEvidence(evidence: Evidence): Promise<void> {
    await this.run((session) =>
      session.query('INSERT INTO evidence (log, evidence) VALUES ($1, $2)', [
        evidence.log.id,
        JSON.stringify(evidence),
      ]),
    )
  }

  async evidence(): Promise<readonly Evidence[]> {
    const rows = await this.run((session) =>
      session.query<{ evidence: string }>('SELECT evidence FROM evidence ORDER BY n'),
    )
    return rows.map(({ evidence }) => JSON.parse(evidence))
  }

  async issuer(fingerprint: string): Promise<Uint8Array | undefined> {
    const [row] = await this.run((session) =>
      session.query<{ der: Buffer }>('UPDATE issuer SET used = now() WHERE fingerprint = $1 RETURNING der', [
        fingerprint,
      ]),
    )
    return row && Uint8Array.from(row.der)
  }

  async putIssuer(fingerprint: string, der: Uint8Array): Promise<void> {
    await this.run((session) => putIssuers(session, [{ fingerprint, der, source: '' }]))
  }

  async list(url: string): Promise<StoredList | undefined> {
    const [row] = await this.run((session) => session.query<ListRow>('SELECT * FROM list WHERE url = $1', [url]))
    if (row === undefined) return undefined
    return {
      url,
      body: Uint8Array.from(row.body),
      etag: row.etag ?? undefined,
      lastModified: row.last_modified ?? undefined,
      fetchedAt: Number(row.fetched_at),
    }
  }

  async putList({ url, body, etag, lastModified, fetchedAt }: StoredList): Promise<void> {
    await this.run((session) =>
      session.query(
        `INSERT INTO list VALUES ($1, $2, $3, $4, $5) ON CONFLICT (url) DO UPDATE SET
           body = excluded.body, etag = excluded.etag, last_modified = excluded.last_modified, fetched_at = excluded.fetched_at`,
        [url, Buffer.from(body), etag ?? null, lastModified ?? null, fetchedAt],
      ),
    )
  }

  async close(): Promise<void> {
    if (!this.isOpen) return
    this.isOpen = false
    await this.options.onClose?.()
  }

  private async readPositions(): Promise<void> {
    const { unit } = this.lease()
    const rows = await this.run((session) => this.places.all(session, unit))
    this.uncertain.clear()
    this.positions.clear()
    for (const { id, position } of rows) if (position !== undefined) this.positions.set(id, position)
  }

  /** @throws `CT_SINK_ROLLED_BACK` when the database has less than it acknowledged, `CT_CHECKPOINT_CONFLICT` when it has more. */
  private async checkPositions(session: Session, unit: string, ids: readonly string[]): Promise<void> {
    const rows = await this.places.lock(session, unit, ids)
    const elsewhere = rows.find((row) => unit !== ALONE && row.unit !== unit)
    if (elsewhere !== undefined)
      throw new CtStreamError(
        'CT_CHECKPOINT_CONFLICT',
        `log ${elsewhere.id} is in shard ${JSON.stringify(elsewhere.unit)}, and not in ${JSON.stringify(unit)}`,
        { logId: elsewhere.id },
      )
    const found = new Map(rows.map(({ id, position }) => [id, position]))
    for (const id of ids) {
      const actual = found.get(id)
      const expected = this.positions.get(id)
      // A commit reported as failed may have taken effect.
      if (actual === expected || (actual !== undefined && this.uncertain.get(id)?.has(actual))) continue
      const context = {
        logId: id,
        ...(expected !== undefined && { expected }),
        ...(actual !== undefined && { actual }),
      }
      const places = `log ${id} is at ${actual ?? 'no position'}, and was at ${expected ?? 'none'}`
      if (expected !== undefined && (actual ?? -1) < expected)
        throw new CtStreamError('CT_SINK_ROLLED_BACK', `Postgres is back at an earlier state: ${places}`, context)
      throw new CtStreamError('CT_CHECKPOINT_CONFLICT', `another process has moved a position: ${places}`, context)
    }
  }

  private lease(): Lease {
    this.requireOpen()
    const lease = this.options.lease()
    if (lease === undefined) throw new CtStreamError('CT_LEASE_LOST', 'this process holds no lease on the database')
    return lease
  }

  private run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.requireOpen()
    return this.options.connection.run(work)
  }

  private transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.requireOpen()
    return this.options.connection.transaction(work)
  }

  private requireOpen(): void {
    if (!this.isOpen) throw new CtStreamError('CT_CLOSED', 'this store is not open')
  }
}

interface ListRow {
  readonly body: Buffer
  readonly etag: string | null
  readonly last_modified: string | null
  readonly fetched_at: string
}
