import { CtStreamError } from '../errors.js'
import type { CheckpointJson, HeadJson, LogCheckpoint } from '../types/checkpoint.js'
import type { SignedHead } from '../types/log.js'
import { fromBase64, toBase64 } from '../util/bytes.js'
import { rowToKeep } from './check.js'
import { type RowFault, readRow } from './row.js'

/**
 * A row as plain JSON, for your own store: bytes as base64, absent fields as `null`, with its checksum.
 *
 * ```ts
 * await redis.hset('checkpoint', row.log.id, JSON.stringify(checkpointToJSON(row)))
 * ```
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a row that no store may keep, naming the log and the field.
 */
export function checkpointToJSON(checkpoint: LogCheckpoint): CheckpointJson {
  const { log, position, range, verifiedHead, pendingHeads, learned, checksum } = rowToKeep(checkpoint)
  return {
    log,
    position,
    range: range === undefined ? null : range.map(toBase64),
    verifiedHead: verifiedHead === undefined ? null : headToJSON(verifiedHead),
    pendingHeads: pendingHeads.map(headToJSON),
    learned,
    checksum: checksum ?? null,
  }
}

/**
 * The row that {@link checkpointToJSON} wrote, every field of it checked.
 *
 * @param json - The value, or its text.
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for anything else, naming the log and the field.
 */
export function checkpointFromJSON(json: unknown): LogCheckpoint {
  return readRow(withBytes(parsed(json)), unusable)
}

function headToJSON({ treeSize, timestamp, rootHash, signature }: SignedHead): HeadJson {
  return { treeSize, timestamp, rootHash: toBase64(rootHash), signature: toBase64(signature) }
}

function parsed(json: unknown): unknown {
  if (typeof json !== 'string') return json
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new CtStreamError('CT_CHECKPOINT_UNUSABLE', 'a row of the checkpoint store is not JSON', { cause })
  }
}

/** Decodes base64 where bytes are expected. Leaves anything else as it is: the check of the fields reports it. */
function withBytes(value: unknown): unknown {
  if (!isObject(value)) return value
  const { range, verifiedHead, pendingHeads } = value
  return {
    ...value,
    range: Array.isArray(range) ? range.map(bytes) : range,
    verifiedHead: headWithBytes(verifiedHead),
    pendingHeads: Array.isArray(pendingHeads) ? pendingHeads.map(headWithBytes) : pendingHeads,
  }
}

function headWithBytes(head: unknown): unknown {
  return isObject(head) ? { ...head, rootHash: bytes(head.rootHash), signature: bytes(head.signature) } : head
}

function bytes(value: unknown): unknown {
  return typeof value === 'string' ? (fromBase64(value) ?? value) : value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unusable({ logId, field, rule, actual, cause }: RowFault): CtStreamError {
  const message = `checkpoint of log ${logId ?? '?'}: ${field} must be ${rule}, not ${actual}`
  return new CtStreamError('CT_CHECKPOINT_UNUSABLE', message, { logId, cause })
}
