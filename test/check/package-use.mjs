// The packed package as a stranger meets it: packed as npm would publish it, installed in an empty project, used there.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @param npm - Runs npm with arguments in a folder, and returns what it prints.
 * @returns The file, and how many files are in it.
 */
export function pack(tree, place, npm) {
  const [{ filename, files }] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', place], tree),
  )
  const unwanted = files.filter(
    ({ path }) =>
      !/^(dist\/|examples\/|src\/\w+\/README\.md|package\.json|README\.md|CHANGELOG\.md|LICENSE)/.test(path),
  )
  if (unwanted.length > 0) throw new Error(`the tarball holds ${unwanted.map(({ path }) => path).join(', ')}`)
  return { tarball: join(place, filename), filename, files: files.length }
}

/** Without install scripts: what needs no SQLite file must work where a native module was not built. */
export function install(folder, tarball, npm) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball], folder)
}

// Reads a log to its end, keeps its positions or not, and says how many certificates it got, or why it got none.
const program = `import { ctStream } from 'ct-stream'
import { createTestLog, issueCertificates } from 'ct-stream/testing'
const [kind, checkpoint] = process.argv.slice(2)
const log = await createTestLog({ kind })
log.add([...issueCertificates(10)])
log.publish()
const read = async () => {
  let count = 0
  const options = { logs: [log.spec], start: 'beginning', end: 'head', checkpoint: checkpoint ?? false }
  for await (const cert of ctStream(options)) count += cert.serialNumber ? 1 : 0
  return count
}
try {
  const first = await read()
  console.log(checkpoint === undefined ? first : first + ', then ' + (await read()))
} catch (error) {
  console.log(error.code + ': ' + error.message)
}
await log.close()
`

/**
 * Both protocols, the command line and its demo.
 *
 * @param run - Runs a script with arguments in the folder, and returns what it prints.
 */
export function use(folder, run) {
  writeFileSync(join(folder, 'use.mjs'), program)
  for (const kind of ['rfc6962', 'static-ct'])
    expectText(`what it read of an ${kind} log`, run(['use.mjs', kind]), '10')
  const { bin, version } = JSON.parse(readFileSync(join(folder, 'node_modules/ct-stream/package.json'), 'utf8'))
  const command = join('node_modules/ct-stream', bin['ct-stream'])
  const printed = run([command, '--version'])
  if (!printed.includes(version)) throw new Error(`ct-stream --version printed ${printed}`)
  const lines = run([command, 'demo', '--limit', '5', '--no-checkpoint']).split('\n')
  if (lines.length !== 5 || !lines.every((line) => JSON.parse(line))) throw new Error(`the demo printed ${lines}`)
}

const module = `import { defineModule } from 'ct-stream/modules'
export default defineModule({ name: 'names', onCertificate: ({ dnsNames }, { emit }) => {
  if (dnsNames.length > 0) emit({ kind: 'name', subject: dnsNames[0], reason: 'it has one' })
} })
`
const moduleTest = `import { findingsOf } from 'ct-stream/modules/testing'
import { jsonl } from 'ct-stream/outputs/jsonl'
import names from './names.mjs'
console.log((await findingsOf(names, ['a.example', 'b.example'])).map(({ subject }) => subject).join(' '), jsonl.name)
`

/** A module of one's own: in a test, and from the command line. */
export function useModules(folder, run) {
  writeFileSync(join(folder, 'names.mjs'), module)
  writeFileSync(join(folder, 'names.test.mjs'), moduleTest)
  expectText('what a module finds in a test', run(['names.test.mjs']), 'a.example b.example jsonl')
  const { bin } = JSON.parse(readFileSync(join(folder, 'node_modules/ct-stream/package.json'), 'utf8'))
  const lines = run([
    join('node_modules/ct-stream', bin['ct-stream']),
    'demo',
    '--limit',
    '20',
    '--module',
    './names.mjs',
  ])
  const modules = lines.split('\n').map((line) => JSON.parse(line).module)
  if (modules.some((name) => name !== 'names')) throw new Error(`the demo with a module printed ${lines}`)
}

/** Keeps positions in a file, and goes on from them; where SQLite cannot be used, it must say what to do, and not crash. */
export function useFile(folder, run, mayBeMissing) {
  writeFileSync(join(folder, 'use.mjs'), program)
  rmSync(join(folder, 'use.db'), { force: true })
  const printed = run(['use.mjs', 'rfc6962', 'use.db'])
  if (mayBeMissing && /^CT_PEER_MISSING: .*checkpoint: false/.test(printed)) return 'refuses checkpoint files'
  expectText('what it read with a checkpoint file', printed, '10, then 0')
  return 'keeps checkpoint files'
}

/** A better-sqlite3 that would end this process is refused with the command that puts it right. */
export function refuseFile(folder, run) {
  writeFileSync(join(folder, 'use.mjs'), program)
  const printed = run(['use.mjs', 'rfc6962', 'use.db'])
  if (!/^CT_PEER_MISSING: .*would crash Node.*npm install better-sqlite3@/.test(printed)) throw new Error(printed)
}

function expectText(what, printed, expected) {
  if (printed !== expected) throw new Error(`${what}: ${JSON.stringify(printed.slice(0, 2000))}, not ${expected}`)
}
