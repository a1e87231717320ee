import { checkpointFromJSON } from '../checkpoint/checkpoint-json.js'
import type { Gap, LogCheckpoint } from '../types/checkpoint.js'
import type { MemberState, ShardState } from '../types/cluster.js'
import type { Session } from './connection.js'
import { ALONE } from './leases.js'

interface ShardRow {
  readonly name: string
  readonly epoch: string
  readonly owner: string | null
  readonly until: string | null
}

interface LogRow {
  readonly shard: string
  readonly id: string
  readonly description: string
  readonly operator: string
  readonly url: string
  readonly position: string | null
  readonly checkpoint: string | null
}

/** Every shard with its logs, by name. The shard of a process that reads all logs alone has the name ''. */
export async function readShards(session: Session): Promise<ShardState[]> {
  const shards = await session.query<ShardRow>(SHARDS, [ALONE])
  const logs = await session.query<LogRow>(LOGS)
  const byShard = new Map<string, LogRow[]>()
  for (const log of logs) byShard.set(log.shard, [...(byShard.get(log.shard) ?? []), log])
  return shards.map(({ name, epoch, owner, until }) => ({
    name,
    epoch: Number(epoch),
    owner: owner ?? undefined,
    until: until === null ? undefined : new Date(Number(until)),
    logs: (byShard.get(name) ?? []).map(({ id, description, operator, url, position, checkpoint }) => ({
      ...{ id, description, operator, url },
      position: position === null ? undefined : Number(position),
      verifiedSize: checkpoint === null ? undefined : checkpointFromJSON(checkpoint).verifiedHead?.treeSize,
    })),
  }))
}

const SHARDS = `
SELECT name, epoch, CASE WHEN until > clock_timestamp() THEN owner END AS owner,
  CASE WHEN until > clock_timestamp() THEN (extract(epoch FROM until) * 1000)::bigint END AS until
FROM shard WHERE backfill IS NULL AND (name <> $1 OR EXISTS (SELECT 1 FROM log WHERE shard = $1 AND position IS NOT NULL)) ORDER BY name COLLATE "C"`

const LOGS = `SELECT shard, id, description, operator, url, position, checkpoint FROM log ORDER BY id COLLATE "C"`

/** Members that renewed within the last day, by name. */
export async function readMembers(session: Session): Promise<MemberState[]> {
  const rows = await session.query<{ name: string; silent: string; shards: number }>(MEMBERS)
  return rows.map(({ name, silent, shards }) => ({ name, silentMs: Math.max(0, Number(silent)), shards }))
}

const MEMBERS = `
SELECT member.name, (extract(epoch FROM clock_timestamp() - member.seen) * 1000)::bigint AS silent,
  (SELECT count(*) FROM shard WHERE shard.owner = member.name AND until > clock_timestamp())::integer AS shards
FROM member WHERE seen > clock_timestamp() - interval '1 day' ORDER BY member.name COLLATE "C"`

/** All recorded gaps, and the positions that show how much of each was delivered since. */
export async function readGaps(session: Session): Promise<{ gaps: Gap[]; rows: LogCheckpoint[] }> {
  const gaps = await session.query<{ gap: string }>('SELECT gap FROM gap ORDER BY n')
  const rows = await session.query<{ checkpoint: string }>(
    'SELECT checkpoint FROM log WHERE checkpoint IS NOT NULL AND id IN (SELECT log FROM gap)',
  )
  return { gaps: gaps.map(({ gap }) => gapFrom(gap)), rows: rows.map((row) => checkpointFromJSON(row.checkpoint)) }
}

/** Reads a gap as the table stores it. */
export function gapFrom(json: string): Gap {
  const { log, start, end, reason, recordedAt, delivered } = JSON.parse(json)
  return { log, start, end, reason, recordedAt, ...(delivered !== undefined && { delivered }) }
}
