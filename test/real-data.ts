import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'vitest'

// Real log entries, heads, proofs and certificates that lie beside the project where its maintainers work; they are not
// part of it. Tests read them in place, and say that they skipped where they are absent.
const root = join(import.meta.dirname, '..', '..', 'shared', 'realdata')

export const hasRealData = existsSync(join(root, 'MANIFEST.md'))

/** Path of a real-data file or folder. */
export const realData = (...path: string[]): string => join(root, ...path)

export const realBytes = (...path: string[]): Buffer => readFileSync(realData(...path))
export const realText = (...path: string[]): string => readFileSync(realData(...path), 'utf8')
export const realJson = <T = unknown>(...path: string[]): T => JSON.parse(realText(...path)) as T

/** `describe`, skipped with a reason where the real data is absent: then its body, which may read it, is not run at all. */
export const describeReal = (name: string, body: () => void): void => {
  if (hasRealData) describe(name, body)
  else describe.skip(name, () => it('needs the real data, which is not beside this checkout', () => {}))
}
