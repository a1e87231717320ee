import { realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { unusable } from './sqlite-errors.js'

/**
 * The one absolute path of a checkpoint file, symbolic links followed, so that two ways of naming a file are one lock.
 *
 * Only `stat` is used: opening and closing a SQLite file by other means drops the locks this process has on it.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for a directory, a device, or a path below no directory.
 */
export function locate(path: string): { readonly path: string; readonly bytes: number | undefined } {
  const stats = statOf(path)
  if (stats?.isDirectory()) throw unusable(path, 'is a directory: name a file in it')
  if (stats !== undefined && !stats.isFile()) throw unusable(path, 'is not a regular file')
  if (stats !== undefined) return { path: realpathSync(path), bytes: stats.size }
  const absolute = resolve(path)
  if (!statOf(dirname(absolute))?.isDirectory()) {
    throw unusable(path, `cannot be created: there is no directory ${dirname(absolute)}`)
  }
  return { path: join(realpathSync(dirname(absolute)), basename(absolute)), bytes: undefined }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    throw unusable(path, `cannot be reached: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
}
