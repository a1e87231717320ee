// A collector as a process of its own: node collector.mjs '{"url":…,"specs":[…],"logs":[…],"leaseMs":…,"member":…}'

import { postgresCoordinator, runCollector } from '../../../dist/cluster.js'
import { ctStream } from '../../../dist/index.js'
import { postgresSink } from '../../../dist/sinks/postgres.js'

const { url, specs, logs, leaseMs, member, queue = false } = JSON.parse(process.argv[2])
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
const say = (message) => process.stderr.write(`${member} ${message}\n`)
await runCollector({
  coordinator: postgresCoordinator(url, { leaseMs }),
  member,
  sink: () => postgresSink(url, { entries: 'all', queue, leaseMs }),
  logs: async () => logs,
  stream: (mine, checkpoint) =>
    ctStream({
      logs: specs.filter((_, i) => mine.some(({ id }) => id === logs[i].id)),
      start: 'beginning',
      checkpoint,
      commit: 'manual',
      pollIntervalMs: 100,
      partialTileDelayMs: 0,
    }),
  renewMs: leaseMs / 3,
  handOverMs: leaseMs,
  signal: stop.signal,
  logger: { info: say, warn: say },
})
