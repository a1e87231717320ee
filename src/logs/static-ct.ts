import type { Transport } from '../http/transport.js'
import type { CompactRange } from '../merkle/compact-range.js'
import {
  consistencyProofFromNodes,
  frontierFromNodes,
  type HashTile,
  inclusionProofFromNodes,
  type NodeLookup,
  tilesForConsistency,
  tilesForFrontier,
  tilesForInclusion,
} from '../merkle/tile-hashes.js'
import type { EntryBatch } from '../types/entries.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { openCheckpoint, parseCheckpoint } from '../wire/checkpoint-note.js'
import { cosignaturesOf } from '../wire/cosignature.js'
import type { LogKey } from '../wire/head-signature.js'
import type { LogClient, PublishedHead, RequestOptions } from './client.js'
import { DataTiles } from './data-tiles.js'
import { HashTiles } from './hash-tiles.js'
import { fetchIssuer } from './issuers.js'
import { LogHttp } from './log-http.js'

// A checkpoint is 300 bytes; each post-quantum cosignature adds 5,000.
const MAX_CHECKPOINT_BYTES = 256 * 1024

export interface StaticCtClientOptions {
  readonly log: LogInfo
  readonly key: LogKey
  /** Origin line of the log's checkpoints: its submission prefix without scheme and trailing slash. */
  readonly origin: string
  /** Whether the signatures of checkpoints are checked. Default `true`. */
  readonly verifyHeads?: boolean
  /** Not closed by the client: a stream's logs share one. */
  readonly transport: Transport
}

/** A log that speaks C2SP static-ct-api: it serves files, and proofs are computed from its hash tiles. */
export class StaticCtClient implements LogClient {
  readonly log: LogInfo
  readonly key: LogKey
  readonly origin: string
  private readonly verifyHeads: boolean
  private readonly http: LogHttp
  private readonly dataTiles: DataTiles
  private readonly hashTiles: HashTiles
  /** Size of the largest head that was verified: a tile below it is full, and asked for as such. */
  private knownSize = 0

  constructor({ log, key, origin, verifyHeads = true, transport }: StaticCtClientOptions) {
    this.log = log
    this.key = key
    this.origin = origin
    this.verifyHeads = verifyHeads
    this.http = new LogHttp(transport, log.url)
    this.dataTiles = new DataTiles(this.http)
    this.hashTiles = new HashTiles(this.http)
  }

  async head(options: RequestOptions = {}): Promise<PublishedHead> {
    const { body } = await this.http.get('checkpoint', options, MAX_CHECKPOINT_BYTES)
    const note = this.http.parse('checkpoint', body, () =>
      this.verifyHeads
        ? openCheckpoint(body, this.key, this.origin)
        : parseCheckpoint(body, this.key.logId, this.origin),
    )
    this.know(note.head)
    const cosignatures = cosignaturesOf(note)
    return cosignatures.length === 0 ? note.head : { ...note.head, cosignatures }
  }

  entries(start: number, end: number, options: RequestOptions = {}): Promise<EntryBatch> {
    return this.dataTiles.entries(start, end, Math.max(end, options.treeSize ?? this.knownSize), options)
  }

  async consistency(first: number, second: SignedHead, options: RequestOptions = {}): Promise<readonly Uint8Array[]> {
    if (first === 0 || first === second.treeSize) return []
    const nodes = await this.nodes(tilesForConsistency(first, second.treeSize), second, options)
    return consistencyProofFromNodes(first, second.treeSize, nodes)
  }

  async frontier(index: number, head: SignedHead, options: RequestOptions = {}): Promise<CompactRange> {
    const { treeSize, rootHash } = head
    const wanted = tilesForFrontier(index, treeSize)
    // The range of nothing needs no hash.
    const nodes = wanted.length === 0 ? noNodes : await this.nodes(wanted, head, options)
    return frontierFromNodes(index, treeSize, nodes, rootHash)
  }

  async inclusion(
    index: number,
    _leafHash: Uint8Array,
    head: SignedHead,
    options: RequestOptions = {},
  ): Promise<readonly Uint8Array[]> {
    const nodes = await this.nodes(tilesForInclusion(index, head.treeSize), head, options)
    return inclusionProofFromNodes(index, head.treeSize, nodes)
  }

  issuer(fingerprint: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    return fetchIssuer(this.http, fingerprint, options)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  private nodes(tiles: readonly HashTile[], head: SignedHead, options: RequestOptions): Promise<NodeLookup> {
    this.know(head)
    return this.hashTiles.nodes(tiles, head, options)
  }

  private know(verified: SignedHead): void {
    this.knownSize = Math.max(this.knownSize, verified.treeSize)
  }
}

const noNodes = (): never => {
  throw new Error('the empty range has no hashes')
}
