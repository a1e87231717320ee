import { TILE_WIDTH } from '../merkle/tile-hashes.js'
import type { LogInfo } from '../types/log.js'
import { dataTilePath } from '../wire/tile-path.js'

/** URL of these entries in a log with `treeSize` entries: get-entries, or the data tile that has the first of them. */
export function pageUrl(
  { kind, url }: Pick<LogInfo, 'kind' | 'url'>,
  { start, count, treeSize }: { readonly start: number; readonly count: number; readonly treeSize: number },
): string {
  if (kind === 'rfc6962') return `${url}ct/v1/get-entries?start=${start}&end=${start + count - 1}`
  const index = Math.floor(start / TILE_WIDTH)
  return url + dataTilePath(index, Math.min(TILE_WIDTH, treeSize - index * TILE_WIDTH))
}
