import { CtStreamError } from '../errors.js'
import { CompactRange } from '../merkle/compact-range.js'
import { rootsFromConsistency } from '../merkle/consistency.js'
import { EMPTY_ROOT, leafHash } from '../merkle/hash.js'
import type { EvidenceJson, EvidenceVerdict } from '../types/evidence.js'
import type { SignedHead } from '../types/log.js'
import { concatBytes, equalBytes, fromBase64 } from '../util/bytes.js'
import { sha256Hex } from '../util/hash.js'
import { parseCheckpoint } from '../wire/checkpoint-note.js'
import { type LogKey, verifyHead } from '../wire/head-signature.js'
import { parseGetSth } from '../wire/sth.js'
import { FRONT_ENDS_MS } from './head-regress.js'

/** A document with its parsed heads, in the same order, and the log's key if it is known. */
export interface Case {
  readonly document: EvidenceJson
  readonly heads: readonly SignedHead[]
  readonly key: LogKey | undefined
}

/** The verdict on a claim, apart from the signatures of its heads. */
export interface ClaimCheck {
  readonly proves: NonNullable<EvidenceVerdict['proves']>
  /** What the log did, as a phrase that follows its name. */
  readonly says: string
  readonly problems: readonly string[]
  readonly unproven: readonly string[]
}

/** Checks that a document shows what it claims. */
export function checkClaim(given: Case): ClaimCheck {
  switch (given.document.kind) {
    case 'two-roots':
      return twoRoots(given)
    case 'fork':
      return fork(given)
    case 'rollback':
      return rollback(given)
    case 'wrong-empty-root':
      return emptyRoot(given)
    case 'grown-after-end':
      return grownAfterEnd(given)
    case 'never-served':
      return neverServed(given)
    case 'wrong-entries':
      return wrongEntries(given)
    case 'wrong-proof':
      return wrongProof(given)
    case 'wrong-signature':
      return wrongSignature(given)
    case 'other':
      return observed(`did what the record says: ${given.document.claim}`, [], ['all of it but the signed heads'])
  }
}

// — claims that the log's signatures prove alone

function twoRoots({ heads: [a, b, more] }: Case): ClaimCheck {
  if (a === undefined || b === undefined || more !== undefined) return malformed('two heads')
  return signed(`signed two different trees of ${a.treeSize} entries, ${times(a, b)}`, [
    [a.treeSize !== b.treeSize, `the heads are of ${a.treeSize} and ${b.treeSize} entries, not of one size`],
    [equalBytes(a.rootHash, b.rootHash), 'the heads have one root: they agree'],
  ])
}

function fork({ document: { proof }, heads: [a, b, more] }: Case): ClaimCheck {
  if (a === undefined || b === undefined || more !== undefined || a.treeSize >= b.treeSize)
    return malformed('two heads, the smaller one first')
  const says = `signed two trees, and the one of ${b.treeSize} entries does not continue the one of ${a.treeSize}, ${times(a, b)}`
  if (proof === null || proof.firstRoot === null)
    return observed(says, [], ['that the larger tree does not continue the smaller one: no proof shows it'])
  const firstRoot = bytesOf(proof.firstRoot)
  const led = rootsOf(proof, firstRoot)
  return signed(says, [
    [proof.first !== a.treeSize || proof.second !== b.treeSize, 'the proof is not one between the sizes of the heads'],
    [led === undefined, 'the proof is not of the shape of one between these sizes'],
    [
      led !== undefined && !equalBytes(led.second, b.rootHash),
      'the proof does not lead to the root of the larger head',
    ],
    [led !== undefined && !equalBytes(led.first, firstRoot), 'the proof does not lead to its `firstRoot`'],
    [equalBytes(firstRoot, a.rootHash), 'the proof leads to the root of the smaller head: the trees agree'],
  ])
}

