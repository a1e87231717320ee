import { CtStreamError } from '../errors.js'
import type {
  EvidenceAnswerJson,
  EvidenceEntriesJson,
  EvidenceHeadJson,
  EvidenceJson,
  EvidenceKind,
  EvidenceLogJson,
  EvidencePageJson,
  EvidenceProofJson,
} from '../types/evidence.js'
import { fromBase64 } from '../util/bytes.js'
import { sha256Hex } from '../util/hash.js'
import { oversizeOf } from '../wire/json-bound.js'

/** Longest document, bytes; those that this library writes are far smaller. */
export const MAX_EVIDENCE_BYTES = 4 * 1024 * 1024
export const MAX_CLAIM = 4000
export const MAX_TEXT = 2000
export const MAX_LEAVES = 10_000
export const MAX_HASHES = 64
export const MAX_ANSWER_BYTES = 64 * 1024

export const EVIDENCE_KINDS: readonly EvidenceKind[] = [
  'two-roots',
  'fork',
  'rollback',
  'wrong-empty-root',
  'grown-after-end',
  'never-served',
  'wrong-entries',
  'wrong-proof',
  'wrong-signature',
  'other',
]

/** The document with its checksum. */
export function sealedEvidence(document: Omit<EvidenceJson, 'sha256'>): EvidenceJson {
  return { ...document, sha256: evidenceSum(document) }
}

/** The expected value of `sha256`. */
export function evidenceSum(document: Omit<EvidenceJson, 'sha256'>): string {
  const { sha256: _, ...rest } = document as EvidenceJson
  return sha256Hex(new TextEncoder().encode(canonical(rest)))
}

/** RFC 8785 for names in ASCII and numbers that are integers, as evidence has them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical((value as Record<string, unknown>)[name])}`).join(',')}}`
}

/**
 * Reads a document of evidence and checks its form, member by member. `verifyEvidence` judges the content.
 *
 * @param input - JSON as text or bytes, or parsed.
 * @throws {@link CtStreamError} `CT_EVIDENCE_INVALID` when it is no evidence, of another version, or too large.
 */
export function readEvidence(input: unknown): EvidenceJson {
  const value = typeof input === 'string' || input instanceof Uint8Array ? parse(input) : input
  if (!isObject(value) || value.format !== 'ct-stream evidence')
    throw invalid('not evidence of ct-stream: `format` is not "ct-stream evidence"')
  if (value.version !== 1)
    throw invalid(`of version ${describe(value.version)}; this version of ct-stream reads version 1`)
  return DOCUMENT(value, 'evidence')
}

function parse(input: string | Uint8Array): unknown {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input
  if (bytes.length > MAX_EVIDENCE_BYTES) throw invalid(`${bytes.length} bytes long, more than ${MAX_EVIDENCE_BYTES}`)
  const oversize = oversizeOf(bytes)
  if (oversize !== undefined) throw invalid(`unreadable: it ${oversize}`)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw invalid('not JSON', cause)
  }
}

// — the form

type Read<T> = (value: unknown, name: string) => T

/** An object with exactly these members: an unknown member would look as if it had been checked, too. */
function object<T extends object>(members: { readonly [K in keyof T]: Read<T[K]> }): Read<T> {
  const names = Object.keys(members) as (keyof T & string)[]
  return (value, name) => {
    if (!isObject(value)) throw invalid(`malformed: \`${name}\` is ${describe(value)}, not an object`)
    for (const key of Object.keys(value))
      if (!Object.hasOwn(members, key)) throw invalid(`malformed: \`${name}\` has an unknown member ${quote(key)}`)
    const entries = names.map((key) => {
      if (!Object.hasOwn(value, key)) throw invalid(`malformed: \`${name}\` lacks \`${key}\``)
      return [key, members[key](value[key], `${name}.${key}`)]
    })
    return Object.fromEntries(entries)
  }
}

function list<T>(item: Read<T>, atMost: number): Read<readonly T[]> {
  return (value, name) => {
    if (!Array.isArray(value)) throw invalid(`malformed: \`${name}\` is ${describe(value)}, not an array`)
    if (value.length > atMost) throw invalid(`malformed: \`${name}\` has ${value.length} items, more than ${atMost}`)
    return Array.from(value, (one, i) => item(one, `${name}[${i}]`))
  }
}

