import type { RawEntry } from '../../../src/types/entries.js'
import type { LogInfo } from '../../../src/types/log.js'
import { bufferOf } from '../../../src/util/bytes.js'
import { Rfc6962Extra } from '../../../src/wire/extra-data.js'
import { leafKind } from '../../../src/wire/merkle-leaf.js'
import { parseDataTile } from '../../../src/wire/tile-leaf.js'
import { realBytes, realJson, realText } from '../../real-data.js'

/** What python-cryptography says of an entry. */
export interface IndexedEntry {
  readonly file: string
  readonly i: number
  readonly type: 'x509' | 'precert'
  readonly timestamp: number
  readonly leaf_hash: string
  readonly cert_sha256: string
  readonly names: readonly string[]
  readonly parse_note?: string
}

export interface RealEntry {
  readonly row: IndexedEntry
  readonly raw: RawEntry
  readonly isTile: boolean
}

export const rfcLog: LogInfo = {
  id: 'A'.repeat(43).concat('='),
  description: 'a test log',
  operator: 'nobody',
  kind: 'rfc6962',
  url: 'https://ct.example/',
}

/** Every distinct entry of the real data, beside what the index says of it. */
export function realEntries(): RealEntry[] {
  const rows = realText('INDEX-entries.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as IndexedEntry)
  const files = new Map<string, RawEntry[]>()
  return rows.map((row) => {
    const isTile = row.file.includes('/tile/data/')
    let entries = files.get(row.file)
    if (entries === undefined) files.set(row.file, (entries = isTile ? tileEntries(row.file) : jsonEntries(row.file)))
    const raw = entries[row.i]
    if (raw === undefined) throw new Error(`${row.file} has no entry ${row.i}`)
    return { row, raw, isTile }
  })
}

function tileEntries(file: string): RawEntry[] {
  const batch = parseDataTile(realBytes(...file.split('/')), 0, 256)
  return Array.from({ length: batch.length }, (_, i) => batch.entry(i))
}

function jsonEntries(file: string): RawEntry[] {
  const found: { leaf_input: string; extra_data: string }[] = []
  collect(realJson(...file.split('/')), found)
  return found.map(({ leaf_input, extra_data }, index) => rawEntry(index, leaf_input, extra_data))
}

export function rawEntry(index: number, leafBase64: string, extraBase64: string): RawEntry {
  const leafInput = new Uint8Array(Buffer.from(leafBase64, 'base64'))
  return { index, leafInput, extra: new Rfc6962Extra(extraBase64, leafKind(leafInput)) }
}

/** Objects with a leaf, wherever they are, in order; some are JSON inside a JSON string. */
function collect(value: unknown, found: { leaf_input: string; extra_data: string }[]): void {
  if (typeof value === 'string' && value.startsWith('{')) collect(JSON.parse(value), found)
  if (typeof value !== 'object' || value === null) return
  if ('leaf_input' in value) found.push(value as { leaf_input: string; extra_data: string })
  else for (const inner of Object.values(value)) collect(inner, found)
}

export const hex = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? '' : bufferOf(bytes).toString('hex')
