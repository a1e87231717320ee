import { CtStreamError } from '../errors.js'
import { rootsFromConsistency } from '../merkle/consistency.js'
import { EMPTY_ROOT } from '../merkle/hash.js'
import { isPowerOfTwo } from '../merkle/proof-shape.js'
import type { Evidence } from '../types/checkpoint.js'
import type {
  EvidenceAnswerJson,
  EvidenceEntriesJson,
  EvidenceHeadJson,
  EvidenceJson,
  EvidenceKind,
  EvidencePageJson,
  EvidenceProofJson,
} from '../types/evidence.js'
import { equalBytes, fromBase64, toBase64 } from '../util/bytes.js'
import { treeHeadSignatureInput } from '../wire/sth.js'
import { MAX_CLAIM, MAX_HASHES, MAX_LEAVES, MAX_TEXT, sealedEvidence } from './evidence-document.js'

/**
 * Turns stored evidence into a document that others can check with `verifyEvidence` or without this library; see
 * {@link EvidenceJson}. Also takes evidence stored by earlier versions: what they did not keep is `null`.
 *
 * @param options.key - The log's key, base64 SubjectPublicKeyInfo (DER), where the record has none.
 * @throws {@link CtStreamError} `CT_EVIDENCE_INVALID` when the record names no log.
 */
export function evidenceToJSON(evidence: Evidence, options: { readonly key?: string } = {}): EvidenceJson {
  const { log, code, message, detail, recordedAt } = evidence
  if (fromBase64(String(log?.id))?.length !== 32)
    throw new CtStreamError('CT_EVIDENCE_INVALID', `the evidence names no log: its id is ${JSON.stringify(log?.id)}`)
  const facts = factsOf(detail)
  const found = claimOf(code, facts)
  return sealedEvidence({
    format: 'ct-stream evidence',
    version: 1,
    kind: found.kind,
    claim: cut(message.replace(/; evidence stored$/, ''), MAX_CLAIM),
    code: cut(code, 100),
    since: facts.since === undefined ? null : timeJson(facts.since),
    recordedAt: timeJson(recordedAt),
    log: {
      id: log.id,
      key: facts.key ?? options.key ?? null,
      kind: log.kind === 'static-ct' ? 'static-ct' : 'rfc6962',
      url: cut(log.url, MAX_TEXT),
      origin: facts.origin ?? null,
      description: cut(log.description, MAX_TEXT),
      operator: cut(log.operator, MAX_TEXT),
    },
    heads: inOrder(found.heads),
    proof: found.proof ?? null,
    entries: found.entries ?? null,
    answer: facts.answer ?? null,
    listedRoot: found.listedRoot ?? null,
  })
}

// — the claim

interface Claim {
  readonly kind: EvidenceKind
  readonly heads: readonly EvidenceHeadJson[]
  readonly proof?: EvidenceProofJson | undefined
  readonly entries?: EvidenceEntriesJson | undefined
  readonly listedRoot?: string | undefined
}

function claimOf(code: string, facts: Facts): Claim {
  switch (code) {
    case 'CT_HEAD_CONFLICT':
      return conflictOf(facts) ?? other(facts)
    case 'CT_HEAD_ROLLBACK':
      return rollbackOf(facts) ?? other(facts)
    case 'CT_ROOT_MISMATCH':
      return facts.head?.tree_size === 0 && facts.head.sha256_root_hash !== toBase64(EMPTY_ROOT)
        ? { kind: 'wrong-empty-root', heads: [facts.head] }
        : measured('wrong-entries', facts)
    case 'CT_CONSISTENCY':
    case 'CT_INCLUSION':
      return measured('wrong-proof', facts)
    case 'CT_HEAD_SIGNATURE':
      return { kind: 'wrong-signature', heads: [] }
    case 'CT_HEAD_UNSERVED':
      return facts.head === undefined ? other(facts) : { kind: 'never-served', heads: [facts.head] }
    default:
      return other(facts)
  }
}

/** Keeps everything that could be checked, also for an error code without a known meaning. */
function other(facts: Facts): Claim {
  return { kind: 'other', heads: facts.heads, entries: facts.entries }
}

