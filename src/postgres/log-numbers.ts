import type { CtCertificate } from '../types/certificate.js'
import type { LogInfo } from '../types/log.js'
import type { Session } from './connection.js'

/**
 * Looks up the numbers that stand for logs in the tables, and adds them to `known`. A new log gets a number, and a row without a position.
 *
 * @param unit - The shard that a new log belongs to.
 */
export async function numberLogs(
  session: Session,
  certificates: readonly CtCertificate[],
  known: Map<string, number>,
  unit: string,
): Promise<void> {
  const unknown = new Map<string, LogInfo>()
  for (const { log } of certificates) if (!known.has(log.id)) unknown.set(log.id, log)
  if (unknown.size === 0) return
  for (const log of unknown.values()) await addLog(session, log, unit)
  const ids = [...unknown.keys()]
  const rows = await session.query<{ id: string; n: number }>('SELECT id, n FROM log WHERE id = ANY($1)', [ids])
  for (const { id, n } of rows) known.set(id, n)
}

/** Adds the row of a log, unless it exists. */
export async function addLog(
  session: Session,
  { id, operator, description, url }: LogInfo,
  shard: string,
): Promise<void> {
  const texts = [operator, description, url].map((text) => text.replaceAll('\0', ''))
  await session.query(
    `INSERT INTO log (id, shard, operator, description, url) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
    [id, shard, ...texts],
  )
}
