import { existsSync, readFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { issueCertificates } from '../../src/testing/index.js'
import { storeEntry } from '../../src/testing/stored-entry.js'
import { join, readUint, vector } from './bytes.js'
import { type EntryInput, encodeEntryInput } from './entry-input.js'
import type { Random } from './random.js'

/** What inputs are made of: all that targets take their seeds from. */
export interface Material {
  readonly entries: readonly EntryInput[]
  /** Files as they were served: log lists, heads, notes, get-entries answers, tiles. */
  readonly files: ReadonlyMap<string, readonly Uint8Array[]>
}

const TIMESTAMP = Date.UTC(2026, 0, 1)

/** Certificates and precertificates of every shape, as entries of logs of both kinds: the same on every machine. */
export function generatedEntries(count: number): EntryInput[] {
  const entries: EntryInput[] = []
  for (const [i, issued] of [...issueCertificates(count, { sign: false, seed: 'fuzz' })].entries()) {
    const isStatic = i % 4 >= 2
    const entry = storeEntry(issued, TIMESTAMP + i, isStatic ? i : undefined)
    const extra = isStatic ? entry.tileExtra() : entry.extraData()
    entries.push({ isStatic, leafInput: new Uint8Array(entry.leafInput()), extra: new Uint8Array(extra) })
  }
  // Issuers are certificates too, and have other extensions.
  for (const { chain } of issueCertificates(1, { sign: false, seed: 'fuzz' }))
    for (const der of chain) entries.push(certificateEntry(der))
  return entries
}

/** A certificate as an RFC 6962 entry without a chain. */
export function certificateEntry(der: Uint8Array): EntryInput {
  const head = Buffer.alloc(12)
  head.writeBigUInt64BE(BigInt(TIMESTAMP), 2)
  return { isStatic: false, leafInput: join(head, vector(der, 3), new Uint8Array(2)), extra: new Uint8Array(3) }
}

/** Real entries, certificates and answers, where they lie beside the project; `perKind` of each, chosen by `random`. */
export function realMaterial(folder: string, perKind: number, random: Random): Material {
  const entries: EntryInput[] = []
  const files = new Map<string, Uint8Array[]>()
  if (!existsSync(path(folder, 'MANIFEST-files.tsv'))) return { entries, files }
  const rows = readFileSync(path(folder, 'MANIFEST-files.tsv'), 'utf8').trim().split('\n').slice(1)
  for (const row of shuffled(rows, random)) {
    const [file = '', , , , kind = ''] = row.split('\t')
    const known = files.get(kind) ?? []
    files.set(kind, known)
    if (kind === 'entries' ? entries.length >= 2 * perKind : known.length >= perKind) continue
    const bytes = readFileSync(path(folder, file))
    known.push(new Uint8Array(bytes))
    if (/^(certs-|issuer)/.test(kind)) entries.push(...certificatesIn(bytes).slice(0, 4).map(certificateEntry))
    else if (kind === 'entries') entries.push(...shuffled(entriesOf(bytes), random).slice(0, 30))
  }
  return { entries, files }
}

interface AnswerEntry {
  readonly leaf_input: string
  readonly extra_data: string
}

/** Entries of a get-entries answer, or of a file that holds some. */
function entriesOf(bytes: Buffer): EntryInput[] {
  const found: AnswerEntry[] = []
  collect(bytes.toString('utf8'), found)
  return found.map(({ leaf_input, extra_data }) => ({
    isStatic: false,
    leafInput: new Uint8Array(Buffer.from(leaf_input, 'base64')),
    extra: new Uint8Array(Buffer.from(extra_data, 'base64')),
  }))
}

function collect(value: unknown, found: AnswerEntry[]): void {
  if (typeof value === 'string' && value.startsWith('{')) {
    try {
      collect(JSON.parse(value), found)
    } catch {
      // Not JSON after all.
    }
  }
  if (typeof value !== 'object' || value === null) return
  if ('leaf_input' in value) found.push(value as AnswerEntry)
  else for (const inner of Object.values(value)) collect(inner, found)
}

function certificatesIn(bytes: Buffer): Uint8Array[] {
  if (bytes[0] === 0x30 && bytes.length < 0xffff) return [new Uint8Array(bytes)]
  const blocks = bytes.toString('latin1').matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END/g)
  return [...blocks].map(([, body = '']) => new Uint8Array(Buffer.from(body, 'base64')))
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
  }
  return copy
}

/** Entries as inputs; small ones, since large ones only cost time. */
export const entrySeeds = ({ entries }: Material): Uint8Array[] =>
  entries.map(encodeEntryInput).filter(({ length }) => length < 8 * 1024)

/** The certificates of a precert entry: as submitted, and as hashed. */
export function precertificateOf({
  leafInput,
  extra,
}: EntryInput): { submitted: Uint8Array; tbs: Uint8Array } | undefined {
  if (leafInput[11] !== 1) return undefined
  const length = readUint(leafInput, 44, 3)
  return { submitted: extra.slice(3, 3 + readUint(extra, 0, 3)), tbs: leafInput.slice(47, 47 + length) }
}
