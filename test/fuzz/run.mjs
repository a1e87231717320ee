// `npm run fuzz -- [--minutes N] [--seed TEXT] [--replay FILE] …`: bundles the fuzzer with the sources it tests, and runs it.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { build } from 'tsup'

const root = join(import.meta.dirname, '../..')
// Inside the project, so that packages are found from there.
const outDir = join(root, 'test/.build/fuzz')

await build({
  config: false,
  entry: { fuzz: join(import.meta.dirname, 'programs/fuzz.ts') },
  outDir,
  format: 'esm',
  target: 'node20',
  platform: 'node',
  splitting: false,
  sourcemap: true,
  silent: true,
  tsconfig: join(root, 'tsconfig.json'),
})

// Bytecode stays, or else what was covered would be forgotten; the collector can be called, to see what is kept.
const flags = ['--enable-source-maps', '--no-flush-bytecode', '--expose-gc', '--max-old-space-size=768']
const child = spawn(process.execPath, [...flags, join(outDir, 'fuzz.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
child.on('exit', (code) => {
  process.exitCode = code ?? 1
})
