// Runtimes as the package registry has them, each kept by its version below the home folder.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

export const cache = join(homedir(), '.cache', 'ct-stream', 'runtimes')

const { platform, arch } = process
const armed = arch === 'arm64' ? 'aarch64' : arch

/** What is run, and the package of this platform that holds it. */
const packages = {
  node: { name: `node-${platform === 'win32' ? 'win' : platform}-${arch}`, binary: join('bin', 'node') },
  deno: { name: `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`, binary: 'deno' },
  bun: { name: `@oven/bun-${platform}-${armed}`, binary: join('bin', 'bun') },
}

/**
 * The newest release of a major version, downloaded if it is not there yet. Without the registry, the newest that is there.
 *
 * @returns Its exact version, its binary, and the folder of its package, in which Node's headers are.
 * @throws When there is none to be had.
 */
export function runtime(kind, major) {
  const { name, binary } = packages[kind]
  mkdirSync(cache, { recursive: true })
  const version = newest(name, major) ?? kept(kind, major)
  if (version === undefined) throw new Error(`the registry has no ${name}@${major} for this machine, and none is kept`)
  const folder = join(cache, `${kind}-${version}`)
  if (!existsSync(join(folder, binary))) download(`${name}@${version}`, folder)
  return { kind, major, version, folder, binary: join(folder, binary) }
}

function newest(name, major) {
  try {
    const versions = [JSON.parse(npm(['view', `${name}@${major}`, 'version', '--json'], { stdio: 'pipe' }))].flat()
    return versions.sort(byNumber).at(-1)
  } catch {
    return undefined
  }
}

function kept(kind, major) {
  const versions = readdirSync(cache).filter((entry) => entry.startsWith(`${kind}-${major}.`))
  return versions
    .map((entry) => entry.slice(kind.length + 1))
    .sort(byNumber)
    .at(-1)
}

const byNumber = (a, b) => a.localeCompare(b, 'en', { numeric: true })

/** Complete or not at all: it is renamed into its place. */
function download(spec, folder) {
  const place = mkdtempSync(join(cache, 'download-'))
  try {
    const file = npm(['pack', '--silent', spec, '--pack-destination', place], { stdio: 'pipe' })
      .trim()
      .split('\n')
      .at(-1)
    execFileSync('tar', ['xzf', join(place, file), '-C', place])
    rmSync(join(place, 'package', 'share'), { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
    renameSync(join(place, 'package'), folder)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** Runs npm under a Node: by default the one that runs this. npm chooses versions by the engine it runs on. */
export function npm(args, { node = process.execPath, env = environment(node), ...options } = {}) {
  return execFileSync(node, [npmScript(), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
    ...options,
  })
}

/** The environment with `node` first in the PATH, and without what `npm run` says of the project it runs in. */
export function environment(node, more = {}) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, ...more }
  for (const name of Object.keys(env))
    if (
      /^npm_(package|lifecycle|config_(local_prefix|prefix|node_gyp|user_agent))/i.test(name) ||
      name === 'NODE_OPTIONS'
    )
      delete env[name]
  return env
}

function npmScript() {
  if (process.env.npm_execpath?.endsWith('npm-cli.js')) return process.env.npm_execpath
  const found = process.env.PATH.split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .find((path) => existsSync(path))
  if (found === undefined) throw new Error('npm is not in the PATH')
  return realpathSync(found)
}
