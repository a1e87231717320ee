import { sealed } from '../checkpoint/checksum.js'
import { countOnes } from '../merkle/proof-shape.js'
import type { Evidence, Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { toBase64 } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'

// Invented data for checkpoint stores, as hard to store as real data.

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Log `n`; its text has quotes, a line break and characters outside the basic plane. */
export function sampleLog(n: number, changes: Partial<LogInfo> = {}): LogInfo {
  return {
    id: toBase64(sha256(bytesOf(`log ${n}`))),
    description: `Log ${n} “2026h2” 'quoted' "twice" \\ 🪵\n%_`,
    operator: 'Operator',
    kind: n % 2 === 0 ? 'rfc6962' : 'static-ct',
    url: `https://log-${n}.example/`,
    ...changes,
  }
}

export function sampleHead(treeSize: number): SignedHead {
  return {
    treeSize,
    timestamp: 1_790_000_000_000 + (treeSize % 1_000_000),
    rootHash: sha256(bytesOf(`root ${treeSize}`)),
    signature: Uint8Array.of(4, 3, 0, 2, 0xca, 0xfe),
  }
}

/** A row of log `n` as the library commits it, including its checksum. */
export function sampleCheckpoint(n: number, position: number, changes: Partial<LogCheckpoint> = {}): LogCheckpoint {
  return sealed({
    log: sampleLog(n),
    position,
    range: sampleRange(position),
    verifiedHead: sampleHead(position + 10),
    pendingHeads: [sampleHead(position + 20), sampleHead(position + 30)],
    learned: { pageSize: 256, rate: 0.5, nested: { days: [1, 2] } },
    ...changes,
  })
}

/** As many hashes as `[0, position)` has perfect subtrees. */
export function sampleRange(position: number): Uint8Array[] {
  return Array.from({ length: countOnes(position) }, (_, i) => sha256(bytesOf(`${position}/${i}`)))
}

export function sampleGap(n: number, start: number, end: number | undefined): Gap {
  const reason = 'the log answers 404 since its shutdown'
  return { log: sampleLog(n), start, end, reason, recordedAt: 1_790_000_000_000 }
}

export function sampleEvidence(n: number): Evidence {
  return {
    log: sampleLog(n),
    code: 'CT_ROOT_MISMATCH',
    message: `entries do not hash to the root (${n})`,
    detail: { heads: [{ treeSize: n, signature: 'BAMA' }], proof: [] },
    recordedAt: 1_790_000_000_001,
  }
}

export function sampleList(url: string, body: string): StoredList {
  return { url, body: bytesOf(body), etag: '"1"', lastModified: undefined, fetchedAt: 1_790_000_000_002 }
}
