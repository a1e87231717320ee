import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const realData = join(import.meta.dirname, '../../../../shared/realdata')

/**
 * Entries to make a log of: every distinct real entry that came in a get-entries answer where the real data is at hand, issued
 * ones otherwise.
 * @returns `{ origin, entries: { leafInput, extraData }[] }`
 */
export async function sourceEntries(dist) {
  return existsSync(join(realData, 'INDEX-entries.jsonl')) ? realEntries() : await issuedEntries(dist)
}

function realEntries() {
  const entries = []
  const seen = new Set()
  const files = new Map()
  const lines = readFileSync(join(realData, 'INDEX-entries.jsonl'), 'utf8').split('\n').filter(Boolean)
  for (const { file, i, leaf_hash: hash } of lines.map((line) => JSON.parse(line))) {
    if (seen.has(hash) || file.includes('/tile/')) continue
    if (!files.has(file)) files.set(file, find(JSON.parse(readFileSync(join(realData, file), 'utf8'))))
    const raw = files.get(file)[i]
    if (raw === undefined) continue
    seen.add(hash)
    entries.push({ leafInput: Buffer.from(raw.leaf_input, 'base64'), extraData: Buffer.from(raw.extra_data, 'base64') })
  }
  return { origin: 'real entries of public logs', entries }
}

/** Objects with a leaf_input, wherever a file keeps them. */
function find(value) {
  if (typeof value === 'string' && value.includes('leaf_input')) return find(JSON.parse(value))
  if (typeof value !== 'object' || value === null) return []
  return 'leaf_input' in value ? [value] : Object.values(value).flatMap(find)
}

async function issuedEntries(dist) {
  const { createTestLog, issueCertificates } = await import(pathToFileURL(join(dist, 'testing.js')).href)
  const log = await createTestLog({ entries: issueCertificates(2048) })
  const entries = Array.from({ length: log.size }, (_, i) => log.entry(i))
  await log.close()
  return {
    origin: 'issued certificates (no real data at hand)',
    entries: entries.map(({ leafInput, extraData }) => ({
      leafInput: Buffer.from(leafInput),
      extraData: Buffer.from(extraData),
    })),
  }
}
