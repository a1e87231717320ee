// Packs the project, installs the tarball in an empty project, uses it and compiles against it there; `npm run test:nodes` uses it
// under every runtime. `node test/check/tarball.mjs FILE.tgz` checks a tarball that was packed before.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { compile, compilers } from './package-types.mjs'
import { install, pack, use, useFile, useModules } from './package-use.mjs'

const place = mkdtempSync(join(tmpdir(), 'ct-stream-tarball-'))
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
const npm = (args, cwd) => run('npm', args, cwd)
const [given] = process.argv.slice(2)

try {
  const folder = join(place, 'user')
  const { tarball, filename, files } =
    given === undefined ? pack('.', place, npm) : { tarball: resolve(given), filename: given, files: 'its' }
  install(folder, tarball, npm)
  const tools = compilers('.', (path) => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')).version)
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--save-dev', ...tools], folder)
  const compiled = compile(folder, (args) => {
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    return { status, printed: stdout }
  })
  const node = (args) => run(process.execPath, args, folder)
  use(folder, node)
  useModules(folder, node)
  // npm runs on the Node that runs this, so it has chosen a better-sqlite3 for it; only that of Node 20 has to be built.
  const positions = useFile(folder, node, process.versions.node.startsWith('20.'))
  console.log(
    `${filename}: ${files} files, installs, imports, streams, ${positions}; compiles as ${compiled.join('; ')}`,
  )
} finally {
  rmSync(place, { recursive: true, force: true })
}
