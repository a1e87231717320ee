import type { ServerSource } from '../../server/options.js'
import type { CtCertificate } from '../../types/certificate.js'
import { quietController } from '../../util/abort.js'
import type { ShardStreams } from './shard-streams.js'

/** The source of a role's server. It delivers nothing, because entries go to the database, but it has the status of the shards. */
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
