// `node test/bench/plots.mjs [--entries N] [--dist FOLDER] [--out FOLDER]`, after a build: how the cost of an entry grows, as SVG beside the README.
//
// CPU time of the whole reader for each entry, in one thread and with every name read; the least of three runs, which take turns. N (default
// 65,536) is the largest log; the others are fractions of it.
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { LogServer, measure } from './measure.mjs'
import { linePlot } from './plots/line-plot.mjs'

const { values: flags } = parseArgs({
  options: {
    entries: { type: 'string', default: '65536' },
    dist: { type: 'string', default: join(import.meta.dirname, '../../dist') },
    out: { type: 'string', default: import.meta.dirname },
  },
})
const dist = resolve(flags.dist)
const entries = Number(flags.entries)
const ROUNDS = 3
const CPU = 'CPU µs an entry'
const say = (text) => process.stderr.write(`${text}\n`)
const read = (specs, workers = 0) => measure('stream', { dist, specs, how: 'batches', workers })

const server = await LogServer.start({ size: entries, tiledSize: 0, dist })
try {
  const sizes = [64, 16, 4, 1].map((part) => Math.ceil(entries / part / 256) * 256)
  const bySize = await least(sizes, (size) => read([server.spec('rfc6962', size)]))
  draw('log-size', { title: 'Cost by the size of a log', x: 'entries of the log', y: CPU, points: bySize })

  const [, alone] = bySize.at(-1)
  const { threadCpuMs, cpuMs } = await read([server.spec('rfc6962', entries)], 1)
  const share = Math.min(1, threadCpuMs / cpuMs)
  say(
    `${(100 * share).toFixed(0)} % of ${((cpuMs * 1000) / entries).toFixed(1)} µs an entry stay in the reader's thread (alone: ${alone.toFixed(1)})`,
  )
  const cores = Array.from({ length: 16 }, (_, i) => i + 1)
  // Amdahl: what stays in the reader's thread is never divided.
  const speedup = cores.map((count) => [count, 1 / (share + (1 - share) / count)])
  const title = `Speed by cores, by Amdahl (${(100 * share).toFixed(0)} % indivisible)`
  draw('cores', { title, x: 'cores', y: 'times one core', points: speedup, isLog: false })
} finally {
  server.stop()
}

const total = Math.ceil(entries / 4)
const byLogs = await leastOfLogs([1, 4, 16, 64], (count) =>
  Array.from({ length: count }, () => ({ entries: Math.ceil(total / count), names: 2 })),
)
draw('logs', { title: 'Cost by the number of logs', x: `logs, of ${total} entries together`, y: CPU, points: byLogs })

const byNames = await leastOfLogs([1, 4, 16, 64], (names) => [{ entries: Math.ceil(total / 4), names }])
draw('names', { title: 'Cost by names', x: 'names in a certificate', y: CPU, points: byNames })

/** `[x, µs]` of each x: the least of its runs. */
async function least(xs, run) {
  const found = new Map(xs.map((x) => [x, Number.POSITIVE_INFINITY]))
  for (let round = 1; round <= ROUNDS; round++)
    for (const x of xs) {
      const { cpuMs, entries: count } = await run(x)
      found.set(x, Math.min(found.get(x), (cpuMs * 1000) / count))
    }
  return [...found]
}

async function leastOfLogs(xs, logsOf) {
  const points = []
  for (const x of xs) {
    const options = { dist: pathToFileURL(dist).href, logs: logsOf(x) }
    const child = fork(join(import.meta.dirname, 'plots/server.mjs'), [JSON.stringify(options)])
    try {
      const { ready } = await new Promise((done, failed) => {
        child.once('message', done)
        child.once('exit', (code) => failed(new Error(`the logs ended with ${code}`)))
      })
      points.push(...(await least([x], () => read(ready))))
    } finally {
      if (child.connected) child.disconnect()
    }
  }
  return points
}

function draw(name, plot) {
  say(`${plot.title}: ${plot.points.map(([x, y]) => `${x}: ${y.toFixed(1)}`).join(', ')}`)
  writeFileSync(join(flags.out, `plot-${name}.svg`), `${linePlot(plot)}\n`)
}
