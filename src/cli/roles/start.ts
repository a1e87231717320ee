import { canCoordinate, openCluster } from '../../cluster/open-cluster.js'
import { queueSource } from '../../processors/queue-source.js'
import { createServer } from '../../server/create-server.js'
import { sinkParts } from '../../sinks/open-sink.js'
import type { Logger } from '../../types/clock.js'
import type { Lease } from '../../types/cluster.js'
import type { CtStreamOptions } from '../../types/stream-options.js'
import { linkedController } from '../../util/abort.js'
import { askedLater } from '../asked-stream.js'
import type { CommandContext } from '../command.js'
import { moduleThreads } from '../flags/module-flag.js'
import type { Role } from '../flags/run-flags.js'
import { isListMissing } from '../listed-logs.js'
import { namingDb } from '../naming-db.js'
import { serveRequest } from '../serve-request.js'
import { Output } from '../terminal/output.js'
import { commandLogger } from '../terminal/report.js'
import { renewTls } from '../tls-files.js'
import { isAway, untilThere } from '../until-there.js'
import { collect } from './collect.js'
import { type FollowedLogs, followedLogs } from './followed-logs.js'
import { idleSource } from './idle-source.js'
import { lookAfter } from './look-after.js'
import { processQueue } from './process-queue.js'
import { RoleHealth } from './role-health.js'
import { runTogether } from './run-together.js'
import { ShardStreams } from './shard-streams.js'

export interface RolesOptions {
  readonly context: CommandContext
  readonly roles: ReadonlySet<Role>
  /** URL of the database, as given. */
  readonly db: string
  readonly member: string
  readonly leaseMs: number
  /** Logs to read instead of those of the flags. */
  readonly request?: CtStreamOptions
}

/**
 * Runs the roles until `io.stop` aborts. They are independent, and communicate only through the database. A role that fails for good ends
 * the others: they finish what they have begun.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag; what a role fails with.
 */
export async function startRoles({ context, roles, db, member, leaseMs, request: given }: RolesOptions): Promise<void> {
  const { io, values } = context
  const threads = moduleThreads(context)
  const asked = given === undefined ? await askedLater(context) : { all: async () => given }
  const options = await serveRequest(context)
  const withQueue = roles.has('processor') || values.switch('for-processors')
  const isAlone = roles.size === 1 && roles.has('processor')
  // A processor shares no logs with collectors: any engine that can be read again will do.
  const engine =
    isAlone && !canCoordinate(db) ? undefined : await namingDb(context, () => openCluster(db, leaseMs, withQueue))
  const modules = roles.has('processor') ? await (await import('../modules/load.js')).modulesFor(context) : []
  const queue = roles.has('processor')
    ? await namingDb(context, () =>
        queueSource(engine?.url ?? sinkParts(db).rest, { group: values.text('group') ?? 'processors', leaseMs }),
      )
    : undefined
  const logger = commandLogger(context)
  const over = linkedController(io.stop)
  const mine = { ...context, io: { ...io, stop: over.signal } }
  const streams = new ShardStreams(logger, io.clock)
  const health = new RoleHealth(
    io.clock,
    leaseMs,
    [...roles].filter((role) => role !== 'processor'),
  )
  const view = roles.has('api') ? await engine?.view() : undefined
  const server = createServer({
    ...options,
    keep: false,
    source: idleSource(streams),
    health,
    logger,
    ...(queue !== undefined && { queue: () => queue.status() }),
    ...(view !== undefined && { cluster: view, store: view }),
  })
  try {
    const { url } = await server.listen()
    await new Output(io.stdout).write(`ct-stream runs ${[...roles].join(', ')} at ${url}\n`)
    void renewTls({ context, server, begun: options.tls, logger, stop: over.signal })
    const work: (() => Promise<void>)[] = []
    const onTurn = (held: readonly Lease[] | undefined) => health.asked('collector', held !== undefined)
    if (roles.has('collector') && engine !== undefined) {
      let logs: FollowedLogs | undefined
      work.push(async () => {
        // Not held up: it begins again as long as its logs cannot be looked up.
        onTurn(undefined)
        const request = await asked.all()
        logs ??= followedLogs(mine, request, logger)
        await collect({ context: mine, engine, member, leaseMs, request, logs, streams, onTurn, logger })
      })
    }
    if (queue !== undefined) work.push(() => processQueue({ source: queue, modules, threads, io: mine.io, logger }))
    if (view !== undefined) work.push(() => lookAfter({ view, health, leaseMs, io: mine.io }))
    const patient = work.map((role) => () => untilOver(role, mine, logger))
    await runTogether(patient, { over, clock: io.clock, logger })
  } finally {
    over.abort()
    await server.close()
    await queue?.close()
    await view?.close()
  }
}

/** Restarts a role as long as its database or lists are not reachable yet. */
function untilOver(work: () => Promise<void>, { io }: CommandContext, logger: Logger): Promise<void> {
  const waitsFor = (error: unknown) => isAway(error) || isListMissing(error)
  return untilThere(work, { waitsFor, logger, clock: io.clock, stop: io.stop })
}
