import { randomUUID } from 'node:crypto'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { Lease } from '../types/cluster.js'
import type { PostgresConnection } from './connection.js'
import { claimAlone, type Holder, releaseLease, renewLeases } from './leases.js'

/** Holds a database for a process that is alone, against a second one. */
export class AloneHold {
  private readonly connection: PostgresConnection
  private readonly clock: Clock
  private readonly holder: Holder
  private held: Lease | undefined
  private renewing: AbortController | undefined

  constructor(connection: PostgresConnection, leaseMs: number, clock: Clock) {
    this.connection = connection
    this.clock = clock
    this.holder = { member: randomUUID(), leaseMs, now: () => clock.now() }
  }

  get lease(): Lease | undefined {
    return this.held
  }

  /**
   * Waits for the lease of a process that has died, at most as long as one lasts.
   *
   * @throws {@link CtStreamError} `CT_CHECKPOINT_CONFLICT` while another process renews its lease.
   */
  async acquire(): Promise<void> {
    const { connection, holder, clock } = this
    let first: string | null | undefined
    for (;;) {
      this.held = await connection.run((session) => claimAlone(session, holder))
      if (this.held !== undefined) break
      const [row] = await connection.run((session) =>
        session.query<{ until: string | null }>('SELECT max(until)::text AS until FROM shard WHERE owner IS NOT NULL'),
      )
      first ??= row?.until
      if (row?.until !== first)
        throw new CtStreamError('CT_CHECKPOINT_CONFLICT', 'another process, or a cluster, writes to this database')
      await clock.sleep(holder.leaseMs / 10)
    }
    this.renewing = new AbortController()
    void this.keepRenewing(this.renewing.signal)
  }

  /** Gives it back, so that the next process need not wait. */
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
      // One that fails is tried again; what is written meanwhile is fenced all the same.
      const [renewed] = await connection.run((session) => renewLeases(session, holder, [held])).catch(() => [held])
      if (!signal.aborted) this.held = renewed
    }
  }
}
