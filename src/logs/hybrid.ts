import type { Transport } from '../http/transport.js'
import type { CompactRange } from '../merkle/compact-range.js'
import { TILE_WIDTH } from '../merkle/tile-hashes.js'
import type { EntryBatch } from '../types/entries.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import type { LogClient, RequestOptions } from './client.js'
import { DataTiles } from './data-tiles.js'
import { fetchIssuer } from './issuers.js'
import { isUnsupported, LogHttp } from './log-http.js'
import type { Rfc6962Client } from './rfc6962.js'

/**
 * An RFC 6962 log that also serves its full data tiles, many times faster than get-entries. It has no checkpoint and no
 * hash tiles: heads and proofs are those of RFC 6962, and so are the entries that do not fill a tile yet.
 */
export class HybridClient implements LogClient {
  readonly log: LogInfo
  readonly key: LogClient['key']
  private readonly client: Rfc6962Client
  private readonly http: LogHttp
  private readonly dataTiles: DataTiles
  /** Size of the largest verified head: a tile below it is full. */
  private knownSize = 0

  /** @param options.tiles - The prefix below which `tile/data/…` and `issuer/…` are. */
  constructor({ client, tiles, transport }: { client: Rfc6962Client; tiles: string; transport: Transport }) {
    this.log = client.log
    this.key = client.key
    this.client = client
    this.http = new LogHttp(transport, tiles)
    this.dataTiles = new DataTiles(this.http)
  }

  async head(options?: RequestOptions): Promise<SignedHead> {
    const head = await this.client.head(options)
    this.know(head)
    return head
  }

  async entries(start: number, end: number, options: RequestOptions = {}): Promise<EntryBatch> {
    const size = Math.max(end, options.treeSize ?? this.knownSize)
    const tileEnd = (Math.floor(start / TILE_WIDTH) + 1) * TILE_WIDTH
    if (size < tileEnd) return await this.client.entries(start, end, options)
    try {
      return await this.dataTiles.entries(start, end, size, options)
    } catch (error) {
      // Tiles are written some time after the head that implies them.
      if (!isUnsupported(error)) throw error
      // The tile is dropped: what follows is another request.
      options.onBytes?.(0)
      return await this.client.entries(start, Math.min(end, tileEnd), options)
    }
  }

  consistency(first: number, second: SignedHead, options?: RequestOptions): Promise<readonly Uint8Array[]> {
    this.know(second)
    return this.client.consistency(first, second, options)
  }

  frontier(index: number, head: SignedHead, options?: RequestOptions): Promise<CompactRange> {
    this.know(head)
    return this.client.frontier(index, head, options)
  }

  inclusion(
    index: number,
    leafHash: Uint8Array,
    head: SignedHead,
    options?: RequestOptions,
  ): Promise<readonly Uint8Array[]> {
    return this.client.inclusion(index, leafHash, head, options)
  }

  issuer(fingerprint: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    return fetchIssuer(this.http, fingerprint, options)
  }

  close(): Promise<void> {
    return this.client.close()
  }

  private know(verified: SignedHead): void {
    this.knownSize = Math.max(this.knownSize, verified.treeSize)
  }
}
