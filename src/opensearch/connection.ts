import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import { importPeer } from '../util/import-peer.js'
import type { SearchAddress } from './address.js'
import { searchError } from './errors.js'

const REQUEST_TIMEOUT_MS = 60_000

/** The part of the client that is used here: requests by path, which both engines have. */
interface Client {
  readonly transport: {
    request(
      params: { method: string; path: string; querystring?: object; body?: unknown; bulkBody?: string },
      options: { maxRetries: number; requestTimeout: number; ignore?: readonly number[] },
    ): Promise<{ readonly statusCode: number | null; readonly body: unknown }>
  }
  close(): Promise<void>
}

interface SearchRequest {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly path: string
  readonly query?: object
  readonly body?: unknown
  /** Lines of JSON, instead of a body. */
  readonly lines?: string
}

/** A client that retries nothing. */
export class SearchConnection {
  private readonly client: Client
  private readonly address: SearchAddress
  private readonly clock: Clock

  private constructor(client: Client, address: SearchAddress, clock: Clock) {
    this.client = client
    this.address = address
    this.clock = clock
  }

  /** Makes a client; it connects with the first request. */
  static async open(address: SearchAddress, clock: Clock): Promise<SearchConnection> {
    const { engine, load } = { engine: 'OpenSearch', load: () => import('@opensearch-project/opensearch') }
    const { Client } = await importPeer(engine, load, '@opensearch-project/opensearch')
    const { url, apiKey } = address
    const { user, password, tls } = url
    const client = new Client({
      nodes: url.hosts.map(({ host, port }) => `${tls === undefined ? 'http' : 'https'}://${host}:${port}`),
      name: 'ct-stream',
      ...(tls !== undefined && { ssl: tls }),
      ...(password !== undefined && { auth: { username: user ?? '', password } }),
      ...(apiKey !== undefined && { headers: { authorization: `ApiKey ${apiKey}` } }),
    })
    return new SearchConnection(client as unknown as Client, address, clock)
  }

  /**
   * Asks for something; `undefined` when the server answers that it is not there.
   *
   * @param doing - For messages, such as `write entries`.
   * @throws {@link CtStreamError} `CT_SINK_FAILED`
   */
  async send(doing: string, { method, path, query, body, lines }: SearchRequest): Promise<unknown> {
    const { client, clock, address } = this
    const params = {
      method,
      path,
      ...(query !== undefined && { querystring: query }),
      ...(body !== undefined && { body }),
      ...(lines !== undefined && { bulkBody: lines }),
    }
    try {
      const ignore = method === 'GET' ? [404] : []
      const sent = client.transport.request(params, { maxRetries: 0, requestTimeout: REQUEST_TIMEOUT_MS, ignore })
      const answer = await withDeadline(sent, clock, REQUEST_TIMEOUT_MS, () => {
        void this.close()
        return new CtStreamError(
          'CT_SINK_FAILED',
          `could not ${doing} at ${address.shown}: no answer for ${REQUEST_TIMEOUT_MS / 1000} s`,
          { retryable: true },
        )
      })
      return answer.statusCode === 404 ? undefined : answer.body
    } catch (error) {
      throw searchError(error, doing, address)
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.client.close().catch(() => {})
  }
}
