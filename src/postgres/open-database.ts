import { PostgresConnection, type Session } from './connection.js'
import { migrate } from './schema.js'
import type { PostgresTarget } from './target.js'

/**
 * Opens a connection and makes or migrates the tables.
 *
 * @param leaseMs - Bounds how long a suspended client may keep a transaction open: its locks must be gone before its lease ends.
 * @param onConnect - Called for each connection that is made.
 * @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export async function openDatabase(
  target: PostgresTarget,
  leaseMs: number,
  onConnect?: (session: Session) => Promise<void>,
): Promise<PostgresConnection> {
  const connection = new PostgresConnection(target, leaseMs * (2 / 3), onConnect)
  try {
    await connection.transaction((session) => migrate(session, target))
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}
