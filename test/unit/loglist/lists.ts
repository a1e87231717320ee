import { createHash, generateKeyPairSync } from 'node:crypto'
import { readdirSync } from 'node:fs'
import type { ListEntry } from '../../../src/loglist/list-entry.js'
import { mergeLists } from '../../../src/loglist/merge.js'
import { type ParsedList, parseList, parseListBytes } from '../../../src/loglist/schema.js'
import type { ListedLog } from '../../../src/types/log-list.js'
import { hasRealData, realBytes, realData } from '../../real-data.js'

// Log lists for tests: the real ones by publisher, and small ones made here with real keys.

export const remote = { remote: true, allowHttp: false } as const
export const local = { remote: false, allowHttp: false } as const

const crtsh = 'crtsh+ctloglists/files'
const jsonIn = (folder: string): string[] =>
  hasRealData
    ? readdirSync(realData(folder))
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map((name) => `${folder}/${name}`)
    : []

/** Chrome's `all_logs_list.json`, oldest first. */
export const chromeAllLists = jsonIn(`${crtsh}/gstatic/v3`)
/** Chrome's `log_list.json`, oldest first. */
export const chromeLists = [
  'appmattus+certificatetransparency/certificatetransparency/src/test/resources/testdata/loglist/log_list.json',
  ...jsonIn('appmattus+certificatetransparency'),
]
/** Chrome's lists without a signature beside them. */
export const unsignedChromeLists = [
  'x-stp+rxtls/all_logs_list.json',
  'cloudflare+azul/crates/sct_validator/tests/log_list.json',
  'Sawchord+luct/extension/luct/logs/log_list.json',
]
export const appleLists = jsonIn(`${crtsh}/apple`)
export const mozillaLists = jsonIn(`${crtsh}/mozilla/v3`)
export const crtshLists = [...jsonIn(`${crtsh}/crtsh/v3/active`), ...jsonIn(`${crtsh}/crtsh/v3/all`)]
export const mimicList = `${crtsh}/mimics/log_mimics_list.json`

export const realList = (path: string, name = path): ParsedList => parseListBytes(realBytes(path), { ...remote, name })

export const newestChrome = () => realList(chromeAllLists.at(-1) as string, 'chrome')
export const newestApple = () => realList(appleLists.at(-1) as string, 'apple')

/** What `JSON.parse` gives for a log in a list; fields can be replaced, or taken out with `undefined`. */
export type LogJson = Record<string, unknown>

/** Twelve keys, made once: key generation is slow. */
const keys = Array.from({ length: 12 }, () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' }),
)

const idOf = (key: Buffer): string => createHash('sha256').update(key).digest('base64')

/** Id of `rfc6962Json(n)` and `staticJson(n)`. */
export const testId = (n: number): string => idOf(keys[n] as Buffer)

export function rfc6962Json(n: number, fields: LogJson = {}): LogJson {
  return pruned({ ...common(n), url: `https://ct${n}.logs.test-ca.org/`, mmd: 86400, ...fields })
}

export function staticJson(n: number, fields: LogJson = {}): LogJson {
  const urls = {
    submission_url: `https://log${n}.logs.test-ca.org/`,
    monitoring_url: `https://mon${n}.logs.test-ca.org/`,
  }
  return pruned({ ...common(n), ...urls, mmd: 60, ...fields })
}

const common = (n: number): LogJson => ({
  description: `Test log ${n}`,
  log_id: testId(n),
  key: (keys[n] as Buffer).toString('base64'),
  state: { usable: { timestamp: '2026-01-01T00:00:00Z' } },
})

const pruned = (log: LogJson): LogJson => Object.fromEntries(Object.entries(log).filter(([, v]) => v !== undefined))

/** A list of one operator per argument. */
export const listJson = (...operators: { name?: string; logs?: unknown; tiled_logs?: unknown }[]) => ({
  version: '1.0',
  operators,
})

export const bytesOf = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json))

/** One log through parser and merge. */
export function listedLog(json: LogJson, kind: 'logs' | 'tiled_logs' = 'logs', operator = 'Test CA'): ListedLog {
  const list = parseList(listJson({ name: operator, [kind]: [json] }), { ...local, name: 'given' })
  const [log] = mergeLists([list]).logs.values()
  if (log === undefined) throw new Error(`not a usable log: ${list.problems.map(({ message }) => message)}`)
  return log
}

export function onlyEntry(list: ParsedList): ListEntry {
  const [entry, ...more] = list.entries.values()
  if (entry === undefined || more.length > 0) throw new Error(`${list.entries.size} entries`)
  return entry
}
