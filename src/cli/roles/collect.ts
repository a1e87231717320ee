import { runCollector } from '../../cluster/collector.js'
import type { ClusterEngine } from '../../cluster/open-cluster.js'
import { ctStream } from '../../stream/ct-stream.js'
import type { Logger } from '../../types/clock.js'
import type { Lease } from '../../types/cluster.js'
import type { LogInfo } from '../../types/log.js'
import type { CtStreamOptions } from '../../types/stream-options.js'
import type { CommandContext } from '../command.js'
import { withoutTroubles } from '../trouble-watch.js'
import type { FollowedLogs } from './followed-logs.js'
import type { ShardStreams } from './shard-streams.js'
import { withListCopies } from './with-list-copies.js'

export interface CollectOptions {
  readonly context: CommandContext
  readonly engine: ClusterEngine
  readonly member: string
  readonly leaseMs: number
  /** What the flags ask for. */
  readonly request: CtStreamOptions
  /** The logs to read; the same at each try, for what it remembers. */
  readonly logs: FollowedLogs
  readonly streams: ShardStreams
  readonly onTurn: (held: readonly Lease[] | undefined) => void
  readonly logger: Logger
}

/**
 * The role `collector`: reads shards of logs, and writes them to the engine, until `io.stop` aborts.
 *
 * @throws what `logs` and the engine throw at the beginning.
 */
export async function collect(options: CollectOptions): Promise<void> {
  const { context, engine, member, leaseMs, request, logs, streams, onTurn, logger } = options
  const { io } = context
  // Before it joins: the others leave shards to a member, which could not read them without knowing the logs.
  let first: readonly LogInfo[] | undefined = await logs.list()
  await runCollector({
    coordinator: engine.coordinator(),
    member,
    sink: () => engine.sink(),
    logs: async () => {
      const listed = first ?? (await logs.list())
      first = undefined
      return listed
    },
    stream(mine, checkpoint, signal) {
      const stream = ctStream({
        ...request,
        logs: logs.only(mine),
        checkpoint: withListCopies(checkpoint, logs.copies),
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
