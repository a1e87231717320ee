import fc from 'fast-check'
import type { Evidence, Gap, LogCheckpoint, StoredList } from '../../../src/types/checkpoint.js'
import type { LogInfo, SignedHead } from '../../../src/types/log.js'
import { toBase64 } from '../../../src/util/bytes.js'
import { sha256 } from '../../../src/util/hash.js'

export function log(n: number, changes: Partial<LogInfo> = {}): LogInfo {
  return {
    id: toBase64(sha256(Buffer.from(`log ${n}`))),
    description: `Log ${n} “2026h2” 'quoted'`,
    operator: 'Operator',
    kind: n % 2 === 0 ? 'rfc6962' : 'static-ct',
    url: `https://log-${n}.example/`,
    ...changes,
  }
}

export function head(treeSize: number): SignedHead {
  return {
    treeSize,
    timestamp: 1_790_000_000_000 + (treeSize % 1_000_000),
    rootHash: sha256(Buffer.from(`root ${treeSize}`)),
    signature: Uint8Array.of(4, 3, 0, 2, 0xca, 0xfe),
  }
}

export function checkpoint(n: number, position: number, changes: Partial<LogCheckpoint> = {}): LogCheckpoint {
  return {
    log: log(n),
    position,
    range: rangeOf(position),
    verifiedHead: head(position + 10),
    pendingHeads: [head(position + 20), head(position + 30)],
    learned: { pageSize: 256, rate: 0.5, nested: { days: [1, 2] } },
    ...changes,
  }
}

/** As many hashes as `[0, position)` has perfect subtrees. */
export function rangeOf(position: number): Uint8Array[] {
  const ones = [...position.toString(2)].filter((bit) => bit === '1').length
  return Array.from({ length: ones }, (_, i) => sha256(Buffer.from(`${position}/${i}`)))
}

export function gap(n: number, start: number, end: number | undefined): Gap {
  return { log: log(n), start, end, reason: 'the log answers 404 since its shutdown', recordedAt: 1_790_000_000_000 }
}

export function evidence(n: number): Evidence {
  return {
    log: log(n),
    code: 'CT_ROOT_MISMATCH',
    message: `entries do not hash to the root (${n})`,
    detail: { heads: [{ treeSize: n, signature: 'BAMA' }], proof: [] },
    recordedAt: 1_790_000_000_001,
  }
}

export function list(url: string, body: string): StoredList {
  return {
    url,
    body: new TextEncoder().encode(body),
    etag: '"1"',
    lastModified: undefined,
    fetchedAt: 1_790_000_000_002,
  }
}

const index = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 53 - 1))
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const text = fc.string({ unit: 'grapheme', maxLength: 20 })

const anyHead: fc.Arbitrary<SignedHead> = fc.record({
  treeSize: index,
  timestamp: index,
  rootHash: bytes(32),
  signature: fc.uint8Array({ maxLength: 80 }),
})

/** Any checkpoint of one of six logs. */
export const anyCheckpoint: fc.Arbitrary<LogCheckpoint> = fc.record({
  log: fc.record({ n: fc.nat(5), description: text, operator: text }).map(({ n, ...texts }) => log(n, texts)),
  position: index,
  range: fc.option(fc.array(bytes(32), { maxLength: 5 }), { nil: undefined }),
  verifiedHead: fc.option(anyHead, { nil: undefined }),
  pendingHeads: fc.array(anyHead, { maxLength: 3 }),
  learned: fc
    .dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3, noNullPrototype: true })
    .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>),
})
