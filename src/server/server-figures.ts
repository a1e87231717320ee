import type { ServerFigures } from '../metrics/server-metrics.js'
import type { Backlog } from './backlog.js'
import type { Connections } from './connections.js'
import type { Health } from './health.js'
import { clientPaths } from './paths.js'
import type { Pause } from './pause.js'
import type { StreamFigures } from './stream-figures.js'

/** The parts of a server that its figures come from. */
export interface ServerParts {
  readonly connections: Connections
  readonly backlog: Backlog
  readonly figures: StreamFigures
  readonly health: Health
  readonly pause: Pause
}

/** The figures of a server at this moment. */
export function serverFigures({ connections, backlog, figures, health, pause }: ServerParts): ServerFigures {
  const clients = new Map<string, number>(clientPaths.map((path) => [path, 0]))
  let [behind, queuedBytes, mostQueuedBytes] = [0, 0, 0]
  for (const client of connections.queues()) {
    clients.set(client.path, (clients.get(client.path) ?? 0) + 1)
    if (!client.isLive) behind++
    queuedBytes += client.queuedBytes
    mostQueuedBytes = Math.max(mostQueuedBytes, client.queuedBytes)
  }
  const { tally } = connections
  const { sentBytes, gaps, missedEntries, catchUps } = tally
  const isHealthy = health.illness() === undefined
  return {
    clients,
    behind,
    queuedBytes,
    mostQueuedBytes,
    entries: figures.total,
    findings: figures.findings,
    ...{ sentBytes, gaps, missedEntries, catchUps },
    answers: tally.answerCounts,
    keptMessages: backlog.newest - backlog.oldest + 1,
    keptBytes: backlog.keptBytes,
    isPaused: pause.isPaused,
    isHealthy,
    isReady: isHealthy && health.unready() === undefined,
  }
}
