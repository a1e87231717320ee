// What broken and hostile logs cost the process and the other logs: bombs, fat entries, slow servers, endless interim answers. Part of
// `npm run bench`; by itself: `npm run bench:hostile -- [--quick] [--only NAME,…] [--dist FOLDER]`.
import { fork } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureBombs } from './bombs.mjs'
import { LogServer, measure } from './measure.mjs'
import { judgeHostile, printTargets } from './report.mjs'

const MIB = 1024 * 1024
/** `maxBufferedBytes` where nothing else is said. */
const BUDGET = 64 * MIB

/** @param sound - The `LogServer` of a log that is to keep its rate, and how much of it is read. */
export async function measureHostile({ dist, quick, sound, entries, only, say }) {
  const isWanted = (name) => only === undefined || only.some((part) => name.includes(part))
  const results = {}
  if (isWanted('bombs')) {
    say('bombs …')
    results.bombs = await measureBombs({ quick })
  }
  const fat = {
    'one log of 12 MB entries': { logs: [{ kind: 'fat', size: quick ? 24 : 80, bytes: 12e6, page: 1 }], pauseMs: 20 },
    'eight logs of 170 kB entries': {
      logs: Array(8).fill({ kind: 'fat', size: quick ? 192 : 2_048, bytes: 170_000, page: 32 }),
      pauseMs: 10,
    },
  }
  for (const [name, { logs, pauseMs }] of Object.entries(fat)) {
    if (!isWanted(name)) continue
    say(`${name} …`)
    const answer = Math.max(...logs.map(({ bytes, page }) => (page * bytes * 4) / 3))
    const specs = await withHostile(logs, async (specs) =>
      measure('beside', { dist, specs, sizes: logs.map(({ size }) => size), pauseMs }),
    )
    results[name] = { ...specs, logs: logs.length, answer, budget: BUDGET }
  }
  // Small answers: what is measured is what waiting for them costs the sound log, not reading them.
  const slow = { kind: 'slow', size: 2_560, bytes: 500, page: 16, delayMs: quick ? 5_000 : 50_000 }
  const others = {
    alone: [],
    'beside 12 slow logs': Array(12).fill(slow),
    'beside 40 slow logs': Array(40).fill(slow),
    'beside 8 logs of endless 103': Array.from({ length: 8 }, (_, i) => ({
      kind: 'interim',
      of: i % 2 === 0 ? 'entries' : 'all',
    })),
  }
  if (isWanted('beside')) {
    results.beside = Object.fromEntries(Object.keys(others).map((name) => [name, []]))
    const toRead = quick ? Math.min(entries, 65_536) : entries
    // In turns, so that a machine that slows down slows down all of them.
    for (let round = 1; round <= (quick ? 3 : 5); round++)
      for (const [name, logs] of Object.entries(others)) {
        say(`round ${round}: a sound log ${name} …`)
        const spec = { ...sound.spec('rfc6962', entries), operator: 'sound' }
        const result = await withHostile(logs, (specs) =>
          measure('beside', { dist, specs: [spec, ...specs], entries: toRead }),
        )
        say(`  ${Math.round(result.wallMs)} ms, the first entry after ${Math.round(result.firstMs)}`)
        results.beside[name].push(result)
      }
  }
  return results
}

/** Runs `work` beside these logs, which each have an operator of their own. */
async function withHostile(logs, work) {
  const child = fork(join(import.meta.dirname, 'log/hostile-server.mjs'), [JSON.stringify({ logs })])
  try {
    const gone = new Promise((_, reject) => {
      child.once('exit', (code) => reject(new Error(`the hostile logs ended with ${code}`)))
    })
    gone.catch(() => {})
    const { ready } = await Promise.race([new Promise((resolve) => child.once('message', resolve)), gone])
    const specs = ready.logs.map(({ url, key }, i) => ({ kind: 'rfc6962', url, key, operator: `operator ${i}` }))
    return await Promise.race([work(specs), gone])
  } finally {
    if (child.connected) child.disconnect()
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      dist: { type: 'string', default: join(import.meta.dirname, '../../dist') },
    },
  })
  const dist = resolve(values.dist)
  const entries = values.quick ? 131_072 : 524_288
  const say = (text) => process.stderr.write(`${text}\n`)
  say(`making a log of ${entries} entries …`)
  const sound = await LogServer.start({ size: entries, tiledSize: 0, dist })
  try {
    const only = values.only?.split(',')
    const results = await measureHostile({ dist, quick: values.quick, sound, entries, only, say })
    printTargets(judgeHostile(results))
  } finally {
    sound.stop()
  }
}
