import { type BigIntStats, closeSync, constants, lstatSync, openSync, statSync } from 'node:fs'
import { unusable } from './sqlite-errors.js'

/** Device and inode of a file. They stay the same as long as the file is open, whatever happens to its name. */
export type FileIdentity = string

/** `undefined` when there is no file. Symbolic links are not followed. */
export function identityOf(path: string): FileIdentity | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return stats && identity(stats)
  } catch {
    return undefined // for example when a parent folder is gone
  }
}

/**
 * Creates an empty file that only its owner may read and write, unless the file exists: a checkpoint shows what its user watches. SQLite
 * creates its files beside it with the same mode.
 *
 * Does not open an existing file, because closing it would drop SQLite's locks on it in this process.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when it cannot be created.
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
