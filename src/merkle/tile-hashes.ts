import { CtStreamError } from '../errors.js'
import { equalBytes } from '../util/bytes.js'
import { CompactRange, foldRoot } from './compact-range.js'
import { verifyConsistency } from './consistency.js'
import { EMPTY_ROOT, HASH_LENGTH, perfectRoot } from './hash.js'
import { consistencyShape, inclusionShape, perfectNodes, type Subtree, type TreeNode } from './proof-shape.js'

/*
 * Proofs from hash tiles (C2SP static-ct-api, "Merkle Tree"; tlog-tiles). A log that serves tiles serves no proofs: the client
 * determines which tiles a proof needs, fetches them, and computes the proof of RFC 6962 from them.
 */

/** Levels of the tree in a tile. */
export const TILE_HEIGHT = 8
/** Hashes in a full tile. */
export const TILE_WIDTH = 256

/** A hash tile: the `width` hashes from `index * 256` of tree level `8 * level`. */
export interface HashTile {
  readonly level: number
  readonly index: number
  /** 1 to 256: what a tree of the given size holds; 256 is a full tile. */
  readonly width: number
}

/** The hash of the `2^level` leaves from `index * 2^level`. */
export type NodeLookup = (level: number, index: number) => Uint8Array

/**
 * Tiles that {@link frontierFromNodes} needs: for the compact range of `index` and the proof that it is a prefix of the tree.
 * @param index - `0 <= index <= treeSize`.
 */
export function tilesForFrontier(index: number, treeSize: number): HashTile[] {
  return tilesOf(index === 0 ? [] : [{ start: 0, end: index }, ...prefixProof(index, treeSize)], treeSize)
}

/** Tiles for the consistency proof from `first` to `second` entries, `0 < first <= second`. */
export function tilesForConsistency(first: number, second: number): HashTile[] {
  return tilesOf(consistencyShape(first, second), second)
}

/** Tiles for the inclusion proof of entry `index`, `0 <= index < treeSize`. */
export function tilesForInclusion(index: number, treeSize: number): HashTile[] {
  return tilesOf(inclusionShape(index, treeSize), treeSize)
}

/** The compact range of `[0, index)`, unverified. */
export function compactRangeFromNodes(index: number, node: NodeLookup): CompactRange {
  return new CompactRange(
    index,
    perfectNodes({ start: 0, end: index }).map(({ level, index: at }) => node(level, at)),
  )
}

/**
 * The compact range of `[0, index)`, proven to be a prefix of the tree with `root`.
 * @throws {@link CtStreamError} `CT_CONSISTENCY` when the tiles do not lead to `root`.
 */
export function frontierFromNodes(index: number, treeSize: number, node: NodeLookup, root: Uint8Array): CompactRange {
  const range = compactRangeFromNodes(index, node)
  if (index > 0)
    verifyConsistency(index, treeSize, consistencyProofFromNodes(index, treeSize, node), range.root(), root)
  else if (treeSize === 0 && !equalBytes(root, EMPTY_ROOT))
    throw new CtStreamError('CT_CONSISTENCY', 'the root of an empty tree is not the hash of nothing')
  return range
}

/** PROOF(first, D[second]) (RFC 6962 section 2.1.2), unverified. */
export function consistencyProofFromNodes(first: number, second: number, node: NodeLookup): Uint8Array[] {
  return consistencyShape(first, second).map((subtree) => subtreeRoot(subtree, node))
}

/** PATH(index, D[treeSize]) (RFC 6962 section 2.1.1), unverified. */
export function inclusionProofFromNodes(index: number, treeSize: number, node: NodeLookup): Uint8Array[] {
  return inclusionShape(index, treeSize).map((subtree) => subtreeRoot(subtree, node))
}

/** A key for maps from a tile's level and index: the same for a partial tile and the full tile that replaces it. */
export function tileKey({ level, index }: { readonly level: number; readonly index: number }): string {
  return `${level}/${index}`
}

/**
 * A function that looks up nodes in fetched tiles.
 *
 * @param tiles - Bytes of the tiles by {@link tileKey}; a full tile may stand in for a partial one.
 * @throws {@link CtStreamError} `CT_CONSISTENCY`, by the returned function, when a tile is missing or too short.
 */
export function nodesFromTiles(tiles: ReadonlyMap<string, Uint8Array>): NodeLookup {
  return (level, index) => {
    const place = placeOf({ level, index })
    const tile = tiles.get(tileKey(place))
    if (tile === undefined || tile.length < place.end * HASH_LENGTH)
      throw new CtStreamError('CT_CONSISTENCY', `hash tile ${tileKey(place)} does not reach hash ${place.end - 1}`, {
        retryable: true,
      })
    return perfectRoot(tile.subarray(place.start * HASH_LENGTH, place.end * HASH_LENGTH))
  }
}

/** The hash tiles that contain these subtrees, each once, with the widths they have in a tree of `treeSize`; highest level first. */
function tilesOf(subtrees: readonly Subtree[], treeSize: number): HashTile[] {
  const tiles = new Map<string, HashTile>()
  for (const node of subtrees.flatMap(perfectNodes)) {
    const { level, index } = placeOf(node)
    const hashes = Math.floor(treeSize / TILE_WIDTH ** level) - index * TILE_WIDTH
    tiles.set(tileKey({ level, index }), { level, index, width: Math.min(TILE_WIDTH, hashes) })
  }
  return [...tiles.values()].sort((a, b) => b.level - a.level || a.index - b.index)
}

/** The tile that holds the hashes a node is the root of, and which of its hashes they are. */
function placeOf({ level, index }: TreeNode): { level: number; index: number; start: number; end: number } {
  // A tile is named by the tree level of its hashes; the levels between are computed from them.
  const tileLevel = Math.floor(level / TILE_HEIGHT)
  const width = 2 ** (level % TILE_HEIGHT)
  const first = index * width
  const start = first % TILE_WIDTH
  return { level: tileLevel, index: Math.floor(first / TILE_WIDTH), start, end: start + width }
}

function prefixProof(index: number, treeSize: number): Subtree[] {
  return index < treeSize ? consistencyShape(index, treeSize) : []
}

function subtreeRoot(subtree: Subtree, node: NodeLookup): Uint8Array {
  return foldRoot(perfectNodes(subtree).map(({ level, index }) => node(level, index)))
}
