// `npm run check`: everything about the project that is not a test. Runs all steps, then fails if one failed.
import { spawnSync } from 'node:child_process'

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

const failed = []
for (const [name, [command, ...args]] of steps) {
  console.log(`\n— ${name}: ${command} ${args.join(' ')}`)
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) failed.push(name)
}

console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
