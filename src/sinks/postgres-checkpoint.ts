import { randomUUID } from 'node:crypto'
import { AloneHold } from '../postgres/alone.js'
import type { PostgresConnection } from '../postgres/connection.js'
import { openDatabase } from '../postgres/open-database.js'
import { PostgresStore } from '../postgres/store.js'
import { postgresTarget } from '../postgres/target.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import { systemClock } from '../util/clock.js'
import { integerOption, objectOption } from '../util/options.js'

/** Options of {@link postgresCheckpoint}; all optional. */
export interface PostgresCheckpointOptions {
  /** How long the next process may have to wait after this one is killed. Milliseconds, 300 to 600,000. Default 15,000. */
  readonly leaseMs?: number
}

/**
 * Positions in Postgres, without certificates: for the option `checkpoint` of a stream whose entries go elsewhere.
 *
 * @param url - As for `postgresSink`. One process at a time.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function postgresCheckpoint(url: string, options: PostgresCheckpointOptions = {}): CheckpointStore {
  const target = postgresTarget(url)
  const given = objectOption<PostgresCheckpointOptions>('checkpoint', options, ['leaseMs'])
  const leaseMs = integerOption('checkpoint.leaseMs', given.leaseMs, 300, 600_000, 15_000)
  const member = randomUUID()
  let connection: PostgresConnection | undefined
  let hold: AloneHold | undefined
  return new PostgresStore({
    get connection() {
      return connection as PostgresConnection
    },
    lease: () => hold?.lease,
    acquire: async () => {
      connection = await openDatabase(target, leaseMs)
      hold = new AloneHold(connection, member, leaseMs, systemClock)
      await hold.acquire()
    },
    onClose: async () => {
      await hold?.release()
      await connection?.close()
    },
  })
}
