import type { SignedHead } from '../types/log.js'
import type { LogState } from './log-state.js'
import type { TestLogRequest } from './requests.js'
import type { StoredEntry } from './stored-entry.js'

/** An answer before it is written down: what faults change. */
export type Content =
  | { readonly kind: 'refusal'; readonly status: number; readonly body: string }
  | { readonly kind: 'head'; readonly head: SignedHead }
  | {
      readonly kind: 'entries'
      readonly start: number
      readonly entries: readonly StoredEntry[]
      readonly full: boolean
    }
  | {
      readonly kind: 'proof'
      readonly hashes: readonly Uint8Array[]
      readonly leafIndex?: number
      readonly entry?: StoredEntry
    }
  | { readonly kind: 'tile'; readonly bytes: Uint8Array }
  | { readonly kind: 'certificates'; readonly certificates: readonly Uint8Array[] }

/** How a log answers get-entries, and which tiles it keeps. */
export interface ServingRules {
  readonly pageSize: number
  readonly align: boolean | 'always'
  readonly keepPartialTiles: boolean
}

/** The log at the time of one of its heads: entries past it are not there. */
export interface LogView {
  readonly state: LogState
  readonly head: SignedHead
}

const refusal = (status: number, body: string): Content => ({ kind: 'refusal', status, body })
const notFound = refusal(404, 'not found\n')

/** What an honest log answers. */
export function contentOf(request: TestLogRequest, view: LogView, rules: ServingRules): Content {
  switch (request.endpoint) {
    case 'get-sth':
    case 'checkpoint':
      return { kind: 'head', head: view.head }
    case 'get-entries':
      return getEntries(request, view, rules)
    case 'get-sth-consistency':
      return getConsistency(request, view)
    case 'get-proof-by-hash':
      return getProofByHash(request, view)
    case 'get-entry-and-proof':
      return getEntryAndProof(request, view)
    case 'get-roots':
      return { kind: 'certificates', certificates: roots(view.state) }
    case 'tile':
      return hashTile(request, view, rules)
    case 'data-tile':
      return dataTile(request, view, rules)
    case 'issuer': {
      const der = view.state.issuers.get(request.fingerprint ?? '')
      return der === undefined ? notFound : { kind: 'certificates', certificates: [der] }
    }
    case 'other':
      return notFound
  }
}

// Sizes, alignment and refusals as in the log server of certificate-transparency-go (trillian/ctfe/handlers.go).
function getEntries(
  { start, endInclusive: end }: TestLogRequest,
  { state, head }: LogView,
  rules: ServingRules,
): Content {
  if (start === undefined || end === undefined || start > end)
    return refusal(400, 'bad range: start and end must be integers with 0 <= start <= end\n')
  if (start >= head.treeSize)
    return refusal(400, `need tree size: ${start + 1} to get leaves but only got: ${head.treeSize}\n`)
  const { pageSize, align } = rules
  const asked = end - start + 1
  let last = Math.min(end, start + pageSize - 1)
  if (align === 'always') last = Math.min(last, start - (start % pageSize) + pageSize - 1)
  else if (align && asked >= pageSize) last -= (last + 1) % pageSize
  last = Math.min(last, head.treeSize - 1)
  return { kind: 'entries', start, entries: state.entries.slice(start, last + 1), full: last === end }
}

function getConsistency({ first, second }: TestLogRequest, { state, head }: LogView): Content {
  if (first === undefined || second === undefined || second < first)
    return refusal(400, 'bad range: first and second must be integers with 0 <= first <= second\n')
  if (second > head.treeSize)
    return refusal(400, `need tree size: ${second} for proof but only got: ${head.treeSize}\n`)
  return { kind: 'proof', hashes: state.tree.consistency(first, second) }
}

function getProofByHash({ hash, treeSize }: TestLogRequest, { state, head }: LogView): Content {
  const leafHash = Buffer.from(hash ?? '', 'base64')
  if (leafHash.length !== 32) return refusal(400, 'hash must be 32 bytes in base64\n')
  if (treeSize === undefined || treeSize < 1) return refusal(400, 'tree_size must be a positive integer\n')
  if (treeSize > head.treeSize)
    return refusal(400, `need tree size: ${treeSize} for proof but only got: ${head.treeSize}\n`)
  const leafIndex = state.indexOf(leafHash)
  if (leafIndex === undefined || leafIndex >= treeSize) return refusal(404, 'leaf hash is not in a tree of that size\n')
  return { kind: 'proof', leafIndex, hashes: state.tree.inclusion(leafIndex, treeSize) }
}

function getEntryAndProof({ leafIndex, treeSize }: TestLogRequest, { state, head }: LogView): Content {
  if (leafIndex === undefined || treeSize === undefined || leafIndex >= treeSize)
    return refusal(400, 'leaf_index must be less than tree_size\n')
  if (treeSize > head.treeSize)
    return refusal(400, `need tree size: ${treeSize} for proof but only got: ${head.treeSize}\n`)
  return { kind: 'proof', hashes: state.tree.inclusion(leafIndex, treeSize), entry: state.entries[leafIndex] }
}

/** The last certificate of every chain. */
function roots(state: LogState): readonly Uint8Array[] {
  const found = new Set<Uint8Array>()
  for (const entry of state.entries) {
    const root = entry.chain.at(-1)
    if (root !== undefined) found.add(root)
  }
  return [...found]
}

function hashTile({ level = 0, index = 0, width = 256 }: TestLogRequest, view: LogView, rules: ServingRules): Content {
  if (!hasTile(level, index, width, view, rules)) return notFound
  const bytes = view.state.tree.tile(level, index, width)
  return bytes === undefined ? notFound : { kind: 'tile', bytes }
}

function dataTile({ index = 0, width = 256 }: TestLogRequest, view: LogView, rules: ServingRules): Content {
  if (!hasTile(0, index, width, view, rules)) return notFound
  const start = index * 256
  return { kind: 'entries', start, entries: view.state.entries.slice(start, start + width), full: width === 256 }
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
