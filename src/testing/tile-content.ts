import { type Content, type LogView, notFound, type ServingRules } from './content.js'
import type { TestLogRequest } from './requests.js'

/** Hashes of one level (C2SP static-ct-api, "Merkle Tree"). */
export function hashTile(
  { level = 0, index = 0, width = 256 }: TestLogRequest,
  view: LogView,
  rules: ServingRules,
): Content {
  if (!hasTile(level, index, width, view, rules)) return notFound
  const bytes = view.state.tree.tile(level, index, width)
  return bytes === undefined ? notFound : { kind: 'tile', bytes }
}

/** Entries (C2SP static-ct-api, "Log Entries"). */
export function dataTile({ index = 0, width = 256 }: TestLogRequest, view: LogView, rules: ServingRules): Content {
  if (!hasTile(0, index, width, view, rules)) return notFound
  const start = index * 256
  return { kind: 'entries', start, entries: view.state.entries.slice(start, start + width), full: width === 256 }
}

/** A certificate of a chain, by its fingerprint (C2SP static-ct-api, "Issuers"). */
export function issuer({ fingerprint = '' }: TestLogRequest, { state }: LogView): Content {
  const der = state.issuers.get(fingerprint)
  return der === undefined ? notFound : { kind: 'certificates', certificates: [der] }
}

/**
 * Full tiles once the published tree fills them; partial tiles only of sizes a checkpoint was published for, and, unless
 * they are kept, only until the full tile exists (C2SP static-ct-api, "Partial Tiles").
 */
function hasTile(level: number, index: number, width: number, { state, head }: LogView, rules: ServingRules): boolean {
  const nodes = (treeSize: number) => Math.floor(treeSize / 256 ** level)
  if (width === 256) return nodes(head.treeSize) >= (index + 1) * 256
  if (!rules.keepPartialTiles && nodes(head.treeSize) >= (index + 1) * 256) return false
  return state.heads.some(({ treeSize }) => treeSize <= head.treeSize && nodes(treeSize) === index * 256 + width)
}
