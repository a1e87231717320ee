import { type BigIntStats, closeSync, constants, lstatSync, openSync, statSync } from 'node:fs'
import { unusable } from './sqlite-errors.js'

/** Which file a path leads to: device and inode. A file that is open keeps its own until it is closed. */
export type FileIdentity = string

/** `undefined` when there is no file. Symbolic links are not followed. */
export function identityOf(path: string): FileIdentity | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return stats && identity(stats)
  } catch {
    return undefined // such as a folder on the way that is gone
  }
}

/**
 * Makes an empty file that only its owner may read and write, unless there is one: what a checkpoint says of its user is
 * nobody else's affair. SQLite gives the files it puts beside the same mode.
 *
 * Nothing else is opened: closing a file drops the locks that SQLite has on it in this process.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when it cannot be made.
 */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return
    throw unusable(path, `cannot be opened or created: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
}

/** Bytes in a file; 0 when there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function identity({ dev, ino }: BigIntStats): FileIdentity {
  return `${dev}:${ino}`
}
