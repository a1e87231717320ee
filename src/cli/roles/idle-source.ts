import type { ServerSource } from '../../server/options.js'
import type { CtCertificate } from '../../types/certificate.js'
import { quietController } from '../../util/abort.js'
import type { ShardStreams } from './shard-streams.js'

/** What the server of a role reads: nothing, for what its shards deliver goes to the database. It says how they fare. */
export function idleSource(streams: ShardStreams): ServerSource {
  const over = quietController()
  return {
    async *[Symbol.asyncIterator](): AsyncGenerator<CtCertificate> {
      await new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve(), { once: true }))
    },
    status: () => streams.status(),
    on: (event, listener) => streams.on(event, listener),
    logs: () => streams.logs(),
    close: async () => over.abort(),
  }
}
