import { CtStreamError } from '../errors.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import { MemoryCheckpointStore } from './memory.js'
import { SqliteCheckpointStore } from './sqlite.js'

/** The `checkpoint` option of a stream: a SQLite file, your own store, or memory only. */
export type CheckpointOption = string | CheckpointStore | false

/** Where positions are kept when the option is left out. */
export const DEFAULT_CHECKPOINT = 'ct-stream.db'

const methods: readonly (keyof CheckpointStore)[] = [
  ...(['open', 'load', 'commit', 'addGap', 'gaps', 'addEvidence', 'evidence'] as const),
  ...(['issuer', 'putIssuer', 'list', 'putList', 'close'] as const),
]

/**
 * The store for an option. Does not open it: nothing is read or created.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for any other option.
 */
export function checkpointStore(option: CheckpointOption = DEFAULT_CHECKPOINT): CheckpointStore {
  if (option === false) return new MemoryCheckpointStore()
  if (typeof option === 'string') return new SqliteCheckpointStore(option)
  if (typeof option !== 'object' || option === null) {
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      `checkpoint must be a file name, a CheckpointStore or false, not ${String(option)} (${typeof option})`,
    )
  }
  const missing = methods.filter((name) => typeof option[name] !== 'function')
  if (missing.length === 0) return option
  throw new CtStreamError('CT_OPTION_INVALID', `checkpoint is a store without ${missing.join('(), ')}()`)
}

/** The store's name in messages. */
export function storeName(option: CheckpointOption = DEFAULT_CHECKPOINT): string {
  return typeof option === 'string' ? `checkpoint file ${option}` : 'the checkpoint store'
}