function conflictOf({ head, heads, proof, firstRoot, expected }: Facts): Claim | undefined {
  if (head === undefined) return undefined
  const others = heads.filter((one) => one.sha256_root_hash !== head.sha256_root_hash)
  const twin = others.find((one) => one.tree_size === head.tree_size)
  if (twin !== undefined) return { kind: 'two-roots', heads: [twin, head] }
  if (expected !== undefined && !heads.some((one) => one.sha256_root_hash === expected))
    return { kind: 'grown-after-end', heads: [head], listedRoot: expected }
  const pairs = others.map((one) => inOrder([one, head]) as [EvidenceHeadJson, EvidenceHeadJson])
  for (const pair of pairs) {
    const proven = proofBetween(pair, proof, firstRoot)
    if (proven?.firstRoot !== null && proven !== undefined) return { kind: 'fork', heads: pair, proof: proven }
  }
  const [pair] = pairs
  return pair && { kind: 'fork', heads: pair, proof: proofBetween(pair, proof, firstRoot) }
}

function rollbackOf({ head, heads }: Facts): Claim | undefined {
  const larger = head && heads.find((one) => one.tree_size > head.tree_size && one.timestamp < head.timestamp)
  return larger && head && { kind: 'rollback', heads: [head, larger] }
}

/** What disagreed with a head: entries, or a proof between two heads. */
function measured(kind: 'wrong-entries' | 'wrong-proof', facts: Facts): Claim {
  const { head, heads, entries, proof } = facts
  if (head === undefined) return { kind, heads: [], entries }
  if (entries !== undefined && entries.leafHashes.length > 0) {
    const first = facts.heldTo ?? entries.start + entries.leafHashes.length
    return { kind, heads: [head], entries, proof: proof && rawProof(first, head.tree_size, proof) }
  }
  const other = heads.find((one) => one.tree_size !== head.tree_size)
  if (other === undefined) return { kind, heads: [head] }
  const pair = inOrder([other, head]) as [EvidenceHeadJson, EvidenceHeadJson]
  return { kind, heads: pair, proof: proof && rawProof(pair[0].tree_size, pair[1].tree_size, proof) }
}

function rawProof(first: number, second: number, hashes: readonly string[]): EvidenceProofJson | undefined {
  return first < second ? { first, second, hashes, firstRoot: null } : undefined
}

/** The proof with the root that it proves for the smaller tree; `null` when it does not lead to the root of the larger one. */
function proofBetween(
  [smaller, larger]: readonly [EvidenceHeadJson, EvidenceHeadJson],
  proof: readonly string[] | undefined,
  firstRoot: string | undefined,
): EvidenceProofJson | undefined {
  const raw = proof && rawProof(smaller.tree_size, larger.tree_size, proof)
  if (raw === undefined || raw.first === 0) return raw
  const seed = firstRoot ?? (isPowerOfTwo(raw.first) ? undefined : smaller.sha256_root_hash)
  if (seed === undefined) return raw
  try {
    const led = rootsFromConsistency(raw.first, raw.second, raw.hashes.map(decoded), decoded(seed))
    return equalBytes(led.second, decoded(larger.sha256_root_hash)) ? { ...raw, firstRoot: toBase64(led.first) } : raw
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return raw
  }
}

// — the stored record

/** The readable part of a record's detail; fields that earlier versions did not keep are absent. */
interface Facts {
  readonly key: string | undefined
  readonly origin: string | undefined
  /** Epoch milliseconds. */
  readonly since: number | undefined
  /** The head at fault, or the one that answers were compared with. */
  readonly head: EvidenceHeadJson | undefined
  /** All distinct heads, `head` among them. */
  readonly heads: readonly EvidenceHeadJson[]
  readonly proof: readonly string[] | undefined
  readonly firstRoot: string | undefined
  readonly entries: EvidenceEntriesJson | undefined
  readonly heldTo: number | undefined
  readonly answer: EvidenceAnswerJson | undefined
  /** Base64 of the expected root, where the error names one. */
  readonly expected: string | undefined
}

