import { isUnfinished } from '../stream/unfinished.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'

/**
 * The logs of a shard that were begun and may have more to read, listed or not.
 *
 * @param store - Closed again afterwards: its stream opens it.
 */
export async function unfinishedLogs(store: CheckpointStore): Promise<readonly LogInfo[]> {
  await store.open()
  try {
    const rows = await store.load()
    const gaps = rows.length === 0 ? [] : await store.gaps()
    return rows.filter((row) => isUnfinished(row, row.position, gaps)).map(({ log }) => log)
  } finally {
    await store.close()
  }
}
