// Packs the project, installs the tarball in an empty project, and uses it there; `npm run test:nodes` does so under every runtime.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { install, pack, use, useFile } from './package-use.mjs'

const place = mkdtempSync(join(tmpdir(), 'ct-stream-tarball-'))
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
const npm = (args, cwd) => run('npm', args, cwd)

try {
  const folder = join(place, 'user')
  const { tarball, filename, files } = pack('.', place, npm)
  install(folder, tarball, npm)
  const node = (args) => run(process.execPath, args, folder)
  use(folder, node)
  // npm runs on the Node that runs this, so it has chosen a better-sqlite3 for it; only that of Node 20 has to be built.
  const positions = useFile(folder, node, process.versions.node.startsWith('20.'))
  console.log(`${filename}: ${files} files, installs, imports, streams, ${positions}`)
} finally {
  rmSync(place, { recursive: true, force: true })
}