function rollback({ document: { log }, heads: [a, b, more] }: Case): ClaimCheck {
  if (a === undefined || b === undefined || more !== undefined) return malformed('two heads')
  const laterMs = a.timestamp - b.timestamp
  const says = `signed a tree of ${b.treeSize} entries, and ${Math.ceil(laterMs / 1000)} s later one of only ${a.treeSize}, ${times(b, a)}`
  const wrong: Checks = [
    [a.treeSize >= b.treeSize, 'no head is smaller than the other'],
    [laterMs <= 0, 'the smaller head is not the later one: it may be an old copy'],
  ]
  if (log.kind === 'static-ct' || laterMs > FRONT_ENDS_MS) return signed(says, wrong)
  const minutes = FRONT_ENDS_MS / 60_000
  return observed(says, wrong, [
    `that it stayed so: a front end of an RFC 6962 log may lag behind another one by less than ${minutes} minutes`,
  ])
}

function emptyRoot({ heads: [head, more] }: Case): ClaimCheck {
  if (head === undefined || more !== undefined) return malformed('one head')
  return signed('signed a tree of no entries whose root is not that of no entries', [
    [head.treeSize !== 0, `the head is of ${head.treeSize} entries`],
    [equalBytes(head.rootHash, EMPTY_ROOT), 'the root is that of no entries'],
  ])
}

// — claims that depend on trust in the recorder

function grownAfterEnd({ document: { listedRoot }, heads: [head] }: Case): ClaimCheck {
  if (head === undefined || listedRoot === null) return malformed('a head and `listedRoot`')
  return observed(
    `signed a tree of ${head.treeSize} entries that is not the one at which a log list says it ended`,
    [[equalBytes(head.rootHash, bytesOf(listedRoot)), 'the head is the one that the list names']],
    ['what the log list says: it is not signed by the log'],
  )
}

function neverServed({ heads: [head] }: Case): ClaimCheck {
  if (head === undefined) return malformed('a head')
  return observed(
    `signed a tree of ${head.treeSize} entries and never served all of them`,
    [],
    ['that the entries were never served'],
  )
}

function wrongEntries({ document: { entries, proof }, heads: [head] }: Case): ClaimCheck {
  if (head === undefined) return malformed('a head')
  const page = entries?.page
  const which = page ? `entries ${page.start} to ${page.start + page.count - 1}` : 'entries'
  const says = `served ${which} that are not those of the tree of ${head.treeSize} entries it signed`
  const unproven = ['that the log served these entries: they are not signed']
  if (entries === null) return observed(says, [], ['which entries were served: the record has none'])
  const { problems, agrees, compared } = compare(entries, proof, head)
  if (!compared) unproven.push('that they do not fit: not all that it takes to compare them was recorded')
  return observed(says, [...problems, [agrees, 'the entries are those of the tree that was signed']], unproven)
}

function wrongProof({ document: { entries, proof }, heads }: Case): ClaimCheck {
  const last = heads.at(-1)
  const says = `served proofs for its tree of ${last?.treeSize ?? 'unknown'} entries that prove nothing`
  const unproven = ['that the log served this proof: it is not signed']
  if (last === undefined || proof === null) return observed(says, [], ['the proof: the record has none'])
  if (entries !== null) {
    const { problems, agrees } = compare(entries, proof, last)
    return observed(says, [...problems, [agrees, 'the proof proves what it should']], unproven)
  }
  const [a, b] = heads
  if (a === undefined || b === undefined) return observed(says, [], unproven)
  const led = rootsOf(proof, a.rootHash)
  const agrees = led !== undefined && equalBytes(led.first, a.rootHash) && equalBytes(led.second, b.rootHash)
  return observed(
    says,
    [
      [
        proof.first !== a.treeSize || proof.second !== b.treeSize,
        'the proof is not one between the sizes of the heads',
      ],
      [agrees, 'the proof proves what it should'],
    ],
    unproven,
  )
}

function wrongSignature({ document: { answer, log }, key }: Case): ClaimCheck {
  const says = 'served a head whose signature does not verify with its key'
  if (answer === null || answer.body === null) return observed(says, [], ['the answer: the record does not have it'])
  const body = bytesOf(answer.body)
  return observed(
    says,
    [
      [
        body.length !== answer.length || sha256Hex(body) !== answer.sha256,
        'the answer is not of its length and SHA-256',
      ],
      [key !== undefined && isSignedHead(body, log, key), 'the signature verifies'],
    ],
    ['that the log served this answer'],
  )
}

