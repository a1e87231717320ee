import type { PostgresConnection, Session } from '../postgres/connection.js'
import { adoptLogs, claimShards, type Holder, releaseLease, renewLeases } from '../postgres/leases.js'
import { addLog } from '../postgres/log-numbers.js'
import { openDatabase } from '../postgres/open-database.js'
import { PostgresStore } from '../postgres/store.js'
import { type PostgresTarget, postgresTarget } from '../postgres/target.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { Coordinator, Lease, Renewal } from '../types/cluster.js'
import type { LogInfo } from '../types/log.js'
import { systemClock } from '../util/clock.js'
import { integerOption, objectOption } from '../util/options.js'
import { Changes } from './changes.js'
import { memberName } from './member-name.js'

/** Options of {@link postgresCoordinator}; all optional. */
export interface PostgresCoordinatorOptions {
  /**
   * How long a silent member keeps its units before another takes over. Milliseconds, 300 to 600,000; the same for all members.
   * Default 15,000.
   */
  readonly leaseMs?: number
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * Coordinates members through the Postgres database that the entries go to. Only the server's clock decides when leases expire.
 *
 * @param url - As for `postgresSink`, with the same schema.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; its methods: `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export function postgresCoordinator(url: string, options: PostgresCoordinatorOptions = {}): Coordinator {
  const { leaseMs, clock = systemClock } = objectOption('coordinator', options, ['leaseMs', 'clock'])
  return new PostgresCoordinator(
    postgresTarget(url),
    integerOption('coordinator.leaseMs', leaseMs, 300, 600_000, 15_000),
    clock,
  )
}

class PostgresCoordinator implements Coordinator {
  private readonly target: PostgresTarget
  private readonly leaseMs: number
  private readonly clock: Clock
  private member = ''
  private isRetired = false
  private opened: Promise<PostgresConnection> | undefined
  private listener: Promise<PostgresConnection> | undefined
  private readonly changes = new Changes()

  constructor(target: PostgresTarget, leaseMs: number, clock: Clock) {
    this.target = target
    this.leaseMs = leaseMs
    this.clock = clock
  }

  async join(member: string): Promise<void> {
    this.member = memberName(member)
    await this.run(async (session) => {
      // Killed members never removed themselves.
      await session.query("DELETE FROM member WHERE seen < clock_timestamp() - interval '1 day'")
      await session.query(PRESENT, [member])
    })
  }

  async assign(log: LogInfo, shard: string): Promise<string> {
    return (await this.connection()).transaction(async (session) => {
      await session.query('INSERT INTO shard (name) VALUES ($1) ON CONFLICT DO NOTHING', [shard])
      await addLog(session, log, shard)
      // A log that one process has read alone so far moves to the shard.
      await session.query("UPDATE log SET shard = $2 WHERE id = $1 AND shard = ''", [log.id, shard])
      const [row] = await session.query<{ shard: string }>('SELECT shard FROM log WHERE id = $1', [log.id])
      return row?.shard ?? shard
    })
  }

  claim(want: number, except: ReadonlySet<string> = new Set()): Promise<readonly Lease[]> {
    return this.run((session) => claimShards(session, this.holder, want, [...except]))
  }

  renew(leases: readonly Lease[]): Promise<Renewal> {
    return this.run(async (session) => {
      if (!this.isRetired) await session.query(PRESENT, [this.member])
      await adoptLogs(session)
      const held = leases.length === 0 ? [] : await renewLeases(session, this.holder, leases)
      const rows = await session.query<{ operator: string; members: number }>(HOLDERS)
      const [counts] = await session.query<{ shards: number; members: number }>(COUNTS, [this.leaseMs])
      const { shards = 0, members = 1 } = counts ?? {}
      return {
        held,
        holders: new Map(rows.map((row) => [row.operator, row.members])),
        share: Math.ceil(shards / Math.max(1, members)),
      }
    })
  }

  async release(lease: Lease): Promise<void> {
    await this.run(async (session) => {
      await releaseLease(session, lease)
      await session.query(`NOTIFY ${channelOf(this.target)}`)
    })
  }

  async retire(): Promise<void> {
    // A member that is not there is not counted, also by members of other versions.
    this.isRetired = true
    await this.run((session) => session.query(ABSENT, [this.member]))
  }

  store(lease: Lease): CheckpointStore {
    let connection: PostgresConnection | undefined
    return new PostgresStore({
      get connection() {
        return connection as PostgresConnection
      },
      lease: () => lease,
      acquire: async () => {
        connection = await openDatabase(this.target, this.leaseMs)
      },
      onClose: async () => connection?.close(),
    })
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    this.listener ??= this.listen()
    // Notices only make it faster: without them, changes are seen at the next renewal.
    this.listener.catch(() => {
      this.listener = undefined
    })
    await this.changes.wait(ms, signal, this.clock)
  }

  async close(): Promise<void> {
    const { opened, listener } = this
    this.opened = this.listener = undefined
    await (await listener?.catch(() => undefined))?.close()
    const connection = await opened?.catch(() => undefined)
    await connection?.run((session) => session.query(ABSENT, [this.member])).catch(() => {})
    await connection?.close()
  }

  private async listen(): Promise<PostgresConnection> {
    const connection = await openDatabase(this.target, this.leaseMs)
    const onNotice = () => this.changes.tell()
    const onEnd = () => {
      this.listener = undefined
    }
    await connection.listen(channelOf(this.target), onNotice, onEnd)
    return connection
  }

  private get holder(): Holder {
    return { member: this.member, leaseMs: this.leaseMs, now: () => this.clock.now() }
  }

  private async run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return (await this.connection()).run(work)
  }

  private connection(): Promise<PostgresConnection> {
    this.opened ??= openDatabase(this.target, this.leaseMs).catch((error: unknown) => {
      this.opened = undefined
      throw error
    })
    return this.opened
  }
}

const channelOf = ({ schema }: PostgresTarget) => `ct_stream_${schema}`.slice(0, 63)

const PRESENT = `INSERT INTO member VALUES ($1, clock_timestamp()) ON CONFLICT (name) DO UPDATE SET seen = excluded.seen`

const ABSENT = 'DELETE FROM member WHERE name = $1'

const HOLDERS = `
SELECT log.operator, count(DISTINCT shard.owner)::integer AS members FROM shard JOIN log ON log.shard = shard.name
WHERE shard.owner IS NOT NULL AND shard.until > clock_timestamp() GROUP BY log.operator`

const COUNTS = `
SELECT (SELECT count(*) FROM shard WHERE name <> '' AND backfill IS NULL)::integer AS shards,
  (SELECT count(*) FROM member WHERE seen > clock_timestamp() - $1 * interval '1 millisecond')::integer AS members`
