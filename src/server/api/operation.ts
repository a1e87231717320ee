import type { z } from 'zod'
import type { ModulesStatus } from '../../modules/status.js'
import type { FollowedLog, LogStatus } from '../../types/stream.js'
import type { Backlog } from '../backlog.js'
import type { ServerCluster, ServerSource, ServerStore } from '../options.js'
import type { RecentFindings } from '../recent-findings.js'
import type { ServerParts } from '../server-figures.js'

/** What the operations look at. */
export interface ApiWorld extends ServerParts {
  readonly source: ServerSource
  readonly store: ServerStore
  /** `undefined`: this server stands alone. */
  readonly cluster: ServerCluster | undefined
  readonly startedAt: number
  readonly findings: Pick<RecentFindings, 'newest'>
  /** `undefined`: there are none. */
  readonly modules: () => ModulesStatus | undefined
  readonly backlog: Backlog
}

/** What was asked, checked. */
export interface ApiCall<Query> {
  readonly world: ApiWorld
  readonly query: Query
  /** What stands in the path in the place of `{id}`. */
  readonly id: string
}

/** One thing to ask for. Paths, parameters and answers of the OpenAPI document come from these. */
export interface Operation<Query = unknown> {
  readonly method: 'GET' | 'POST'
  /** Below `/api/v1`; `{id}` at its end stands for one. */
  readonly path: string
  /** Name of the operation in programs made of the document. */
  readonly name: string
  readonly summary: string
  readonly query: z.ZodType<Query>
  readonly answer: z.ZodType
  /** Statuses it can fail with, beside those of all. */
  readonly problems?: readonly number[]
  readonly run: (call: ApiCall<Query>) => unknown
}

/** Has the query's type inferred. */
export function operation<Query>(given: Operation<Query>): Operation {
  return given as Operation
}

export function logsOf({ source }: ApiWorld): readonly LogStatus[] {
  return source.status?.().logs ?? []
}

export function followedBy({ source }: ApiWorld): readonly FollowedLog[] {
  return source.logs?.() ?? []
}
