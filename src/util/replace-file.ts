import { rename, rm, writeFile } from 'node:fs/promises'

/**
 * Replaces a file atomically: a concurrent reader sees the whole old file or the whole new one. Only its owner may read it.
 *
 * Rejects with Node's error, and leaves the old file as it was.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const partial = `${path}.new`
  try {
    await writeFile(partial, text, { mode: 0o600 })
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {})
    throw error
  }
}
