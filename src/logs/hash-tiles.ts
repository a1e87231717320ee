import { CtStreamError } from '../errors.js'
import { HASH_LENGTH, perfectRoot } from '../merkle/hash.js'
import {
  compactRangeFromNodes,
  type HashTile,
  type NodeLookup,
  nodesFromTiles,
  TILE_WIDTH,
  tileKey,
  tilesForFrontier,
} from '../merkle/tile-hashes.js'
import { malformed } from '../pages/refused-answer.js'
import type { SignedHead } from '../types/log.js'
import { equalBytes, toHex } from '../util/bytes.js'
import { hashTilePath } from '../wire/tile-path.js'
import type { RequestOptions } from './client.js'
import type { LogHttp } from './log-http.js'
import { LruCache } from './lru.js'

/** Of a tile there are 8192; whatever else comes is to be named, not just refused. */
const MAX_TILE_BYTES = 64 * 1024
/** Requests for tiles of one call that are under way at once. */
const PARALLEL = 4
/** 256 KiB for a log. A backfill moves through one tile of each level; the rest is for proofs asked out of order. */
const KEPT_TILES = 32

/**
 * Hash tiles of a static-ct log, each proven to be part of a signed tree before a hash of it is used.
 *
 * The tiles at the right edge of the tree hash to the signed root; the hash of every full tile stands in the tile above
 * it. So each fetched tile is checked against one that is proven, and no unproven one is ever kept.
 */
export class HashTiles {
  private readonly http: LogHttp
  /**
   * By tile and width: a partial tile never changes either. At the right edge of a large tree only the lowest one is another
   * with every head; the one above it changes every 256 entries, the next every 65,536.
   */
  private readonly kept = new LruCache<Uint8Array>(KEPT_TILES)
  /** Tiles fetched for a call that failed, not proven yet: what asks for the same tree again has no need to fetch them again. */
  private begun:
    | { readonly tree: string; readonly fresh: boolean; readonly tiles: ReadonlyMap<string, Uint8Array> }
    | undefined

  constructor(http: LogHttp) {
    this.http = http
  }

  /**
   * The nodes of `wanted` tiles in the tree of `head`.
   * @throws {@link CtStreamError} `CT_CONSISTENCY`, retryable, when a tile does not belong to that tree.
   */
  async nodes(wanted: readonly HashTile[], head: SignedHead, options: RequestOptions): Promise<NodeLookup> {
    const { treeSize, rootHash } = head
    const { fresh = false } = options
    const edge = tilesForFrontier(treeSize, treeSize)
    const tree = `${treeSize} ${toHex(rootHash)}`
    const needed = withAncestors([...edge, ...wanted], treeSize)

    const { begun } = this
    const tiles = new Map(begun?.tree === tree && begun.fresh === fresh ? begun.tiles : undefined)
    this.begun = { tree, fresh, tiles }
    const missing = needed.filter((tile) => {
      const kept = fresh ? undefined : this.kept.get(keptKey(tile))
      if (kept !== undefined) tiles.set(tileKey(tile), kept)
      return !tiles.has(tileKey(tile))
    })
    await inParallel(missing, async (tile) => {
      tiles.set(tileKey(tile), await this.fetch(tile, options))
    })
    this.begun = undefined

    this.proveEdge(edge, tiles, head)
    // From the top down, each against the tile above, which is proven by then.
    for (const tile of needed) if (tile.width === TILE_WIDTH) this.proveFull(tile, tiles)
    for (const tile of needed) this.kept.set(keptKey(tile), bytesOf(tiles, tile))
    return nodesFromTiles(tiles)
  }

  private proveEdge(
    edge: readonly HashTile[],
    tiles: ReadonlyMap<string, Uint8Array>,
    { treeSize, rootHash }: SignedHead,
  ) {
    const root = compactRangeFromNodes(treeSize, nodesFromTiles(tiles)).root()
    if (equalBytes(root, rootHash)) return
    throw disproved(
      `hash tiles ${edge.map(({ level, index }) => this.path(level, index)).join(', ')} of the tree of ${treeSize} entries do not hash to its signed root`,
    )
  }

  private proveFull(tile: HashTile, tiles: ReadonlyMap<string, Uint8Array>): void {
    const { level, index } = tile
    const at = (index % TILE_WIDTH) * HASH_LENGTH
    const above = bytesOf(tiles, { level: level + 1, index: Math.floor(index / TILE_WIDTH) })
    if (equalBytes(perfectRoot(bytesOf(tiles, tile)), above.subarray(at, at + HASH_LENGTH))) return
    throw disproved(`hash tile ${this.path(level, index)} does not hash to what the tile above it holds`)
  }

  private path(level: number, index: number): string {
    return hashTilePath(level, index)
  }

  private async fetch(tile: HashTile, options: RequestOptions): Promise<Uint8Array> {
    const { level, index, width } = tile
    if (width === TILE_WIDTH) return await this.fetchWidth(level, index, TILE_WIDTH, options)
    try {
      return await this.fetchWidth(level, index, width, options)
    } catch (error) {
      // A log may drop a partial tile once the full one exists: the hashes are the same.
      if (!CtStreamError.is(error) || error.status !== 404) throw error
      const full = await this.fetchWidth(level, index, TILE_WIDTH, options).catch((fullError: unknown) => {
        throw CtStreamError.is(fullError) && fullError.status === 404 ? error : fullError
      })
      return full.slice(0, width * HASH_LENGTH)
    }
  }

  private async fetchWidth(level: number, index: number, width: number, options: RequestOptions): Promise<Uint8Array> {
    const path = hashTilePath(level, index, width)
    const { body } = await this.http.get(path, options, MAX_TILE_BYTES)
    const expected = width * HASH_LENGTH
    // A row of hashes may begin like anything: only its length says that it is none.
    if (body.length === expected) return body
    return this.http.parse(path, body, () => {
      throw malformed(`${body.length} bytes, a tile of ${width} hashes has ${expected}`, {
        expected,
        actual: body.length,
      })
    })
  }
}

/** The tiles and those above them, up to the right edge; each once, highest level first. */
function withAncestors(tiles: readonly HashTile[], treeSize: number): HashTile[] {
  const all = new Map<string, HashTile>()
  for (const tile of tiles) {
    let next: HashTile | undefined = tile
    while (next !== undefined && !all.has(tileKey(next))) {
      all.set(tileKey(next), next)
      next = next.width === TILE_WIDTH ? parentOf(next, treeSize) : undefined
    }
  }
  return [...all.values()].sort((a, b) => b.level - a.level || a.index - b.index)
}

function parentOf({ level, index }: HashTile, treeSize: number): HashTile {
  const parent = { level: level + 1, index: Math.floor(index / TILE_WIDTH) }
  const hashes = Math.floor(treeSize / TILE_WIDTH ** parent.level) - parent.index * TILE_WIDTH
  return { ...parent, width: Math.min(TILE_WIDTH, hashes) }
}

const keptKey = (tile: HashTile): string => `${tileKey(tile)}.p/${tile.width}`

function bytesOf(tiles: ReadonlyMap<string, Uint8Array>, tile: { level: number; index: number }): Uint8Array {
  const bytes = tiles.get(tileKey(tile))
  if (bytes === undefined) throw disproved(`hash tile ${tileKey(tile)} is missing`)
  return bytes
}

function disproved(message: string): CtStreamError {
  return new CtStreamError('CT_CONSISTENCY', message, { retryable: true })
}

async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await run(item)
  }
  // All are waited for, though one failed: what the others bring need not be asked for again.
  const ends = await Promise.allSettled(Array.from({ length: Math.min(PARALLEL, items.length) }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
