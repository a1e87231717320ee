import { PostgresConnection } from './connection.js'
import { migrate } from './schema.js'
import { STAGED_TABLE } from './staged-row.js'
import type { PostgresTarget } from './target.js'

/**
 * A connection to a database whose tables are there, and as new as this library knows them.
 *
 * @param leaseMs - An owner that stops inside a transaction is shut out before its lease ends, or its locks would keep out the next one.
 * @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export async function openDatabase(target: PostgresTarget, leaseMs: number): Promise<PostgresConnection> {
  const connection = new PostgresConnection(target, leaseMs * (2 / 3), async (session) => {
    await session.query(STAGED_TABLE)
  })
  try {
    await connection.transaction((session) => migrate(session, target))
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}
