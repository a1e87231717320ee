import type { Evidence, Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import type { LogInfo, LogKind, SignedHead } from '../types/log.js'
import { bufferOf, concatBytes, copyBytes, plain } from '../util/bytes.js'
import { isIndex } from './row.js'
import { DAMAGED, unusable } from './sqlite-errors.js'

/** Rows as better-sqlite3 reads and binds them; the columns are those of sqlite-schema.ts. */
export interface LogRow {
  readonly id: string
  readonly description: string
  readonly operator: string
  readonly kind: string
  readonly url: string
  readonly position: number
  readonly range: Buffer | null
  readonly head_size: number | null
  readonly head_timestamp: number | null
  readonly head_root: Buffer | null
  readonly head_signature: Buffer | null
  readonly learned: string
  /** Empty only in a damaged row. */
  readonly checksum: string
}

export interface PendingHeadRow {
  readonly log_id: string
  readonly ordinal: number
  readonly size: number
  readonly timestamp: number
  readonly root: Buffer
  readonly signature: Buffer
}

export interface GapRow {
  readonly log_id: string
  readonly log: string
  readonly first: number
  readonly past: number | null
  readonly reason: string
  readonly recorded_at: number
  readonly delivered: number | null
}

export interface EvidenceRow {
  readonly log_id: string
  readonly log: string
  readonly code: string
  readonly message: string
  readonly detail: string
  readonly recorded_at: number
}

export interface ListRow {
  readonly url: string
  readonly body: Buffer
  readonly etag: string | null
  readonly last_modified: string | null
  readonly fetched_at: number
}

const HASH_LENGTH = 32

/** @param row - With its checksum. */
export function logRow({ log, position, range, verifiedHead, learned, checksum = '' }: LogCheckpoint): LogRow {
  return {
    ...logFields(log),
    position,
    range: range === undefined ? null : bufferOf(concatBytes(range)),
    head_size: verifiedHead?.treeSize ?? null,
    head_timestamp: verifiedHead?.timestamp ?? null,
    head_root: verifiedHead ? bufferOf(verifiedHead.rootHash) : null,
    head_signature: verifiedHead ? bufferOf(verifiedHead.signature) : null,
    learned: JSON.stringify(learned),
    checksum,
  }
}

/**
 * The row as stored in the file, unchecked: `loadedRows` checks the fields, as for any store.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` where columns do not make fields.
 */
export function readLog(
  row: Omit<LogRow, 'checksum'>,
  pending: readonly PendingHeadRow[],
  path: string,
): LogCheckpoint {
  return {
    log: { id: row.id, description: row.description, operator: row.operator, kind: row.kind as LogKind, url: row.url },
    position: row.position,
    range: row.range === null ? undefined : readRange(row.range, path, row.id),
    verifiedHead: readVerifiedHead(row, path),
    pendingHeads: pending.map(readHead),
    learned: readJson(row.learned, path, `learned limits of log ${row.id}`),
  }
}

export function pendingHeadRow(logId: string, ordinal: number, head: SignedHead): PendingHeadRow {
  const { treeSize, timestamp, rootHash, signature } = head
  return { log_id: logId, ordinal, size: treeSize, timestamp, root: bufferOf(rootHash), signature: bufferOf(signature) }
}

export function gapRow({ log, start, end, reason, recordedAt, delivered }: Gap): GapRow {
  return {
    log_id: log.id,
    log: logJson(log),
    first: start,
    past: end ?? null,
    reason,
    recorded_at: recordedAt,
    delivered: delivered ?? null,
  }
}

export function readGap(row: GapRow, path: string): Gap {
  const what = `gap of log ${row.log_id}`
  return {
    log: readJson(row.log, path, what),
    start: readIndex(row.first, path, what),
    end: row.past === null ? undefined : readIndex(row.past, path, what),
    reason: row.reason,
    recordedAt: row.recorded_at,
    ...(row.delivered !== null && { delivered: readIndex(row.delivered, path, what) }),
  }
}

export function evidenceRow({ log, code, message, detail, recordedAt }: Evidence): EvidenceRow {
  return {
    log_id: log.id,
    log: logJson(log),
    code,
    message,
    detail: JSON.stringify(detail),
    recorded_at: recordedAt,
  }
}

export function readEvidence(row: EvidenceRow, path: string): Evidence {
  const { code, message, recorded_at: recordedAt } = row
  const what = `evidence of log ${row.log_id}`
  return { log: readJson(row.log, path, what), code, message, detail: readJson(row.detail, path, what), recordedAt }
}

export function listRow({ url, body, etag, lastModified, fetchedAt }: StoredList): ListRow {
  return {
    url,
    body: bufferOf(body),
    etag: etag ?? null,
    last_modified: lastModified ?? null,
    fetched_at: fetchedAt,
  }
}

export function readList({ url, body, etag, last_modified, fetched_at }: ListRow): StoredList {
  return {
    url,
    body: plain(body),
    etag: etag ?? undefined,
    lastModified: last_modified ?? undefined,
    fetchedAt: fetched_at,
  }
}

function logFields({ id, description, operator, kind, url }: LogInfo): LogInfo {
  return { id, description, operator, kind, url }
}

export function logJson(log: LogInfo): string {
  return JSON.stringify(logFields(log))
}

function readVerifiedHead(row: Omit<LogRow, 'checksum'>, path: string): SignedHead | undefined {
  const { head_size: size, head_timestamp: timestamp, head_root: root, head_signature: signature } = row
  if (size === null && timestamp === null && root === null && signature === null) return undefined
  if (size === null || timestamp === null || root === null || signature === null) {
    throw unusable(path, `${DAMAGED} (verified head of log ${row.id} is incomplete)`)
  }
  return readHead({ size, timestamp, root, signature })
}

type HeadColumns = Pick<PendingHeadRow, 'size' | 'timestamp' | 'root' | 'signature'>

function readHead({ size, timestamp, root, signature }: HeadColumns): SignedHead {
  return { treeSize: size, timestamp, rootHash: plain(root), signature: plain(signature) }
}

function readRange(blob: Buffer, path: string, logId: string): Uint8Array[] {
  if (blob.length % HASH_LENGTH !== 0) {
    throw unusable(path, `${DAMAGED} (compact range of log ${logId}: ${blob.length} bytes)`)
  }
  const count = blob.length / HASH_LENGTH
  return Array.from({ length: count }, (_, i) => copyBytes(blob.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH)))
}

/** SQLite holds 64-bit integers; one above 2^53 - 1 arrives rounded and must not be taken for a position. */
function readIndex(value: number, path: string, what: string): number {
  if (!isIndex(value)) throw unusable(path, `${DAMAGED} (${what}: ${value})`)
  return value
}

export function readJson<T>(text: string, path: string, what: string): T {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unusable(path, `${DAMAGED} (${what} is not JSON)`, cause)
  }
}
