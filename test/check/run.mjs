// `npm run check -- [--apart]`: everything about the project that is not a test. Runs all steps, then fails if one failed. `--apart`: in a
// copy of the project, since it builds, and tests that run at the same time use what was built here.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { copyTree } from '../nodes/tree.mjs'

const { values: flags } = parseArgs({ options: { apart: { type: 'boolean', default: false } } })

const local = (name, ...args) => ['npx', '--no-install', name, ...args]

const steps = [
  ['types', local('tsc')],
  ['types of the page', local('tsc', '--noEmit', '--project', 'src/page')],
  ['lint', local('biome', 'check', '.', '--error-on-warnings')],
  ['layers and cycles', local('vitest', 'run', '--config', 'test/vitest.config.ts', '--project', 'unit', 'layers')],
  ['build', local('tsup', '--silent')],
  ['API report', ['node', 'test/check/api-report.mjs']],
  ['docstrings', ['node', 'test/check/docstrings.mjs']],
  ['size of the import', ['node', 'test/check/size.mjs']],
  ['publint', local('publint', '--strict')],
  ['are the types wrong', local('attw', '--pack', '.', '--profile', 'esm-only')],
  ['unused files, exports, packages', local('knip')],
  ['what only tests use', local('knip', '--production', '--config', 'test/check/knip-production.ts')],
  ['packed tarball', ['node', 'test/check/tarball.mjs']],
]

const place = mkdtempSync(join(tmpdir(), 'ct-stream-check-'))
const cwd = flags.apart ? copyTree(place, { withNode: true }) : process.cwd()
const failed = []
for (const [name, [command, ...args]] of steps) {
  console.log(`\n— ${name}: ${command} ${args.join(' ')}`)
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) failed.push(name)
}
rmSync(place, { recursive: true, force: true })

console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
