import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import type { PostgresConnection } from './connection.js'
import { claimAlone, type Holder, releaseLease, renewLeases } from './leases.js'

/** Keeps a second process out of a database that one process writes alone. */
export class AloneHold {
  private readonly connection: PostgresConnection
  private readonly clock: Clock
  private readonly holder: Holder
  private held: Lease | undefined
  private renewing: AbortController | undefined

  /**
   * @param member - Who holds it, unique among writers. The same one each time a writer opens the database again: it then takes back at once a
   * lease that it could not release.
   */
  constructor(connection: PostgresConnection, member: string, leaseMs: number, clock: Clock) {
    this.connection = connection
    this.clock = clock
    this.holder = { member, leaseMs, now: () => clock.now() }
  }

  get lease(): Lease | undefined {
    return this.held
  }

  /**
   * Takes the lease. Where a process has died holding it, waits until it expires.
   *
   * @throws {@link CtStreamError} `CT_CHECKPOINT_CONFLICT` while another process renews its lease.
   */
  async acquire(): Promise<void> {
    const { connection, holder, clock } = this
    let first: string | null | undefined
    for (;;) {
      this.held = await connection.run((session) => claimAlone(session, holder))
      if (this.held !== undefined) break
      const [row] = await connection.run((session) => session.query<{ until: string | null }>(LAST_END))
      first ??= row?.until
      if (row?.until !== first)
        throw new CtStreamError('CT_CHECKPOINT_CONFLICT', 'another process, or a cluster, writes to this database')
      await clock.sleep(holder.leaseMs / 10)
    }
    this.renewing = new AbortController()
    void this.keepRenewing(this.renewing.signal)
  }

  /** Releases the lease, so that the next process need not wait. */
  async release(): Promise<void> {
    const { held } = this
    this.renewing?.abort()
    this.held = undefined
    if (held !== undefined) await this.connection.run((session) => releaseLease(session, held)).catch(() => {})
  }

  private async keepRenewing(signal: AbortSignal): Promise<void> {
    const { clock, holder, connection } = this
    while (!signal.aborted) {
      await clock.sleep(holder.leaseMs / 3, signal).catch(() => {})
      const { held } = this
      if (signal.aborted || held === undefined) return
      // A renewal that fails is retried later; writes check the epoch anyway.
      const [renewed] = await connection.run((session) => renewLeases(session, holder, [held])).catch(() => [held])
      if (!signal.aborted) this.held = renewed
    }
  }
}

// Without the ranges of backfills, which are renewed all the time, and are in nobody's way.
const LAST_END = 'SELECT max(until)::text AS until FROM shard WHERE owner IS NOT NULL AND backfill IS NULL'
