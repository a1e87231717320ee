import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'

const ROOT = join(import.meta.dirname, '../..')
const PROGRAM = join(import.meta.dirname, 'programs/bundled.mjs')
const ENTRIES = [...issueCertificates(300, { sign: false })]
const NOT_FOUND = [expect.stringContaining('was not found (page-worker.js)')]

const place = mkdtempSync(join(tmpdir(), 'ct-stream-bundle-'))
let log: TestLog
beforeAll(async () => {
  log = await createTestLog({ entries: ENTRIES, mmd: 86_400 })
})
afterAll(async () => {
  await log.close()
  rmSync(place, { recursive: true, force: true })
})

async function run(file: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [file, JSON.stringify(log.spec)], {
    cwd: dirname(file),
  })
  return JSON.parse(stdout)
}

/** The program with everything it needs but native packages, in a folder of its own. */
async function bundle(name: string, format: 'esm' | 'cjs'): Promise<string> {
  const outDir = join(place, name)
  await build({
    config: false,
    silent: true,
    entry: { program: PROGRAM },
    outDir,
    format,
    platform: 'node',
    target: 'node20',
    noExternal: [/^(?!better-sqlite3$|node:)/],
    external: ['better-sqlite3'],
    outExtension: () => ({ js: format === 'esm' ? '.mjs' : '.cjs' }),
    // Packages in the form of CommonJS need a `require` in an ESM bundle, as esbuild's users know.
    ...(format === 'esm' && {
      banner: { js: "import { createRequire as cr } from 'node:module'; const require = cr(import.meta.url)" },
    }),
  })
  return join(outDir, format === 'esm' ? 'program.mjs' : 'program.cjs')
}

describe('a program that is bundled', () => {
  it.each(['esm', 'cjs'] as const)(
    'reads in one thread, and warns why, if the package is not installed: %s',
    async (format) => {
      const file = await bundle(`alone-${format}`, format)
      expect(await run(file)).toEqual({ entries: 300, threads: 0, warnings: NOT_FOUND })
    },
  )

  it('uses threads if the package is installed', async () => {
    const file = await bundle('installed', 'esm')
    mkdirSync(join(place, 'installed/node_modules'))
    symlinkSync(ROOT, join(place, 'installed/node_modules/ct-stream'))
    expect(await run(file)).toEqual({ entries: 300, threads: 1, warnings: [] })
  })

  it('uses threads in a CommonJS program that requires the package', async () => {
    const folder = join(place, 'required')
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    symlinkSync(ROOT, join(folder, 'node_modules/ct-stream'))
    const file = join(folder, 'program.cjs')
    writeFileSync(
      file,
      `const { ctStream } = require('ct-stream')
let threads = 0
process.on('worker', () => threads++)
const logs = [JSON.parse(process.argv[2])]
const main = async () => {
  let entries = 0
  for await (const batch of ctStream({ logs, start: 'beginning', end: 'head', checkpoint: false, workers: 1 }).batches())
    entries += batch.length
  console.log(JSON.stringify({ entries, threads }))
}
main()
`,
    )
    expect(await run(file)).toEqual({ entries: 300, threads: 1 })
  })
})
