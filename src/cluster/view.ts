import { openGaps } from '../checkpoint/open-gaps.js'
import { readBackfills } from '../postgres/backfills.js'
import { readGaps, readMembers, readShards } from '../postgres/cluster-state.js'
import { PostgresConnection, type Session } from '../postgres/connection.js'
import { coverageIn, type LogCoverage } from '../postgres/coverage.js'
import { listParked } from '../postgres/parked.js'
import { type FoundCertificate, searchPage } from '../postgres/search.js'
import { type PostgresTarget, postgresTarget } from '../postgres/target.js'
import type { BackfillJob } from '../types/backfill.js'
import type { Evidence, Gap } from '../types/checkpoint.js'
import type { MemberState, ShardState } from '../types/cluster.js'
import type { ParkedEntry } from '../types/queue.js'

/** A search for half the world is not what the others wait for. Milliseconds. */
const MOST_MS = 10_000

/** A part of what was found. */
export interface FoundPage {
  /** Those of this page, newest first. */
  readonly items: readonly FoundCertificate[]
  /** By which the next part is asked for; `undefined`: this is the last. */
  readonly next: string | undefined
}

/**
 * What processes that share the logs have in their database, looked at from outside: by none of them, and without a lease.
 *
 * Its methods throw `CT_SINK_FAILED` when the database does not answer within 10 seconds, or has no tables yet.
 */
export class ClusterView {
  /** What {@link ClusterView.shards} said last. */
  latest: readonly ShardState[] | undefined
  private readonly target: PostgresTarget
  private readonly connection: PostgresConnection
  /** Of its own, so that a search holds up nothing else. */
  private readonly searching: PostgresConnection

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
  constructor(url: string) {
    this.target = postgresTarget(url)
    this.connection = this.open()
    this.searching = this.open()
  }

  /** In the order of their names. */
  async shards(): Promise<readonly ShardState[]> {
    const shards = await this.connection.run(readShards)
    this.latest = shards
    return shards
  }

  /** Those heard of within a day, in the order of their names. */
  members(): Promise<readonly MemberState[]> {
    return this.connection.run(readMembers)
  }

  /** The newest first, 1,000 at most. */
  backfills(): Promise<readonly BackfillJob[]> {
    return this.connection.run((session) => readBackfills(session, 1000))
  }

  /** What was read of each log, from the first entry that was to the last, and what is missing between. */
  coverage(): Promise<readonly LogCoverage[]> {
    return this.connection.run((session) => coverageIn(session, undefined, {}))
  }

  /** What processors have set aside, the newest first, 1,000 at most. */
  parked(): Promise<readonly ParkedEntry[]> {
    return this.connection.run((session) => listParked(session, undefined, 1000))
  }

  /** What is missing still. */
  async gaps(): Promise<readonly Gap[]> {
    const { gaps, rows } = await this.connection.run(readGaps)
    return openGaps(gaps, rows)
  }

  /** What was held against logs, in the order in which it was stored. */
  async evidence(): Promise<readonly Evidence[]> {
    const rows = await this.connection.run((session) =>
      session.query<{ evidence: string }>('SELECT evidence FROM evidence ORDER BY n'),
    )
    return rows.map(({ evidence }) => JSON.parse(evidence))
  }

  /**
   * Certificates by name, newest first.
   *
   * @param pattern - As of `searchCertificates`.
   * @param after - `next` of the page before.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong pattern.
   */
  async search(
    pattern: string,
    {
      limit,
      since,
      after,
    }: { readonly limit: number; readonly since?: Date | undefined; readonly after?: string | undefined },
  ): Promise<FoundPage> {
    const [, seenMicros, cert] = /^(\d{1,18})\.(\d{1,18})$/.exec(after ?? '') ?? []
    const place = seenMicros === undefined || cert === undefined ? undefined : { seenMicros, cert }
    const { items, end } = await searchPage(this.searching, pattern, { limit, since }, place)
    const isLast = items.length < limit || end === undefined
    return { items, next: isLast ? undefined : `${end.seenMicros}.${end.cert}` }
  }

  /** Disconnects. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([this.connection.close(), this.searching.close()])
  }

  private open(): PostgresConnection {
    return new PostgresConnection(this.target, MOST_MS, async (session: Session) => {
      await session.query(`SET statement_timeout = ${MOST_MS}`)
    })
  }
}
