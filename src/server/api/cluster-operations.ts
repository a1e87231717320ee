import { z } from 'zod'
import type { FoundCertificate } from '../../postgres/search.js'
import type { BackfillJob } from '../../types/backfill.js'
import type { LogInfo as Log } from '../../types/log.js'
import type { ParkedEntry } from '../../types/queue.js'
import type { ServerCluster } from '../options.js'
import { Backfill, Coverage, Group, Member, Parked, Shard } from './cluster-schemas.js'
import { type ApiWorld, type Operation, operation } from './operation.js'
import { keysetPage, sortable } from './paging.js'
import { ApiProblem } from './problem.js'
import { iso } from './records.js'
import { after, limit, pageOf } from './schemas.js'

const paged = z.strictObject({ limit: limit(1000, 100), after })

/** Operations that read the database of a cluster. */
export const clusterOperations: readonly Operation[] = [
  operation({
    ...{ method: 'GET', path: '/shards', name: 'listShards', summary: 'Who reads which logs, and how far they are.' },
    query: paged,
    answer: pageOf(Shard),
    problems: [404, 503],
    async run({ world, query }) {
      const page = keysetPage(await clusterOf(world).shards(), ({ name }) => `s${name}`, query)
      const items = page.items.map(({ name, owner = null, epoch, until, logs }) => ({
        ...{ name, owner, epoch, until: iso(until?.getTime()) },
        logs: logs.map(({ position = null, verifiedSize = null, ...log }) => ({ ...log, position, verifiedSize })),
      }))
      return { ...page, items }
    },
  }),
  operation({
    ...{ method: 'GET', path: '/members', name: 'listMembers' },
    summary: 'The processes that were heard of within a day, in the order of their names.',
    query: paged,
    answer: pageOf(Member),
    problems: [404, 503],
    run: async ({ world, query }) => keysetPage(await clusterOf(world).members(), ({ name }) => name, query),
  }),
  operation({
    ...{
      method: 'GET',
      path: '/backfills',
      name: 'listBackfills',
      summary: 'Backfills, the newest first: the last 1000.',
    },
    query: paged,
    answer: pageOf(Backfill),
    problems: [404, 503],
    async run({ world, query }) {
      // The newest has the smallest key.
      const keyOf = ({ id }: BackfillJob) => sortable(Number.MAX_SAFE_INTEGER - Number(id))
      const page = keysetPage(await clusterOf(world).backfills(), keyOf, query)
      return { ...page, items: page.items.map(backfillRecord) }
    },
  }),
  operation({
    ...{ method: 'GET', path: '/coverage', name: 'listCoverage' },
    summary: 'What of each log is in the database, and what is missing, in the order of their ids.',
    query: paged,
    answer: pageOf(Coverage),
    problems: [404, 503],
    async run({ world, query }) {
      const page = keysetPage(await clusterOf(world).coverage(), ({ log }) => log.id, query)
      return { ...page, items: page.items.map(({ log, ...rest }) => ({ log: logRecord(log), ...rest })) }
    },
  }),
  operation({
    ...{ method: 'GET', path: '/groups', name: 'listGroups' },
    summary: 'How far groups of processors are, in the order of their names.',
    query: paged,
    answer: pageOf(Group),
    problems: [404, 503],
    async run({ world, query }) {
      const groups = (await clusterOf(world).groups()).map((group) => ({
        ...group,
        lag: group.logs.reduce((sum, { lag }) => sum + lag, 0),
      }))
      return keysetPage(groups, ({ name }) => `g${name}`, query)
    },
  }),
  operation({
    ...{ method: 'GET', path: '/parked', name: 'listParked' },
    summary: 'What processors have set aside, the newest first: the last 1000.',
    query: paged,
    answer: pageOf(Parked),
    problems: [404, 503],
    async run({ world, query }) {
      // The newest has the smallest key.
      const keyOf = ({ parkedAt, group, key }: ParkedEntry) =>
        `${sortable(Number.MAX_SAFE_INTEGER - parkedAt.getTime())}.${key}.${group}`
      const page = keysetPage(await clusterOf(world).parked(), keyOf, query)
      return { ...page, items: page.items.map(parkedRecord) }
    },
  }),
]

function parkedRecord({ logId, index, parkedAt, ...rest }: ParkedEntry): object {
  return { ...rest, logId: logId ?? null, index: index ?? null, parkedAt: iso(parkedAt.getTime()) }
}

/** The members of a log that every answer has. */
function logRecord({ id, description, operator, kind, url }: Log): object {
  return { id, description, operator, kind, url }
}

function backfillRecord({ log, head, reason, createdAt, endedAt, ...rest }: BackfillJob): object {
  return {
    ...rest,
    log: logRecord(log),
    treeSize: head.treeSize,
    reason: reason ?? null,
    createdAt: iso(createdAt.getTime()),
    endedAt: iso(endedAt?.getTime()),
  }
}

/** @throws {@link ApiProblem} 404 where the server is not part of a cluster. */
export function clusterOf({ cluster }: ApiWorld): ServerCluster {
  if (cluster === undefined) throw new ApiProblem(404, 'this server has no database: see ct-stream run --role api')
  return cluster
}

const ONLY_POSTGRES =
  'only Postgres has a search for certificates: the engine of this cluster is Kafka, which keeps no tables'

interface NameQuery {
  readonly name: string
  readonly since?: string | undefined
  readonly limit: number
  readonly after?: string | undefined
}

/**
 * Certificates in the database by name, newest first.
 *
 * @throws {@link ApiProblem} 404; 501 where the engine cannot be searched.
 */
export async function foundPage(world: ApiWorld, { name, since, limit, after }: NameQuery): Promise<object> {
  const from = since === undefined ? {} : { since: new Date(since) }
  const { search } = clusterOf(world)
  if (search === undefined) throw new ApiProblem(501, ONLY_POSTGRES)
  const { items, next } = await search.call(world.cluster, name, { limit, after, ...from })
  return { items: items.map(foundRecord), next: next ?? null }
}

function foundRecord({ sha256, serialNumber, notBefore, notAfter, firstSeen, ...rest }: FoundCertificate): object {
  return {
    id: sha256,
    ...rest,
    serialNumber: serialNumber ?? null,
    notBefore: iso(notBefore?.getTime()),
    notAfter: iso(notAfter?.getTime()),
    firstSeen: iso(firstSeen.getTime()),
  }
}
