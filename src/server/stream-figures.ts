import type { Connections } from './connections.js'
import type { ServerSource } from './options.js'
import type { ServedPage } from './served-page.js'

/** How the source fares, and what `/stats` says. */
export class StreamFigures {
  private readonly source: ServerSource
  private readonly connections: Connections
  private readonly entries = new Map<string, number>()
  private total = 0
  private problem: string | undefined

  constructor(source: ServerSource, connections: Connections) {
    this.source = source
    this.connections = connections
  }

  /** Why nothing more will come. */
  get illness(): string | undefined {
    return this.problem
  }

  add({ entries }: ServedPage): void {
    const url = entries[0]?.log.url ?? ''
    this.total += entries.length
    this.entries.set(url, (this.entries.get(url) ?? 0) + entries.length)
  }

  ended(): void {
    this.problem = 'the source has ended'
  }

  /** What it is in full goes to the log: this is for strangers. */
  failed(_error: unknown): void {
    this.problem = 'reading has failed'
  }

  unready(): string | undefined {
    if (this.total > 0 || this.source.status === undefined) return undefined
    const isReading = this.source.status().logs.some(({ state }) => state !== 'opening')
    return isReading ? undefined : 'no log is read yet'
  }

  /** The keys of the Elixir server; nothing that tells who the clients are. */
  stats(): object {
    const clients = this.connections.describe()
    return {
      processed_certificates: this.total,
      current_users: Object.fromEntries(
        clients.map(({ connectedAt, path, isLive }, i) => [
          `${i + 1}`,
          { connect_time: new Date(connectedAt).toISOString(), path, live: isLive },
        ]),
      ),
      workers: Object.fromEntries(this.entries),
    }
  }
}
