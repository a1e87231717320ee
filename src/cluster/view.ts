import { openGaps } from '../checkpoint/open-gaps.js'
import { readBackfills } from '../postgres/backfills.js'
import { readGaps, readMembers, readShards } from '../postgres/cluster-state.js'
import { PostgresConnection, type Session } from '../postgres/connection.js'
import { coverageIn, type LogCoverage } from '../postgres/coverage.js'
import { readGroups } from '../postgres/group-state.js'
import { listParked } from '../postgres/parked.js'
import { type FoundCertificate, searchPage } from '../postgres/search.js'
import { type PostgresTarget, postgresTarget } from '../postgres/target.js'
import type { BackfillJob } from '../types/backfill.js'
import type { Evidence, Gap } from '../types/checkpoint.js'
import type { MemberState, ShardState } from '../types/cluster.js'
import type { ParkedEntry, QueueGroupState } from '../types/queue.js'

/** Longest query, so that a search matching millions of names does not run for ever. Milliseconds. */
const MOST_MS = 10_000

/** One page of the certificates found. */
export interface FoundPage {
  /** The certificates of this page, newest first. */
  readonly items: readonly FoundCertificate[]
  /** Pass it as `after` for the next page; `undefined` on the last page. */
  readonly next: string | undefined
}

/**
 * Reads the database of a cluster from outside: without being a member or holding a lease.
 *
 * Its methods throw `CT_SINK_FAILED` when the database does not answer within 10 seconds, or has no tables yet.
 */
export class ClusterView {
  /** The last answer of {@link ClusterView.shards}. */
  latest: readonly ShardState[] | undefined
  private readonly target: PostgresTarget
  private readonly connection: PostgresConnection
  /** A second connection, so that a slow search delays nothing else. */
  private readonly searching: PostgresConnection

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
  constructor(url: string) {
    this.target = postgresTarget(url)
    this.connection = this.open()
    this.searching = this.open()
  }

  /** All shards, by name. */
  async shards(): Promise<readonly ShardState[]> {
    const shards = await this.connection.run(readShards)
    this.latest = shards
    return shards
  }

  /** Members that renewed within the last day, by name. */
  members(): Promise<readonly MemberState[]> {
    return this.connection.run(readMembers)
  }

  /** Backfills, the newest first, 1,000 at most. */
  backfills(): Promise<readonly BackfillJob[]> {
    return this.connection.run((session) => readBackfills(session, 1000))
  }

  /** What was read of each log, from the first entry that was to the last, and what is missing between. */
  coverage(): Promise<readonly LogCoverage[]> {
    return this.connection.run((session) => coverageIn(session, undefined, {}))
  }

  /** How far each group of processors is, by name. */
  groups(): Promise<readonly QueueGroupState[]> {
    return this.connection.run(readGroups)
  }

  /** What processors have set aside, the newest first, 1,000 at most. */
  parked(): Promise<readonly ParkedEntry[]> {
    return this.connection.run((session) => listParked(session, undefined, 1000))
  }

  /** Gaps that are still open. */
  async gaps(): Promise<readonly Gap[]> {
    const { gaps, rows } = await this.connection.run(readGaps)
    return openGaps(gaps, rows)
  }

  /** Evidence against logs, in the order stored. */
  async evidence(): Promise<readonly Evidence[]> {
    const rows = await this.connection.run((session) =>
      session.query<{ evidence: string }>('SELECT evidence FROM evidence ORDER BY n'),
    )
    return rows.map(({ evidence }) => JSON.parse(evidence))
  }

  /**
   * Searches for certificates by name, newest first.
   *
   * @param pattern - As for `searchCertificates`.
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

  /** Closes both connections. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([this.connection.close(), this.searching.close()])
  }

  private open(): PostgresConnection {
    return new PostgresConnection(this.target, MOST_MS, async (session: Session) => {
      await session.query(`SET statement_timeout = ${MOST_MS}`)
    })
  }
}