function factsOf(detail: Evidence['detail'] | undefined): Facts {
  const from = isObject(detail) ? detail : {}
  const head = readHead(from.head)
  const all = [head, readHead(from.verifiedHead), readHead(from.newestHead)].filter((one) => one !== undefined)
  const heldTo = isIndex(from.heldTo) ? from.heldTo : undefined
  const error = isObject(from.error) ? from.error : {}
  return {
    key: isBase64(from.key) ? from.key : undefined,
    origin: typeof from.origin === 'string' ? cut(from.origin, MAX_TEXT) : undefined,
    since: typeof from.since === 'number' ? from.since : undefined,
    head,
    heads: all.filter((one, i) => all.findIndex((other) => other.signed === one.signed) === i),
    proof: readHashes(from.proof, MAX_HASHES),
    firstRoot: isHash(from.firstRoot) ? from.firstRoot : undefined,
    entries: readEntries(from, heldTo),
    heldTo,
    answer: readAnswer(from.answer),
    expected:
      typeof error.expected === 'string' && /^[0-9a-f]{64}$/.test(error.expected)
        ? Buffer.from(error.expected, 'hex').toString('base64')
        : undefined,
  }
}

function readHead(value: unknown): EvidenceHeadJson | undefined {
  if (!isObject(value)) return undefined
  const { tree_size, timestamp, sha256_root_hash, tree_head_signature } = value
  if (!isIndex(tree_size) || !isIndex(timestamp) || !isHash(sha256_root_hash) || !isBase64(tree_head_signature))
    return undefined
  const signed = treeHeadSignatureInput({ treeSize: tree_size, timestamp, rootHash: decoded(sha256_root_hash) })
  return { tree_size, timestamp, sha256_root_hash, tree_head_signature, signed: toBase64(signed) }
}

function readEntries(from: Record<string, unknown>, heldTo: number | undefined): EvidenceEntriesJson | undefined {
  const range = isObject(from.provenRange) ? from.provenRange : {}
  const hashes = readHashes(range.hashes, MAX_HASHES)
  const leafHashes = readHashes(from.leafHashes, MAX_LEAVES)
  if (!isIndex(range.size) || hashes === undefined || leafHashes === undefined || leafHashes.length === 0)
    return undefined
  const end = range.size + leafHashes.length
  return {
    start: range.size,
    range: hashes,
    leafHashes,
    // The previous form did not say whether leaves are missing; it kept at most this many.
    complete: heldTo === undefined ? leafHashes.length < MAX_LEAVES : end === heldTo,
    page: readPage(from.page) ?? null,
  }
}

function readPage(value: unknown): EvidencePageJson | undefined {
  if (!isObject(value)) return undefined
  const { url, start, count, leafInputs } = value
  if (typeof url !== 'string' || !isIndex(start) || !isIndex(count)) return undefined
  if (!Array.isArray(leafInputs) || !leafInputs.every(isBase64)) return undefined
  return { url: cut(url, MAX_TEXT), start, count, leafInputs }
}

function readAnswer(value: unknown): EvidenceAnswerJson | undefined {
  if (!isObject(value)) return undefined
  const { url, length, sha256, body } = value
  if (typeof url !== 'string' || !isIndex(length) || typeof sha256 !== 'string') return undefined
  return { url: cut(url, MAX_TEXT), length, sha256, body: isBase64(body) ? body : null }
}

function readHashes(value: unknown, atMost: number): string[] | undefined {
  return Array.isArray(value) && value.length <= atMost && value.every(isHash) ? value : undefined
}

function inOrder(heads: readonly EvidenceHeadJson[]): EvidenceHeadJson[] {
  return [...heads].sort((a, b) => a.tree_size - b.tree_size || a.timestamp - b.timestamp)
}

function decoded(base64: string): Uint8Array {
  return fromBase64(base64) ?? new Uint8Array(0)
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isBase64(value: unknown): value is string {
  return typeof value === 'string' && fromBase64(value) !== undefined
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && fromBase64(value)?.length === 32
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function timeJson(ms: number): string {
  // A time after the year 9999, or that no Date can have, is omitted.
  return new Date(ms >= 0 && ms < 253_402_300_800_000 ? ms : 0).toISOString()
}

function cut(text: unknown, atMost: number): string {
  return String(text ?? '').slice(0, atMost)
}
