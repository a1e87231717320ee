import { readFileSync } from 'node:fs'
import { realData } from '../real-data.js'

export interface RealEntry {
  readonly leafInput: Uint8Array
  readonly extraData: Uint8Array
  /** Lower-case hex SHA-256 of 0x00 and the leaf. */
  readonly leafHash: string
}

/** One line of the data's own index, made with python-cryptography. */
export interface IndexedEntry {
  readonly file: string
  readonly i: number
  readonly type: string
  readonly timestamp: number
  readonly leaf_hash: string
  readonly cert_sha256: string
  readonly names: readonly string[]
}

export const indexedEntries = (): IndexedEntry[] =>
  readFileSync(realData('INDEX-entries.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as IndexedEntry)

/** Every distinct real entry that came in a get-entries answer, in the order of the index. */
export function realEntries(): RealEntry[] {
  const files = new Map<string, RawEntry[]>()
  const seen = new Set<string>()
  const entries: RealEntry[] = []
  for (const { file, i, leaf_hash } of indexedEntries()) {
    if (seen.has(leaf_hash)) continue
    const answer = files.get(file) ?? entriesIn(file)
    files.set(file, answer)
    const raw = answer[i]
    if (raw === undefined) continue
    seen.add(leaf_hash)
    entries.push({
      leafInput: Buffer.from(raw.leaf_input, 'base64'),
      extraData: Buffer.from(raw.extra_data, 'base64'),
      leafHash: leaf_hash,
    })
  }
  return entries
}

interface RawEntry {
  readonly leaf_input: string
  readonly extra_data: string
}

/** Objects with a leaf_input, wherever the data keeps them in a file; none in a data tile. */
function entriesIn(file: string): RawEntry[] {
  if (file.includes('/tile/')) return []
  return findEntries(JSON.parse(readFileSync(realData(file), 'utf8')))
}

function findEntries(value: unknown): RawEntry[] {
  if (typeof value === 'string' && value.includes('leaf_input')) return findEntries(JSON.parse(value))
  if (typeof value !== 'object' || value === null) return []
  return 'leaf_input' in value ? [value as RawEntry] : Object.values(value).flatMap(findEntries)
}
