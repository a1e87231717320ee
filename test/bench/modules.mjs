// `node test/bench/modules.mjs [--short] [--dist FOLDER]`, after a build: a sink reads a log at full speed, for a minute (`--short`: five seconds),
// alone and beside modules that hang and throw. It must get everything, in the memory it has alone and that of their queues.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LogServer, measure } from './measure.mjs'

const MIB = 1024 * 1024
/** `limits.queueBytes` of two modules that hang, by estimate; and as much again for what the estimate leaves out. */
const ROOM = 2 * 2 * 16 * MIB

const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, dist: { type: 'string', default: 'dist' } },
})
const dist = resolve(values.dist)
const seconds = values.short ? 5 : 60
/** More than a fast machine reads in that time; in whole pages, for the log has no others. */
const size = seconds * 153_600
const say = (text) => process.stderr.write(`${text}\n`)
say(`making a log of ${size} entries …`)
const server = await LogServer.start({ size, tiledSize: 0, dist })
const failures = []
try {
  const results = {}
  for (const bad of [false, true]) {
    const name = bad ? 'beside modules that hang and throw' : 'alone'
    say(`the sink ${name} …`)
    const result = await measure('modules', { dist, spec: server.spec('rfc6962', size), entries: size, seconds, bad }, [
      '--expose-gc',
    ])
    results[name] = result
    const { entries, received, misplaced, unacknowledged, modules, wallMs, maxRssBytes, held } = result
    console.log(
      `the sink ${name}: ${received} entries, ${Math.round((received / wallMs) * 1000)}/s, ${Math.round(Math.max(...held) / MIB)} MiB held, ${Math.round(maxRssBytes / MIB)} MiB resident at most`,
    )
    for (const { name, state, certificates, dropped, skipped, timeouts } of modules)
      console.log(`  ${name}: ${JSON.stringify({ state, certificates, dropped, skipped, timeouts })}`)
    if (received !== entries || misplaced > 0 || unacknowledged > 0)
      failures.push(`the sink ${name} got ${received} of ${entries}, ${misplaced} out of order, ${unacknowledged} open`)
  }
  const [alone, beside] = Object.values(results).map(({ held }) => Math.max(...held))
  if (beside > alone + ROOM)
    failures.push(`held: ${Math.round(beside / MIB)} MiB, more than ${Math.round((alone + ROOM) / MIB)}`)
} finally {
  server.stop()
}
for (const failure of failures) console.error(failure)
console.log(failures.length === 0 ? 'met' : 'not met')
process.exitCode = failures.length === 0 ? 0 : 1
