// A collector as a process of its own: node collector.mjs '{"url":…,"sink":…,"specs":[…],"logs":[…],"leaseMs":…,"member":…}'

import { kafkaCoordinator, postgresCoordinator, runCollector } from '../../../dist/cluster.js'
import { ctStream } from '../../../dist/index.js'
import { openSink } from '../../../dist/sinks.js'

const { url, sink, specs, logs, leaseMs, member } = JSON.parse(process.argv[2])
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
// Where the engine keeps no positions, they are the coordinator's, and stored from time to time.
const { guarantee } = await openSink(sink)
const commit = guarantee === 'exactly-once' ? 'manual' : { everyMs: 100 }
const say = (message) => process.stderr.write(`${member} ${message}\n`)
await runCollector({
  coordinator: (url.startsWith('kafka') ? kafkaCoordinator : postgresCoordinator)(url, { leaseMs }),
  member,
  sink: () => openSink(sink),
  logs: async () => logs,
  stream: (mine, checkpoint) =>
    ctStream({
      logs: specs.filter((_, i) => mine.some(({ id }) => id === logs[i].id)),
      start: 'beginning',
      checkpoint,
      commit,
      pollIntervalMs: 100,
      // In another network namespace, loopback is elsewhere.
      allowHttp: true,
      partialTileDelayMs: 0,
    }),
  renewMs: leaseMs / 3,
  handOverMs: leaseMs,
  // An engine that was rolled back may give a shard back to an earlier owner, who has never stopped collecting it.
  onTurn: (held) => held !== undefined && say(`holds ${JSON.stringify(held.map(({ unit }) => unit))}`),
  signal: stop.signal,
  logger: { info: say, warn: say },
})
