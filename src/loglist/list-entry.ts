import type { FinalTreeHead, ListedLog, ListedState, LogAddress, LogType, TemporalInterval } from '../types/log-list.js'
import { fromBase64 } from '../util/bytes.js'
import { LogKey } from '../wire/head-signature.js'
import { isExampleHost, isLoopbackHost, isPublicHost } from './hosts.js'

/** One log as one list has it, before lists are merged. */
export interface ListEntry {
  readonly id: string
  readonly key: string
  readonly kind: LogAddress['kind']
  /** `undefined` in lists that only say which logs are known (Mozilla): another list must say where it is. */
  readonly address: LogAddress | undefined
  readonly addressFrom: ListedLog['addressFrom']
  readonly description: string | undefined
  readonly operator: string | undefined
  readonly mmd: number | undefined
  readonly state: ListedState
  readonly stateSince: Date | undefined
  readonly finalTreeHead: FinalTreeHead | undefined
  readonly temporalInterval: TemporalInterval | undefined
  readonly logType: LogType | undefined
}

/** Which addresses a list may name. */
export interface AddressRule {
  /** The list came over the network: only public https hosts. Otherwise its author is the user: any host. */
  readonly remote: boolean
  /** `http:` also for hosts other than this machine. */
  readonly allowHttp: boolean
}

export type EntryResult =
  | { readonly kind: 'entry'; readonly entry: ListEntry; readonly notes: readonly string[] }
  | { readonly kind: 'skipped' | 'placeholder'; readonly log: string | undefined; readonly message: string }

/** Reads one member of `logs` or `tiled_logs`. Total: whatever is wrong is part of the answer. */
export function readEntry(
  value: unknown,
  kind: LogAddress['kind'],
  operator: string | undefined,
  rule: AddressRule,
): EntryResult {
  const description = label(member(value, 'description'))
  const claimedId = text(member(value, 'log_id'))
  const log = claimedId ?? description
  if (!isObject(value)) return { kind: 'skipped', log, message: `is ${describe(value)}, not an object` }
  try {
    const address = readAddress(value, kind, rule)
    if (address === 'placeholder' || /^bogus\b/i.test(description ?? ''))
      return { kind: 'placeholder', log, message: 'is not a log but a placeholder' }
    const addressFrom = rule.remote && !rule.allowHttp ? 'fetched' : 'given'
    return readFacts(value, { kind, address, addressFrom, description, operator })
  } catch (error) {
    if (error instanceof Unusable) return { kind: 'skipped', log, message: error.message }
    throw error
  }
}

/** Lifecycle order: of several states in one object the last one is meant. */
const lifecycle = ['pending', 'qualified', 'usable', 'readonly', 'retired', 'rejected'] as const
const logTypes: readonly string[] = ['prod', 'test', 'monitoring_only']

/** Longer is not a merge delay (the slowest log ever listed has a week). */
const MAX_MMD = 366 * 86400

/** Why an entry cannot be used; never leaves this file. */
class Unusable extends Error {}

function readFacts(
  value: object,
  known: Pick<ListEntry, 'kind' | 'address' | 'addressFrom' | 'description' | 'operator'>,
): EntryResult {
  const notes: string[] = []
  const entry: ListEntry = {
    ...readIdentity(value),
    ...known,
    mmd: readMmd(member(value, 'mmd'), notes),
    ...readState(member(value, 'state'), notes),
    temporalInterval: readInterval(member(value, 'temporal_interval'), notes),
    logType: readLogType(member(value, 'log_type'), notes),
  }
  return { kind: 'entry', entry, notes }
}

/** `log_id` is SHA-256 of `key` (RFC 6962 section 3.2); the key is one a log may have (section 2.1.4). */
function readIdentity(value: object): Pick<ListEntry, 'id' | 'key'> {
  const key = text(member(value, 'key'))
  const der = key === undefined ? undefined : fromBase64(key)
  if (key === undefined || der === undefined || der.length === 0 || der.length > 4096)
    throw new Unusable(`key is ${describe(member(value, 'key'))}, not base64 of a SubjectPublicKeyInfo`)
  const id = logIdOf(der)
  const claimed = member(value, 'log_id')
  if (claimed !== id) throw new Unusable(`log_id is ${describe(claimed)}, but SHA-256 of its key is ${id}`)
  return { id, key }
}

/** By the rules of whoever follows the log: a key that is refused only then would end the stream of all logs. */
function logIdOf(der: Uint8Array): string {
  try {
    return new LogKey(der).id
  } catch (error) {
    throw new Unusable(error instanceof Error ? error.message : String(error))
  }
}

