import { CtStreamError } from '../errors.js'
import { TILE_WIDTH } from '../merkle/tile-hashes.js'
import { malformed, refused } from '../pages/refused-answer.js'
import type { EntryBatch } from '../types/entries.js'
import { decodeMerkleLeaf } from '../wire/merkle-leaf.js'
import { leafIndexOf } from '../wire/tile-extensions.js'
import { dataTilePath } from '../wire/tile-path.js'
import type { RequestOptions } from './client.js'
import type { LogHttp } from './log-http.js'

/**
 * 256 times 192 kB, of which Sunlight takes half in a certificate and half in its precertificate at most; or one entry of 16 MiB twice
 * and ordinary ones. Real tiles have up to 1.5 MB.
 */
const MAX_TILE_BYTES = 48 * 1024 * 1024

/** Data tiles of a log: 256 entries each, the last one fewer. */
export class DataTiles {
  private readonly http: LogHttp

  constructor(http: LogHttp) {
    this.http = http
  }

  /**
   * Entries `start` to `end`, or to the end of the tile that holds `start`.
   *
   * @param treeSize - Of a verified head, at least `end`: it says whether the tile is full. A partial tile that no verified
   * head implies is never asked for.
   */
  async entries(start: number, end: number, treeSize: number, options: RequestOptions): Promise<EntryBatch> {
    const index = Math.floor(start / TILE_WIDTH)
    const first = index * TILE_WIDTH
    const width = Math.min(TILE_WIDTH, treeSize - first)
    const tile = await this.tile(index, width, options)
    return tile.only(start - first, Math.min(end - first, width))
  }

  private async tile(index: number, width: number, options: RequestOptions): Promise<EntryBatch> {
    if (width === TILE_WIDTH) return await this.fetch(index, TILE_WIDTH, options)
    try {
      return await this.fetch(index, width, options)
    } catch (error) {
      // "Clients [...] MUST [...] fetch the full tile" (static-ct-api): a partial one may be dropped once it exists.
      if (!isNotFound(error)) throw error
      return await this.fetch(index, TILE_WIDTH, options).catch((fullError: unknown) => {
        // Neither exists: the one that the head implies is what is missing.
        throw isNotFound(fullError) ? error : fullError
      })
    }
  }

  private async fetch(index: number, width: number, options: RequestOptions): Promise<EntryBatch> {
    const path = dataTilePath(index, width)
    const form = { kind: 'data-tile', start: index * TILE_WIDTH, count: width } as const
    const batch = await this.http.page(path, form, options, MAX_TILE_BYTES)
    try {
      refuseForeign(batch)
      return batch
    } catch (error) {
      batch.release()
      throw CtStreamError.is(error) ? refused(this.http.url(path), error) : error
    }
  }
}

/**
 * Refuses a tile from elsewhere, such as a cache's mix-up: one in which every leaf that states its index states another.
 * A single leaf that does is the log's fault, proven by the tree and reported with the entry.
 */
function refuseForeign(batch: EntryBatch): void {
  let stated: number | undefined
  for (let i = 0; i < batch.length; i++) {
    const index = statedIndex(batch.leafInput(i))
    if (index === batch.start + i) return
    // A mirror of an RFC 6962 log has no such extension in any leaf; no need to look at all of them.
    if (index === undefined && i === 7) return
    stated ??= index
  }
  if (stated !== undefined)
    throw malformed(`the tile of entry ${batch.start} holds entry ${stated}`, { expected: batch.start, actual: stated })
}

function statedIndex(leafInput: Uint8Array): number | undefined {
  const decoded = decodeMerkleLeaf(leafInput)
  try {
    return decoded.kind === 'leaf' ? leafIndexOf(decoded.leaf.extensions) : undefined
  } catch (error) {
    if (CtStreamError.is(error)) return undefined
    throw error
  }
}

function isNotFound(error: unknown): boolean {
  return CtStreamError.is(error) && error.status === 404
}
