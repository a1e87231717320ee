import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-young-'))
  await build({
    entry: { program: join(import.meta.dirname, 'programs', 'young-objects.ts') },
    outDir: folder,
    format: 'esm',
    platform: 'node',
    outExtension: () => ({ js: '.mjs' }),
    config: false,
    silent: true,
  })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** MB that the space became, in a program that makes the more objects live the more room they have. */
function grown(...flags: readonly string[]): number {
  const { NODE_OPTIONS: _, ...env } = process.env
  return Number(execFileSync(process.execPath, [...flags, join(folder, 'program.mjs')], { env }).toString())
}

describe('the space for young objects', () => {
  it('is held at 16 MB, or what it grew to in the turn of the event loop that reached it', () => {
    expect(grown()).toBeLessThanOrEqual(32)
  })

  it('is as large as the flags of Node allow where they say so', () => {
    expect(grown('--max-semi-space-size=64', '--semi-space-growth-factor=4')).toBeGreaterThan(32)
  })
})
