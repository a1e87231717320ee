import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

const program = join(import.meta.dirname, '../ci/counts.mjs')

interface File {
  readonly passed?: readonly string[]
  readonly failed?: readonly string[]
  readonly message?: string
}

/** What a stage of vitest leaves, as its JSON reporter writes it. */
function resultsOf(files: Readonly<Record<string, File>>) {
  const testResults = Object.entries(files).map(([name, { passed = [], failed = [], message = '' }]) => ({
    name: `/somewhere/${name}`,
    status: failed.length > 0 || message !== '' ? 'failed' : 'passed',
    message,
    assertionResults: [
      ...passed.map((fullName) => ({ fullName, status: 'passed', failureMessages: [] })),
      ...failed.map((fullName) => ({ fullName, status: 'failed', failureMessages: ['expected 1 to be 2'] })),
    ],
  }))
  const numPassedTests = testResults.flatMap(({ assertionResults: all }) => all.filter((t) => t.status === 'passed'))
  return { numPassedTests: numPassedTests.length, testResults }
}

function counted(stages: Readonly<Record<string, Readonly<Record<string, File>> | undefined>>, ended: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-counts-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [stage, files] of Object.entries(stages))
    if (files !== undefined) writeFileSync(join(folder, `${stage}.json`), JSON.stringify(resultsOf(files)))
  if (ended.length > 0) writeFileSync(join(folder, 'ended'), `${ended.join('\n')}\n`)
  return execFileSync(process.execPath, [program, folder, ...Object.keys(stages)], { encoding: 'utf8' }).split('\n')
}

const two = { 'a.test.ts': { passed: ['one', 'two'] } }

it('the last line of CI is how many tests passed and failed in all stages', () => {
  expect(counted({ tests: two, engines: two })).toEqual(['4 passed, 0 failed', ''])
  const said = counted({ tests: two, engines: { 'b.test.ts': { passed: ['one'], failed: ['keeps all'] } } }, [
    'engines',
  ])
  expect(said).toEqual(['✘ engines: b.test.ts: keeps all', 'expected 1 to be 2', '3 passed, 1 failed', ''])
})

it('what failed outside of tests is a failure of CI, too: a file, a stage without results, one that only its status tells of', () => {
  expect(counted({ tests: { ...two, 'c.test.ts': { message: 'no such module' } } }, ['tests'])).toEqual([
    '✘ tests: c.test.ts, outside of its tests',
    'no such module',
    '2 passed, 1 failed',
    '',
  ])
  expect(counted({ tests: two, engines: undefined }, ['engines', 'check'])).toEqual([
    '✘ engines: left no results',
    expect.stringContaining('ENOENT'),
    '✘ check: ended with another status than 0: see its output',
    '',
    '2 passed, 2 failed',
    '',
  ])
})
