import type { LogCheckpoint } from '../types/checkpoint.js'
import type { SignedHead } from '../types/log.js'
import { toHex } from '../util/bytes.js'
import { sha256Hex } from '../util/hash.js'

/** 16 bytes in hexadecimal: against damage, not against an attacker who can write the store. */
const LENGTH = 32

/**
 * The checksum of a row: the first 16 bytes, in lower-case hexadecimal, of SHA-256 over these lines of UTF-8, each ended by
 * a line feed:
 *
 * ```text
 * ct-stream checkpoint 1
 * <log id, as a JSON string>
 * <position>
 * <hashes of the range in hexadecimal, a comma between two; `-` for no range>
 * <verified head: treeSize timestamp rootHash signature, a space between two, bytes in hexadecimal; `-` for none>
 * <a line like that for each pending head, oldest first>
 * ```
 *
 * The other fields (the description of the log, its learned limits) are harmless when they are damaged.
 */
export function checkpointChecksum({ log, position, range, verifiedHead, pendingHeads }: LogCheckpoint): string {
  const lines = [
    'ct-stream checkpoint 1',
    JSON.stringify(log.id),
    String(position),
    range === undefined ? '-' : range.map(toHex).join(','),
    verifiedHead === undefined ? '-' : headLine(verifiedHead),
    ...pendingHeads.map(headLine),
  ]
  return sha256Hex(new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))).slice(0, LENGTH)
}

/** The row with its checksum. */
export function sealed(checkpoint: LogCheckpoint): LogCheckpoint {
  return { ...checkpoint, checksum: checkpointChecksum(checkpoint) }
}

function headLine({ treeSize, timestamp, rootHash, signature }: SignedHead): string {
  return `${treeSize} ${timestamp} ${toHex(rootHash)} ${toHex(signature)}`
}
