import { execFile, fork, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { usageOf } from './peers.mjs'

const run = promisify(execFile)
const program = (name) => join(import.meta.dirname, 'programs', `${name}.mjs`)
const sleep = promisify(setTimeout)

/** The log server, in a process of its own. */
export class LogServer {
  static async start(options) {
    const child = fork(join(import.meta.dirname, 'log/server.mjs'), [JSON.stringify(options)])
    const gone = new Promise((_, reject) => {
      child.once('exit', (code) => reject(new Error(`the log server ended with ${code}`)))
    })
    gone.catch(() => {})
    const { ready } = await answerOf(child, gone)
    return new LogServer(child, gone, ready)
  }

  constructor(child, gone, ready) {
    this.child = child
    this.gone = gone
    this.ready = ready
  }

  /** The log at a size. */
  spec(kind, size) {
    const { url, key } = this.ready
    const base = `${url}/${size}/`
    return kind === 'rfc6962' ? { kind, url: base, key } : { kind, monitoringUrl: base, submissionUrl: base, key }
  }

  /** CPU milliseconds since the start, and resident bytes. */
  async usage() {
    const answer = answerOf(this.child, this.gone)
    this.child.send('usage')
    return (await answer).usage
  }

  /** Runs `work`; with its result, what it cost the server. */
  async beside(work) {
    const before = await this.usage()
    const result = await work()
    const after = await this.usage()
    return { ...result, serverCpuMs: after.cpuMs - before.cpuMs, serverRssBytes: after.rss }
  }

  stop() {
    if (this.child.connected) this.child.disconnect()
  }
}

const answerOf = (child, gone) => Promise.race([new Promise((resolve) => child.once('message', resolve)), gone])

/** Runs a program of `programs/` in a process of its own; its last line is its result. */
export async function measure(name, args, flags = []) {
  const { stdout } = await run(process.execPath, [...flags, program(name), JSON.stringify(args)], {
    maxBuffer: 2 ** 28,
  })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1))
}

/** Milliseconds from starting a node process to its end, and of CPU time, which it says itself. */
export async function lifetime(name) {
  const begun = performance.now()
  const { stdout } = await run(process.execPath, [program(name)])
  return { wallMs: performance.now() - begun, cpuMs: Number(stdout) }
}

/** Milliseconds from starting a process to its first line on stdout. */
export async function timeToFirstLine(name, args) {
  const begun = performance.now()
  const child = spawn(process.execPath, [program(name), JSON.stringify(args)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('close', (code) => reject(new Error(`${name} ended with ${code} and said nothing`)))
  })
  const elapsed = performance.now() - begun
  await ended
  return elapsed
}

/** Version of certspotter; `undefined` when it is not installed. */
export async function certspotterVersion() {
  try {
    const { stdout, stderr } = await run('certspotter', ['-version'])
    return (stdout + stderr).trim()
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    return `${error.stdout}${error.stderr}`.trim() || 'unknown version'
  }
}

/** Whether a version of certspotter is below 0.`minor`. */
const isBefore = (version, minor) => Number(/\b0\.(\d+)/.exec(version ?? '')?.[1] ?? minor) < minor

/** Whether a version of certspotter reads logs of tiles, as it does from 0.19 on. */
export const readsTiles = (version) => !isBefore(version, 19)

/**
 * certspotter over the same entries: a log list with this one log, a watch list of one name that is in no certificate (it compares
 * every name of a certificate with every name watched), no notification, from the beginning until it has verified the whole tree.
 */
export async function measureCertspotter(server, kind, entries) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-certspotter-'))
  const file = (name, text) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const list = file('logs.json', JSON.stringify(logList(server, kind, entries)))
  const watch = file('watchlist', '.nobody-has-this-name.example\n')
  const state = join(folder, 'state')
  // What it asks for at once; from 0.20 on it finds that out itself, as far as it does not read tiles.
  const size = isBefore(await certspotterVersion(), 20) ? ['-batch_size', '256'] : []
  const args = ['-logs', list, '-state_dir', state, '-watchlist', watch, ...size, '-no_save', '-stdout']
  const begun = performance.now()
  const child = spawn('certspotter', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOME: folder, CERTSPOTTER_CONFIG_DIR: folder },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    while (verifiedSize(state) !== entries) {
      if (child.exitCode !== null) throw new Error(`certspotter ended: ${said}`)
      if (performance.now() - begun > 300_000) throw new Error(`certspotter is not done after 300 s: ${said}`)
      await sleep(20)
    }
    const wallMs = performance.now() - begun
    return { entries, wallMs, ...usageOf(child.pid), said }
  } finally {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

function verifiedSize(state) {
  const logs = join(state, 'logs')
  if (!existsSync(logs)) return undefined
  for (const name of readdirSync(logs))
    try {
      return JSON.parse(readFileSync(join(logs, name, 'state.json'), 'utf8')).verified_position?.size
    } catch {
      // not there yet
    }
  return undefined
}

function logList(server, kind, entries) {
  const { key, logId } = server.ready
  const url = `${server.ready.url}/${entries}/`
  const since = '2026-01-01T00:00:00Z'
  const log = { description: 'bench', log_id: logId, key, mmd: 86_400, state: { usable: { timestamp: since } } }
  const [logs, tiled_logs] =
    kind === 'rfc6962' ? [[{ ...log, url }], []] : [[], [{ ...log, monitoring_url: url, submission_url: url }]]
  const operators = [{ name: 'bench', email: ['bench@operator.example'], logs, tiled_logs }]
  return { version: '1.0', log_list_timestamp: since, operators }
}
