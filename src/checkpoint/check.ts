import { CtStreamError } from '../errors.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { SignedHead } from '../types/log.js'

const hashLength = 32

/**
 * Refuses what no store may keep, before anything is written: a position that is not exact, hashes of a wrong length.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the log, the field and its value.
 */
export function checkLogCheckpoint(checkpoint: LogCheckpoint): void {
  const { log, position, range, verifiedHead, pendingHeads } = checkpoint
  if (typeof log.id !== 'string' || log.id === '') refuse(checkpoint, 'log.id must not be empty', String(log.id))
  checkIndex(checkpoint, 'position', position)
  for (const hash of range ?? []) checkHash(checkpoint, 'range', hash)
  if (verifiedHead !== undefined) checkHead(checkpoint, 'verifiedHead', verifiedHead)
  for (const head of pendingHeads) checkHead(checkpoint, 'pendingHeads', head)
}

/** Whether `value` can be an index, a size or a time: an integer in `[0, 2^53)`. */
export function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function checkHead(checkpoint: LogCheckpoint, field: string, head: SignedHead): void {
  checkIndex(checkpoint, `${field}.treeSize`, head.treeSize)
  checkIndex(checkpoint, `${field}.timestamp`, head.timestamp)
  checkHash(checkpoint, `${field}.rootHash`, head.rootHash)
}

function checkIndex(checkpoint: LogCheckpoint, field: string, value: number): void {
  if (!isIndex(value)) refuse(checkpoint, `${field} must be an integer in [0, 2^53)`, String(value))
}

function checkHash(checkpoint: LogCheckpoint, field: string, hash: Uint8Array): void {
  if (hash.length !== hashLength) refuse(checkpoint, `${field} must hold hashes of 32 bytes`, hash.length)
}

function refuse({ log }: LogCheckpoint, rule: string, actual: string | number): never {
  throw new CtStreamError('CT_OPTION_INVALID', `checkpoint of log ${log.id}: ${rule}, not ${actual}`, {
    logId: log.id,
    actual,
  })
}
