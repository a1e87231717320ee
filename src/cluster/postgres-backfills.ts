import type { NewBackfill } from '../checkpoint/backfill-ranges.js'
import { addBackfill, findBackfill, readBackfill, readParts, readRange, settleBackfill } from '../postgres/backfills.js'
import type { PostgresConnection } from '../postgres/connection.js'
import { claimRange, type Holder, releaseLease, renewLeases } from '../postgres/leases.js'
import { openDatabase } from '../postgres/open-database.js'
import { postgresTarget } from '../postgres/target.js'
import type { PostgresSinkOptions } from '../sinks/postgres-sink.js'
import { rangeSink } from '../sinks/range-sink.js'
import type { Lease, Sink } from '../types/cluster.js'
import type { BackfillPlace } from './backfill-place.js'

/** Backfills in the tables of a database: a range is a row, and its lease one of `shard`. */
export class PostgresBackfills implements BackfillPlace {
  private readonly connection: PostgresConnection
  private readonly holder: Holder
  private readonly makeSink: () => Sink

  private constructor(connection: PostgresConnection, holder: Holder, makeSink: () => Sink) {
    this.connection = connection
    this.holder = holder
    this.makeSink = makeSink
  }

  /** @throws as `openDatabase`. */
  static async open(url: string, options: PostgresSinkOptions, holder: Holder): Promise<PostgresBackfills> {
    const { leaseMs } = holder
    const makeSink = () => rangeSink(url, { ...options, leaseMs })
    return new PostgresBackfills(await openDatabase(postgresTarget(url), leaseMs), holder, makeSink)
  }

  find(logId: string, start: number, end: number | undefined) {
    return this.connection.run((session) => findBackfill(session, logId, start, end))
  }

  add(job: NewBackfill) {
    return this.connection.transaction((session) => addBackfill(session, job))
  }

  job(id: string) {
    return this.connection.run((session) => readBackfill(session, id))
  }

  claim(id: string) {
    return this.connection.run((session) => claimRange(session, this.holder, id))
  }

  async renew(lease: Lease) {
    const held = await this.connection.run((session) => renewLeases(session, this.holder, [lease]))
    return held.length > 0
  }

  release(lease: Lease) {
    return this.connection.run((session) => releaseLease(session, lease))
  }

  range(unit: string) {
    return this.connection.run((session) => readRange(session, unit))
  }

  parts(id: string) {
    return this.connection.run((session) => readParts(session, id))
  }

  settle(id: string, reason: string | undefined) {
    return this.connection.run((session) => settleBackfill(session, id, reason))
  }

  sink() {
    return this.makeSink()
  }

  close() {
    return this.connection.close()
  }
}
