import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** A folder for the tests of one file; `path()` inside it, fresh names from `file()`. */
export function useTempFolder(): { path(...parts: string[]): string; file(): string } {
  let folder = ''
  let count = 0
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ct-stream-checkpoint-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return {
    path: (...parts) => join(folder, ...parts),
    file: () => join(folder, `${(count += 1)}.db`),
  }
}
