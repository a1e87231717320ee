import { openGaps } from '../checkpoint/open-gaps.js'
import type { SqliteCheckpointStore } from '../checkpoint/sqlite.js'
import type { ServerStore } from '../server/options.js'
import { checkpointPath, isUnnamed, openToRead } from './checkpoint-file.js'
import type { Values } from './flags/values.js'

/**
 * Gaps and evidence for the API of a server, read from the checkpoint file, which is opened for each request. `undefined` without a file
 * that can be read.
 */
export function serverStore(values: Values): ServerStore | undefined {
  const path = checkpointPath(values)
  if (path === undefined || isUnnamed(path)) return undefined
  return {
    gaps: () => inFile(path, (store) => openGaps(store.gaps(), store.load())),
    evidence: () => inFile(path, (store) => store.evidence()),
  }
}

async function inFile<T>(path: string, read: (store: SqliteCheckpointStore) => readonly T[]): Promise<readonly T[]> {
  const store = await openToRead(path)
  try {
    return store === undefined ? [] : read(store)
  } finally {
    store?.close()
  }
}