// — hashing and comparing

/** Compares entries with a head: by its root where they reach its end, else by the proof. */
function compare(
  { start, range, leafHashes, page, complete }: NonNullable<EvidenceJson['entries']>,
  proof: EvidenceJson['proof'],
  head: SignedHead,
): { readonly problems: Checks; readonly agrees: boolean; readonly compared: boolean } {
  const hashes = leafHashes.map(bytesOf)
  const problems: [boolean, string][] = []
  if (page !== null) {
    const off = page.start - start
    problems.push(
      [off < 0 || page.leafInputs.length > page.count, 'the page is not among the entries'],
      [
        page.leafInputs.some((leaf, i) => !isLeafOf(bytesOf(leaf), hashes[off + i])),
        'a leaf of the page has another leaf hash',
      ],
    )
  }
  const before = rangeOf(start, range)
  if (before === undefined) {
    problems.push([true, `there is no compact range of ${start} entries with ${range.length} hashes`])
    return { problems, agrees: false, compared: false }
  }
  if (!complete) return { problems, agrees: false, compared: false }
  const end = before.append(concatBytes(hashes), hashes.length)
  if (end.size === head.treeSize) return { problems, agrees: equalBytes(end.root(), head.rootHash), compared: true }
  if (proof === null || proof.first !== end.size || proof.second !== head.treeSize)
    return { problems, agrees: false, compared: false }
  const led = rootsOf(proof, end.root())
  const agrees = led !== undefined && equalBytes(led.first, end.root()) && equalBytes(led.second, head.rootHash)
  return { problems, agrees, compared: true }
}

function isLeafOf(leafInput: Uint8Array, hash: Uint8Array | undefined): boolean {
  return hash !== undefined && equalBytes(leafHash(leafInput), hash)
}

function rangeOf(size: number, hashes: readonly string[]): CompactRange | undefined {
  return orUndefined(() => new CompactRange(size, hashes.map(bytesOf)))
}

/** `undefined` when the proof does not have the shape for these sizes. */
function rootsOf({ first, second, hashes }: NonNullable<EvidenceJson['proof']>, firstRoot: Uint8Array) {
  return first < second
    ? orUndefined(() => rootsFromConsistency(first, second, hashes.map(bytesOf), firstRoot))
    : undefined
}

function isSignedHead(body: Uint8Array, log: EvidenceJson['log'], key: LogKey): boolean {
  const isRead = orUndefined(() => {
    verifyHead(
      log.kind === 'static-ct' ? parseCheckpoint(body, key.logId, log.origin ?? undefined).head : parseGetSth(body),
      key,
    )
    return true
  })
  return isRead === true
}

function orUndefined<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return undefined
  }
}

// — the outcome

/** Conditions that refute the claim, each with its message. */
type Checks = readonly (readonly [boolean, string])[]

const failed = (wrong: Checks): string[] => wrong.filter(([isWrong]) => isWrong).map(([, problem]) => problem)

function signed(says: string, wrong: Checks): ClaimCheck {
  return { proves: 'log-signed-contradiction', says, problems: failed(wrong), unproven: [] }
}

function observed(says: string, wrong: Checks, unproven: readonly string[]): ClaimCheck {
  return { proves: 'observed-only', says, problems: failed(wrong), unproven }
}

function malformed(what: string): ClaimCheck {
  return { proves: 'observed-only', says: '', problems: [`such a claim takes ${what}`], unproven: [] }
}

function times(a: SignedHead, b: SignedHead): string {
  return `at ${timeText(a)} and ${timeText(b)}`
}

function timeText({ timestamp }: SignedHead): string {
  return timestamp <= 8.64e15 ? new Date(timestamp).toISOString() : `${timestamp} ms`
}

function bytesOf(base64: string): Uint8Array {
  return fromBase64(base64) ?? new Uint8Array(0)
}
