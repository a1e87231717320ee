import { sinkClosed } from '../checkpoint/keyed-records.js'
import { searchAddress } from '../opensearch/address.js'
import { createDocuments, type NewDocument } from '../opensearch/bulk.js'
import { SearchConnection } from '../opensearch/connection.js'
import { prepareIndexes } from '../opensearch/prepare.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import type { Sink } from '../types/cluster.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import {
  type DocumentOptions,
  documentId,
  documentOptions,
  entryDocument,
  parkedDocument,
  plausibleTime,
} from './entry-document.js'

export interface OpenSearchSinkOptions extends DocumentOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * A sink to OpenSearch 1.0 or Elasticsearch 7.9 or later: entries as documents of a data stream for each month of the log's time,
 * `<prefix>-entries-2026.11` (`-undated`: its time is impossible). The key of a document is `<log id>:<index>`, so that what is written
 * again has no effect. A document that the server refuses goes to `<prefix>-parked`, with what it takes to read the entry again.
 *
 * At least once: the engine keeps no positions, so after a crash everything since the stream's last stored position is written again.
 *
 * @param url - `opensearch://` or `elasticsearch://[user:password@]host[:port][,…]`, `opensearchs://` or `elasticsearchs://` for TLS; parameters
 * `apikey`, `prefix` (default `ct`), `replicas` (0 to 10, default 1) and `shards` (1 to 100, default 1) of indexes that are made, `ca`, `cert`,
 * `key` (files, PEM), `servername`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 * @example
 * await pump({
 *   sink: openSearchSink('opensearch://localhost:9200'),
 *   stream: () => ctStream({ checkpoint: 'positions.db' }),
 * })
 */
export function openSearchSink(url: string, options: OpenSearchSinkOptions = {}): Sink {
  return new OpenSearchSink(url, options)
}

class OpenSearchSink implements Sink {
  readonly guarantee = 'at-least-once'
  private readonly address
  private readonly document: DocumentOptions
  private readonly clock: Clock
  private connection: SearchConnection | undefined

  constructor(url: string, options: OpenSearchSinkOptions) {
    const known = ['der', 'problems', 'clock'] as const
    const { clock = systemClock, ...document } = objectOption<OpenSearchSinkOptions>('sink', options, known)
    this.document = documentOptions(document)
    this.address = searchAddress(url)
    this.clock = clock
  }

  async open(): Promise<undefined> {
    await this.close()
    this.connection = await SearchConnection.open(this.address, this.clock)
    await prepareIndexes(this.connection, this.address)
    // `undefined`: the positions are in the stream's checkpoint.
    return undefined
  }

  async write(page: readonly CtCertificate[]): Promise<void> {
    if (this.connection === undefined) throw sinkClosed()
    await createDocuments(this.connection, this.address, this.documents(page))
  }

  async close(): Promise<void> {
    const { connection } = this
    this.connection = undefined
    await connection?.close()
  }

  private *documents(page: readonly CtCertificate[]): Generator<NewDocument> {
    const now = this.clock.now()
    for (const certificate of page) {
      // By what the log signed, not by when it was read: a repeat comes to the same place.
      const month = plausibleTime(certificate, now)?.toISOString().slice(0, 7).replace('-', '.') ?? 'undated'
      yield {
        index: `${this.address.prefix}-entries-${month}`,
        id: documentId(certificate),
        source: JSON.stringify(entryDocument(certificate, now, this.document)),
        parked: (why) => parkedDocument(certificate, now, why),
      }
    }
  }
}
