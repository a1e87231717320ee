import type { Connections } from './connections.js'
import type { ServedPage } from './served-page.js'

/** Figures of what was sent, for `/stats`. */
export class StreamFigures {
  private readonly connections: Connections
  private readonly entries = new Map<string, number>()
  /** Entries sent. */
  total = 0
  /** Findings sent. */
  findings = 0

  constructor(connections: Connections) {
    this.connections = connections
  }

  add({ entries }: ServedPage): void {
    if (entries[0]?.finding !== undefined) {
      this.findings += entries.length
      return
    }
    const url = entries[0]?.log.url ?? ''
    this.total += entries.length
    this.entries.set(url, (this.entries.get(url) ?? 0) + entries.length)
  }

  /** Has the keys of CertStream's Elixir server, and nothing that identifies clients. */
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
