import { runCollector } from '../../cluster/collector.js'
import type { ClusterEngine } from '../../cluster/open-cluster.js'
import { openListedLog } from '../../logs/open-log.js'
import { ctStream } from '../../stream/ct-stream.js'
import type { Logger } from '../../types/clock.js'
import type { Lease } from '../../types/cluster.js'
import type { LogInfo, LogSpec } from '../../types/log.js'
import type { LogSelection } from '../../types/log-list.js'
import type { CtStreamOptions } from '../../types/stream-options.js'
import type { CommandContext } from '../command.js'
import { readListedLogs, transportFrom } from '../listed-logs.js'
import { withoutTroubles } from '../trouble-watch.js'
import type { ShardStreams } from './shard-streams.js'

export interface CollectOptions {
  readonly context: CommandContext
  readonly engine: ClusterEngine
  readonly member: string
  readonly leaseMs: number
  /** What the flags ask for. */
  readonly request: CtStreamOptions
  readonly streams: ShardStreams
  readonly onTurn: (held: readonly Lease[] | undefined) => void
  readonly logger: Logger
}

/** The role `collector`: reads shards of logs, and writes them to the engine, until `io.stop` aborts. */
export async function collect(options: CollectOptions): Promise<void> {
  const { context, engine, member, leaseMs, request, streams, onTurn, logger } = options
  const { io } = context
  const logs = followed(options)
  await runCollector({
    coordinator: engine.coordinator(),
    member,
    sink: () => engine.sink(),
    logs: logs.list,
    stream(mine, checkpoint, signal) {
      const stream = ctStream({
        ...request,
        logs: logs.only(mine),
        checkpoint,
        commit: 'manual',
        logger: withoutTroubles(logger),
      })
      streams.add(stream, signal)
      return stream
    },
    ...(context.values.choice('shard-by', ['operator', 'log']) === 'log' && { shardOf: ({ id }) => id }),
    renewMs: leaseMs / 3,
    handOverMs: Math.min(10_000, leaseMs),
    signal: io.stop,
    onTurn,
    logger,
    clock: io.clock,
  })
}

/** The logs of the flags, and the options by which a stream reads some of them. */
function followed({ context, request, logger }: CollectOptions): {
  list(): Promise<readonly LogInfo[]>
  only(logs: readonly LogInfo[]): LogSelection | readonly LogSpec[]
} {
  const { logs = {}, allowHttp = false } = request
  const infoOf = (log: Parameters<typeof openListedLog>[0]) => openListedLog(log, { transport: unused, allowHttp }).log
  if (Array.isArray(logs)) {
    const named = (logs as readonly LogSpec[]).map((spec) => ({ spec, info: infoOf(spec) }))
    return {
      list: async () => named.map(({ info }) => info),
      only: (mine) => named.filter(({ info }) => mine.some(({ id }) => id === info.id)).map(({ spec }) => spec),
    }
  }
  const selection = logs as LogSelection
  return {
    async list() {
      const transport = await transportFrom(context)
      try {
        return (await readListedLogs(context, transport, logger, selection)).logs.map(infoOf)
      } finally {
        await transport.close()
      }
    },
    only: (mine) => ({ ...selection, names: mine.map(({ id }) => id) }),
  }
}

/** For clients that are made only to learn their log's id. */
const unused = { get: () => Promise.reject(new Error('not asked')), close: () => Promise.resolve() }
