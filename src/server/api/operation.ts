import type { z } from 'zod'
import type { ModulesStatus } from '../../modules/status.js'
import type { FollowedLog } from '../../types/stream.js'
import type { LogStatus } from '../../types/stream-status.js'
import type { Backlog } from '../backlog.js'
import type { ServerCluster, ServerSource, ServerStore } from '../options.js'
import type { RecentFindings } from '../recent-findings.js'
import type { ServerParts } from '../server-figures.js'

/** What the operations read from. */
export interface ApiWorld extends ServerParts {
  readonly source: ServerSource
  readonly store: ServerStore
  /** `undefined` for a server without a cluster. */
  readonly cluster: ServerCluster | undefined
  readonly startedAt: number
  readonly findings: Pick<RecentFindings, 'newest'>
  /** `undefined` without modules. */
  readonly modules: () => ModulesStatus | undefined
  readonly backlog: Backlog
}

/** A checked request. */
export interface ApiCall<Query> {
  readonly world: ApiWorld
  readonly query: Query
  /** The text in the place of `{id}` in the path. */
  readonly id: string
}

/** One operation of the API. The OpenAPI document is generated from these. */
export interface Operation<Query = unknown> {
  readonly method: 'GET' | 'POST'
  /** Path below `/api/v1`; `{id}` at its end is a parameter. */
  readonly path: string
  /** Name of the operation in generated clients. */
  readonly name: string
  readonly summary: string
  readonly query: z.ZodType<Query>
  readonly answer: z.ZodType
  /** Error statuses beyond those of every operation. */
  readonly problems?: readonly number[]
  readonly run: (call: ApiCall<Query>) => unknown
}

/** Returns the operation as it is; it exists so that the query's type is inferred. */
export function operation<Query>(given: Operation<Query>): Operation {
  return given as Operation
}

export function logsOf({ source }: ApiWorld): readonly LogStatus[] {
  return source.status?.().logs ?? []
}

export function followedBy({ source }: ApiWorld): readonly FollowedLog[] {
  return source.logs?.() ?? []
}