function check<T>(isRight: (value: unknown) => boolean, what: string): Read<T> {
  return (value, name) => {
    if (!isRight(value)) throw invalid(`malformed: \`${name}\` is ${describe(value)}, not ${what}`)
    return value as T
  }
}

function orNull<T>(read: Read<T>): Read<T | null> {
  return (value, name) => (value === null ? null : read(value, name))
}

const text = (atMost: number) =>
  check<string>((value) => typeof value === 'string' && value.length <= atMost, `text of at most ${atMost} characters`)

const base64 = (isLength: (length: number) => boolean, what: string) =>
  check<string>((value) => {
    // Base64 takes a third more; anything longer is refused unread.
    if (typeof value !== 'string' || value.length > MAX_EVIDENCE_BYTES) return false
    const bytes = fromBase64(value)
    return bytes !== undefined && isLength(bytes.length)
  }, `base64 of ${what}`)

const hash = base64((length) => length === 32, '32 bytes')
const bytes = (atMost: number) => base64((length) => length <= atMost, `at most ${atMost} bytes`)
const integer = check<number>(
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  'an integer from 0 to 2^53 - 1',
)
const time = check<string>(
  (value) => typeof value === 'string' && /^[0-9T:.-]{23}Z$/.test(value) && !Number.isNaN(Date.parse(value)),
  'a time such as 2026-11-24T12:00:00.000Z',
)
const sum = check<string>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), 'a SHA-256 in hex')
const oneOf = <T extends string>(...choices: readonly T[]) =>
  check<T>((value) => choices.includes(value as T), `one of ${choices.join(', ')}`)

const LOG = object<EvidenceLogJson>({
  id: hash,
  key: orNull(bytes(MAX_TEXT)),
  kind: oneOf('rfc6962', 'static-ct'),
  url: text(MAX_TEXT),
  origin: orNull(text(MAX_TEXT)),
  description: text(MAX_TEXT),
  operator: text(MAX_TEXT),
})
const HEAD = object<EvidenceHeadJson>({
  tree_size: integer,
  timestamp: integer,
  sha256_root_hash: hash,
  tree_head_signature: bytes(MAX_TEXT),
  signed: base64((length) => length === 50, '50 bytes'),
})
const PROOF = object<EvidenceProofJson>({
  first: integer,
  second: integer,
  hashes: list(hash, MAX_HASHES),
  firstRoot: orNull(hash),
})
const PAGE = object<EvidencePageJson>({
  url: text(MAX_TEXT),
  start: integer,
  count: integer,
  leafInputs: list(bytes(MAX_EVIDENCE_BYTES), MAX_LEAVES),
})
const ENTRIES = object<EvidenceEntriesJson>({
  start: integer,
  range: list(hash, MAX_HASHES),
  leafHashes: list(hash, MAX_LEAVES),
  complete: check<boolean>((value) => typeof value === 'boolean', 'true or false'),
  page: orNull(PAGE),
})
const ANSWER = object<EvidenceAnswerJson>({
  url: text(MAX_TEXT),
  length: integer,
  sha256: sum,
  body: orNull(bytes(MAX_ANSWER_BYTES)),
})
const DOCUMENT = object<EvidenceJson>({
  format: oneOf('ct-stream evidence'),
  version: check<1>((value) => value === 1, '1'),
  kind: oneOf(...EVIDENCE_KINDS),
  claim: text(MAX_CLAIM),
  code: text(100),
  since: orNull(time),
  recordedAt: time,
  log: LOG,
  heads: list(HEAD, 3),
  proof: orNull(PROOF),
  entries: orNull(ENTRIES),
  answer: orNull(ANSWER),
  listedRoot: orNull(hash),
  sha256: sum,
})

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'string') return quote(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `of type ${typeof value}`
}

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}

function invalid(reason: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_EVIDENCE_INVALID', `the evidence is ${reason}`, { cause })
}
