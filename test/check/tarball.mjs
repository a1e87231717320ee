// Packs the project as npm would publish it, installs the tarball in an empty project, and uses it there as a user does.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const place = mkdtempSync(join(tmpdir(), 'ct-stream-tarball-'))
const run = (command, args, options = {}) =>
  execFileSync(command, args, { cwd: place, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options })

try {
  const [{ filename, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', place], { cwd: '.' }),
  )
  const unwanted = files.filter(({ path }) => !/^(dist\/|package\.json|README\.md|CHANGELOG\.md|LICENSE)/.test(path))
  if (unwanted.length > 0) throw new Error(`the tarball holds ${unwanted.map(({ path }) => path).join(', ')}`)

  writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  // Without install scripts: what needs no SQLite file must work where the native module was not built.
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', join(place, filename)])

  writeFileSync(
    join(place, 'use.mjs'),
    `import { ctStream } from 'ct-stream'
import { createTestLog, issueCertificates } from 'ct-stream/testing'
const log = await createTestLog({ kind: 'rfc6962' })
log.add([...issueCertificates(10)])
log.publish()
let count = 0
for await (const cert of ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false })) count += cert.serialNumber ? 1 : 0
await log.close()
console.log(count)
`,
  )
  const count = run('node', ['use.mjs']).trim()
  if (count !== '10') throw new Error(`the installed package streamed ${count} of 10 certificates`)

  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const printed = run('npx', ['--no-install', 'ct-stream', '--version']).trim()
  if (!printed.includes(version)) throw new Error(`ct-stream --version printed ${printed}`)
  const lines = run('npx', ['--no-install', 'ct-stream', 'demo', '--limit', '5', '--no-checkpoint']).trim().split('\n')
  if (lines.length !== 5 || !lines.every((line) => JSON.parse(line)))
    throw new Error('ct-stream demo printed no JSON lines')
  console.log(`${filename}: ${files.length} files, installs, imports, streams`)
} finally {
  rmSync(place, { recursive: true, force: true })
}
