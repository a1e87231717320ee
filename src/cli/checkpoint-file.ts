import { stat } from 'node:fs/promises'
import type { SqliteCheckpointStore } from '../checkpoint/sqlite.js'
import { CtStreamError } from '../errors.js'
import type { Values } from './flags/values.js'

const DEFAULT_FILE = 'ct-stream.db'

/** The checkpoint file the flags name; `undefined` with `--no-checkpoint`. */
export function checkpointPath(values: Values): string | undefined {
  return values.switch('no-checkpoint') ? undefined : (values.text('checkpoint') ?? DEFAULT_FILE)
}

/** Whether a checkpoint is a `file:` URL or in memory: then it has no folder, and other processes cannot read it. */
export const isUnnamed = (checkpoint: string): boolean => /^(?:file:|:)/.test(checkpoint)

/**
 * Opens a checkpoint file read-only, also while a stream uses it. `undefined` when there is none.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_VERSION`, `CT_CHECKPOINT_UNUSABLE`.
 */
export async function openToRead(path: string): Promise<SqliteCheckpointStore | undefined> {
  if (!(await exists(path))) return undefined
  const { SqliteCheckpointStore } = await import('../checkpoint/sqlite.js')
  const store = new SqliteCheckpointStore(path, { readOnly: true })
  await store.open()
  return store
}

/**
 * Like {@link openToRead}, for a file that must exist.
 *
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` when there is none.
 */
export async function openExisting(path: string): Promise<SqliteCheckpointStore> {
  const store = await openToRead(path)
  if (store !== undefined) return store
  throw new CtStreamError(
    'CT_CHECKPOINT_UNUSABLE',
    `there is no checkpoint file ${path}: start a stream in this directory, or name its file with --checkpoint`,
  )
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    // The store reports anything else, such as a folder without read permission.
    return !(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
  }
}
