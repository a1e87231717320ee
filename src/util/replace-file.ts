import { rename, rm, writeFile } from 'node:fs/promises'

/**
 * Writes a file so that who reads it meanwhile has the old one or the new one, whole. Only its owner may read it.
 *
 * Rejects with Node's error; the old file stays then.
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
