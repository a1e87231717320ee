// Other readers of logs over the same entries: certstream-server-go and certstream-server-rust, where they are found in the PATH or
// below the home folder's cache (`test/bench/README.md` says how they are built). Neither ends by itself: it is done when it has
// counted every entry. Both run as servers without a client.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 180_000
const cache = join(homedir(), '.cache', 'ct-stream')

/** By name: its program, how it is told of a log, and the metrics that together count the entries it has read. */
const PEERS = {
  'certstream-server-go': {
    counts: /^certstreamservergo_certificates_total\{.*\} (\S+)$/gm,
    args: ['--config', 'config.json'],
    configure({ kind, url, port, file }) {
      const log = { url, operator: 'Test', description: 'Test' }
      file('index.json', JSON.stringify({ [url.replace(/\/$/, '')]: 0 }))
      const web = { listen_addr: '127.0.0.1', listen_port: port }
      file(
        'config.json',
        JSON.stringify({
          webserver: { ...web, full_url: '/full', lite_url: '/', domains_only_url: '/domains' },
          prometheus: { ...web, enabled: true, metrics_url: '/metrics', whitelist: ['127.0.0.1/8'] },
          general: {
            disable_default_logs: true,
            [kind === 'rfc6962' ? 'additional_logs' : 'additional_tiled_logs']: [log],
            buffer_sizes: { websocket: 300, ctlog: 1000, broadcastmanager: 10_000 },
            drop_old_logs: false,
            recovery: { enabled: true, ct_index_file: './index.json' },
          },
        }),
      )
    },
  },
  'certstream-server-rust': {
    counts: /^certstream_messages_sent(?:_total)?(?:\{.*\})? (\S+)$/gm,
    args: [],
    configure({ kind, url, port, file, size, origin }) {
      const log = { name: 'Test', url }
      const position = { current_index: 0, tree_size: size, last_success: 0 }
      file('state.json', JSON.stringify({ version: 1, logs: { [url]: position, [url.replace(/\/$/, '')]: position } }))
      file(
        'config.yaml',
        JSON.stringify({
          host: '127.0.0.1',
          port,
          protocols: { websocket: true, metrics: true, health: true },
          // As fast as it can: its defaults spare the logs.
          ct_log: {
            state_file: 'state.json',
            fetch_concurrency: 16,
            default_operator_rate_limit_ms: 1,
            poll_interval_ms: 100,
            partial_tile_wait_secs: 0,
          },
          ...(kind === 'rfc6962' ? { custom_logs: [log] } : { static_logs: [{ ...log, log_origin: origin }] }),
        }),
      )
    },
  },
}

/** Names of those that are there. */
export const peers = () => Object.keys(PEERS).filter((name) => programOf(name) !== undefined)

/** @param server - The log server. Resolves with what it took a peer to read `entries` of a log, in the units of `measure`. */
export async function measurePeer(name, server, kind, entries) {
  const { counts, args, configure } = PEERS[name]
  const folder = mkdtempSync(join(tmpdir(), 'bench-peer-'))
  const port = await freePort()
  const { url: base } = server.ready
  const url = `${base}/${entries}/`
  const file = (path, text) => writeFileSync(join(folder, path), text)
  configure({ kind, url, port, file, size: entries, origin: url.replace(/^http:\/\//, '').replace(/\/$/, '') })
  const begun = performance.now()
  const child = spawn(programOf(name), args, { cwd: folder, env: { ...process.env, CERTSTREAM_CONFIG: 'config.yaml' } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said = `${said}${text}`.slice(-4000)))
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    for (let read = 0, firstMs; ; await sleep(20)) {
      // certstream-server-rust begins only where it can fetch the log list of a browser.
      if (child.exitCode !== null) return { skipped: `it ended: ${said.trimEnd().split('\n').at(-1)}` }
      read = await countedAt(`http://127.0.0.1:${port}/metrics`, counts)
      // Starting, and asking its list of logs for others, is not reading.
      if (read > 0) firstMs ??= performance.now()
      // One of a tiled log is missing to certstream-server-go, whose index is of the last one that it had.
      if (read >= entries - 1) return { entries, wallMs: performance.now() - firstMs, ...usageOf(child.pid) }
      if (performance.now() - begun > PATIENCE_MS)
        throw new Error(`${name} has read ${read} of ${entries} entries after ${PATIENCE_MS / 1000} s: ${said}`)
    }
  } finally {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

/** CPU milliseconds and most resident bytes of a process: proc(5). */
export function usageOf(pid) {
  // utime and stime, in hundredths of a second
  const [utime, stime] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13)
  const [, peak] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return { cpuMs: (Number(utime) + Number(stime)) * 10, maxRssBytes: Number(peak) * 1024 }
}

async function countedAt(url, counts) {
  try {
    const text = await (await fetch(url)).text()
    return [...text.matchAll(counts)].reduce((sum, [, count]) => sum + Number(count), 0)
  } catch {
    return 0
  }
}

function programOf(name) {
  const built = ['peers', 'logs'].flatMap((folder) =>
    existsSync(join(cache, folder))
      ? readdirSync(join(cache, folder))
          .filter((one) => one.startsWith(name))
          .flatMap((one) => [join(cache, folder, one, name), join(cache, folder, one, 'bin', name)])
      : [],
  )
  const installed = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  return [...installed, ...built].find(existsSync)
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
