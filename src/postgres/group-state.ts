import type { QueueGroupState } from '../types/queue.js'
import type { Session } from './connection.js'

interface GroupRow {
  readonly name: string
  readonly id: string
  readonly description: string
  readonly operator: string
  readonly url: string
  readonly next: string
  readonly end: string
}

/** How far each group of processors is with each log, and with each range of a backfill that it is not finished with; by name. */
export async function readGroups(session: Session): Promise<QueueGroupState[]> {
  const groups = new Map<string, QueueGroupState & { logs: QueueGroupState['logs'][number][] }>()
  for (const { name, id, description, operator, url, next, end } of await session.query<GroupRow>(GROUPS)) {
    const group = groups.get(name) ?? { name, logs: [] }
    groups.set(name, group)
    const [from, to] = [Number(next), Number(end)]
    group.logs.push({ id, description, operator, url, next: from, end: to, lag: Math.max(0, to - from) })
  }
  return [...groups.values()]
}

const GROUPS = `
SELECT grp AS name, id, description, operator, url, next, stop AS "end" FROM watermark w JOIN (
  SELECT id AS place, id, description, operator, url, queue_to AS stop, false AS passes FROM log WHERE queue_to IS NOT NULL
  UNION ALL
  SELECT r.unit, l.id, l.description, l.operator, l.url, r.stop, true FROM backfill_range r JOIN log l ON l.id = r.log
) AS places ON place = w.log
WHERE NOT passes OR next < stop
ORDER BY grp COLLATE "C", id COLLATE "C", next`
