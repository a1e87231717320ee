// `npm run test:nodes -- [--tarball-only] [--only 20,26,bun]`: the packed package under every runtime that it is made for, installed by
// npm under each, so that npm chooses what fits; then all tests under every Node.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { install, pack, refuseFile, use, useFile } from '../check/package-use.mjs'
import { cache, environment, npm, runtime } from './runtimes.mjs'
import { copyTree } from './tree.mjs'

const { values: flags } = parseArgs({
  options: { 'tarball-only': { type: 'boolean', default: false }, only: { type: 'string' } },
})
const wanted = flags.only?.split(',')
const nodes = ['20', '22', '24', '26'].filter((major) => wanted?.includes(major) ?? true)
const others = [
  ['deno', '2'],
  ['bun', '1'],
].filter(([kind]) => wanted?.includes(kind) ?? true)

const place = mkdtempSync(join(tmpdir(), 'ct-stream-nodes-'))
const counts = { passed: 0, failed: 0, skipped: 0 }
/** Folders in which the tarball was installed, by what installed it. */
const installed = new Map()

try {
  const { tarball } = step('build and pack', () => packed()) ?? {}
  if (tarball !== undefined) {
    for (const major of nodes) step(`Node ${major}: the tarball`, () => underNode(major, tarball))
    wrongPairs()
    for (const [kind, major] of others) underOther(kind, major, tarball)
  }
  if (!flags['tarball-only']) for (const major of nodes) step(`Node ${major}: all tests`, () => suite(major))
} finally {
  rmSync(place, { recursive: true, force: true })
}
console.log(`runtimes: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed > 0 ? 1 : 0

function step(name, work) {
  const begun = performance.now()
  const took = () => `${((performance.now() - begun) / 1000).toFixed(0)} s`
  try {
    const result = work()
    counts.passed++
    console.log(`✓ ${name}${typeof result === 'string' ? ` (${result})` : ''}, ${took()}`)
    return result
  } catch (error) {
    counts.failed++
    console.log(`✗ ${name}, ${took()}: ${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`)
    return undefined
  }
}

function skip(name, reason) {
  counts.skipped++
  console.log(`- ${name}: skipped, ${reason}`)
}

/** Runs scripts in a folder with a binary, and returns what they print. */
function runs(binary, folder, before = []) {
  const options = { cwd: folder, encoding: 'utf8', env: environment(binary), timeout: 120_000 }
  return (args) => execFileSync(binary, [...before, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}

/** Built in a copy: tests that run at the same time build in this one. */
function packed() {
  const tree = copyTree(join(place, 'packed'))
  execFileSync(process.execPath, ['node_modules/tsup/dist/cli-default.js', '--silent'], { cwd: tree, stdio: 'inherit' })
  return pack(tree, place, (args, cwd) => npm(args, { cwd }))
}

function underNode(major, tarball) {
  const { binary, version, folder: headers } = runtime('node', major)
  const folder = join(place, `node-${major}`)
  install(folder, tarball, (args, cwd) => npm(args, { node: binary, cwd }))
  installed.set(major, folder)
  const node = runs(binary, folder)
  use(folder, node)
  const driver = versionOf(folder, 'better-sqlite3')
  const native = withNativePart(folder, driver, { binary, version, headers })
  if (!native)
    skip(`Node ${major}: checkpoint files`, `better-sqlite3 ${driver} has no binary for it and could not be built`)
  return `${version}, better-sqlite3 ${driver}, ${useFile(folder, node, !native)}`
}

/** Builds what brings no binary, once for each Node that is kept. */
function withNativePart(folder, driver, { binary, version, headers }) {
  const place = join(folder, 'node_modules', 'better-sqlite3')
  if (existsSync(join(place, 'prebuilds'))) return true
  const built = join(place, 'build', 'Release', 'better_sqlite3.node')
  const keptAt = join(cache, `better-sqlite3-${driver}-node-${version}.node`)
  mkdirSync(join(place, 'build', 'Release'), { recursive: true })
  if (existsSync(keptAt)) {
    cpSync(keptAt, built)
    return true
  }
  try {
    const env = environment(binary, { npm_config_nodedir: headers, npm_config_build_from_source: 'true' })
    npm(['rebuild', 'better-sqlite3'], { node: binary, cwd: folder, env, stdio: 'pipe' })
    cpSync(built, `${keptAt}.${process.pid}`)
    renameSync(`${keptAt}.${process.pid}`, keptAt)
    return true
  } catch {
    return false
  }
}

/** What npm chose for one Node, under another that it would crash. */
function wrongPairs() {
  for (const [by, under] of [
    ['24', '20'],
    ['20', '24'],
    ['20', '26'],
  ]) {
    const folder = installed.get(by)
    if (folder === undefined || !nodes.includes(under)) continue
    step(`Node ${under}: what was installed for Node ${by} is refused`, () =>
      refuseFile(folder, runs(runtime('node', under).binary, folder)),
    )
  }
}

function underOther(kind, major, tarball) {
  const name = kind === 'deno' ? `Deno ${major}` : `Bun ${major}`
  let found
  try {
    found = runtime(kind, major)
  } catch (error) {
    return skip(`${name}: the tarball`, error.message)
  }
  step(`${name}: the tarball`, () => {
    const folder = join(place, kind)
    install(folder, tarball, (args, cwd) => npm(args, { cwd }))
    const run = runs(found.binary, folder, kind === 'deno' ? ['run', '--allow-all'] : ['run'])
    use(folder, run)
    return `${found.version}, ${useFile(folder, run, true)}`
  })
}

/** All tests in a copy of the project; its better-sqlite3 is the one that npm chooses for this Node. */
function suite(major) {
  const { binary, version } = runtime('node', major)
  const folder = join(place, `suite-${major}`)
  const tree = copyTree(folder)
  const chosen = installed.get(major)
  if (chosen === undefined) throw new Error('nothing was installed for it')
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) {
    const own = join(tree, 'node_modules', name)
    rmSync(own, { recursive: true, force: true })
    if (existsSync(join(chosen, 'node_modules', name)))
      cpSync(join(chosen, 'node_modules', name), own, { recursive: true })
  }
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--reporter=default']
  const { status } = spawnSync(binary, args, { cwd: tree, env: environment(binary), stdio: 'inherit' })
  rmSync(folder, { recursive: true, force: true })
  if (status !== 0) throw new Error(`tests failed under ${version}`)
  return version
}

function versionOf(folder, name) {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
}
