import { type Content, type LogView, refusal, type ServingRules } from './content.js'
import type { TestLogRequest } from './requests.js'

// The calls of RFC 6962 section 4 that readers use.

// Sizes, alignment and refusals as in the log server of certificate-transparency-go (trillian/ctfe/handlers.go).
export function getEntries(
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

export function getConsistency({ first, second }: TestLogRequest, { state, head }: LogView): Content {
  if (first === undefined || second === undefined || second < first)
    return refusal(400, 'bad range: first and second must be integers with 0 <= first <= second\n')
  if (second > head.treeSize)
    return refusal(400, `need tree size: ${second} for proof but only got: ${head.treeSize}\n`)
  return { kind: 'proof', hashes: state.tree.consistency(first, second) }
}

export function getProofByHash({ hash, treeSize }: TestLogRequest, { state, head }: LogView): Content {
  const leafHash = Buffer.from(hash ?? '', 'base64')
  if (leafHash.length !== 32) return refusal(400, 'hash must be 32 bytes in base64\n')
  if (treeSize === undefined || treeSize < 1) return refusal(400, 'tree_size must be a positive integer\n')
  if (treeSize > head.treeSize)
    return refusal(400, `need tree size: ${treeSize} for proof but only got: ${head.treeSize}\n`)
  const leafIndex = state.indexOf(leafHash)
  if (leafIndex === undefined || leafIndex >= treeSize) return refusal(404, 'leaf hash is not in a tree of that size\n')
  return { kind: 'proof', leafIndex, hashes: state.tree.inclusion(leafIndex, treeSize) }
}

export function getEntryAndProof({ leafIndex, treeSize }: TestLogRequest, { state, head }: LogView): Content {
  if (leafIndex === undefined || treeSize === undefined || leafIndex >= treeSize)
    return refusal(400, 'leaf_index must be less than tree_size\n')
  if (treeSize > head.treeSize)
    return refusal(400, `need tree size: ${treeSize} for proof but only got: ${head.treeSize}\n`)
  return { kind: 'proof', hashes: state.tree.inclusion(leafIndex, treeSize), entry: state.entries[leafIndex] }
}

/** The roots: the last certificate of every chain. */
export function getRoots({ state }: LogView): Content {
  const found = new Set<Uint8Array>()
  for (const entry of state.entries) {
    const root = entry.chain.at(-1)
    if (root !== undefined) found.add(root)
  }
  return { kind: 'certificates', certificates: [...found] }
}