function readAddress(
  value: object,
  kind: LogAddress['kind'],
  rule: AddressRule,
): LogAddress | 'placeholder' | undefined {
  const names = kind === 'rfc6962' ? ['url'] : ['submission_url', 'monitoring_url']
  const given = names.map((name) => member(value, name))
  if (given.every((url) => url === undefined || url === '')) return undefined
  const urls = names.map((name, i) => readUrl(name, given[i]))
  if (urls.some((url) => isExampleHost(url.hostname))) return 'placeholder'
  for (const [i, url] of urls.entries()) checkHost(names[i] as string, url, rule)
  const [first, second] = urls.map((url) => url.href) as [string, string]
  return kind === 'rfc6962' ? { kind, url: first } : { kind, submissionUrl: first, monitoringUrl: second }
}

function readUrl(name: string, value: unknown): URL {
  const given = text(value)
  // No blanks and no backslashes, which URL parsers read in more than one way.
  if (given === undefined || given.length > 2048 || !/^https?:\/\/[^\s\\]+$/.test(given) || !URL.canParse(given))
    throw new Unusable(`${name} is ${describe(value)}, not an https URL`)
  const url = new URL(given)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new Unusable(`${name} is ${describe(value)}: user, query and fragment have no place in it`)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

function checkHost(name: string, url: URL, rule: AddressRule): void {
  if (rule.remote && !isPublicHost(url.hostname))
    throw new Unusable(`${name} is ${describe(url.href)}: not a public host`)
  if (url.protocol === 'https:' || rule.allowHttp || (!rule.remote && isLoopbackHost(url.hostname))) return
  throw new Unusable(`${name} is ${describe(url.href)}: not https`)
}

/** Seconds. 0 is how Mozilla-derived lists leave it out. */
function readMmd(value: unknown, notes: string[]): number | undefined {
  if (value === undefined || value === 0) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= MAX_MMD) return value
  notes.push(`mmd is ${describe(value)}, not seconds from 1 to ${MAX_MMD}: the default is assumed`)
  return undefined
}

type StateFacts = Pick<ListEntry, 'state' | 'stateSince' | 'finalTreeHead'>

function readState(value: unknown, notes: string[]): StateFacts {
  const none: StateFacts = { state: 'unlisted', stateSince: undefined, finalTreeHead: undefined }
  if (value === undefined) return none
  if (!isObject(value)) {
    notes.push(`state is ${describe(value)}, not an object: taken for unlisted`)
    return none
  }
  const state = lifecycle.findLast((name) => member(value, name) !== undefined)
  if (state === undefined) {
    notes.push(`state ${describe(Object.keys(value).slice(0, 3).join(', '))} is not known: taken for unlisted`)
    return none
  }
  const detail = member(value, state)
  const since = member(detail, 'timestamp')
  const stateSince = readTime(since)
  if (stateSince === undefined) notes.push(`state.${state}.timestamp is ${describe(since)}, not an RFC 3339 time`)
  const head = state === 'readonly' ? readFinalHead(member(detail, 'final_tree_head'), notes) : undefined
  return { state, stateSince, finalTreeHead: head }
}

function readFinalHead(value: unknown, notes: string[]): FinalTreeHead | undefined {
  if (value === undefined) return undefined
  const treeSize = member(value, 'tree_size')
  const rootHash = fromBase64(text(member(value, 'sha256_root_hash')) ?? '')
  if (typeof treeSize === 'number' && Number.isSafeInteger(treeSize) && treeSize >= 0 && rootHash?.length === 32)
    return { treeSize, rootHash }
  notes.push('final_tree_head is not a tree size and a hash of 32 bytes: ignored')
  return undefined
}

function readInterval(value: unknown, notes: string[]): TemporalInterval | undefined {
  if (value === undefined) return undefined
  const start = readTime(member(value, 'start_inclusive'))
  const end = readTime(member(value, 'end_exclusive'))
  if (start !== undefined && end !== undefined && start < end) return { start, end }
  notes.push('temporal_interval is not two RFC 3339 times in order: ignored')
  return undefined
}

function readLogType(value: unknown, notes: string[]): LogType | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && logTypes.includes(value)) return value as LogType
  notes.push(`log_type ${describe(value)} is not known: ignored`)
  return undefined
}

/** An RFC 3339 date-time, to the millisecond. */
export function readTime(value: unknown): Date | undefined {
  const given = text(value)
  if (given === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(given))
    return undefined
  const time = new Date(given)
  return Number.isNaN(time.getTime()) ? undefined : time
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own member of a JSON object; `undefined` of anything else, and for `null`. */
export function member(value: unknown, name: string): unknown {
  if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name] ?? undefined
}

/** A string that is not empty; cut to what a person can read, since it comes from the network. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 8192) : undefined
}

/** A name for people: at most 256 characters, no control characters (it ends up on terminals); `undefined` when empty. */
export function label(value: unknown): string | undefined {
  const name = text(value)
    ?.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, 256)
    // Cutting can leave half of a character, and lists can bring one.
    .replace(/\p{Cs}/gu, '\ufffd')
  return name === '' ? undefined : name
}

/** A JSON value for a message: short, and on one line. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (Array.isArray(value)) return 'an array'
  if (value === undefined) return 'missing'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
