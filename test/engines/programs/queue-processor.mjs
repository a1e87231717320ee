// A processor of a queue as a process of its own; it appends what it is given to a file of its own, a line for each entry:
// node queue-processor.mjs '{"url":…,"leaseMs":…,"folder":…}'

import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineModule, runModules } from '../../../dist/modules.js'
import { queueSource } from '../../../dist/processors.js'

const { url, leaseMs, folder } = JSON.parse(process.argv[2])
const say = (message) => process.stderr.write(`processor ${process.pid} ${message}\n`)
const logger = { debug: () => {}, info: say, warn: say, error: say }
const source = await queueSource(url, { group: 'effects', leaseMs, pageEntries: 100, commitIntervalMs: 50, logger })
const effects = defineModule({
  name: 'effects',
  onBatch: (page) =>
    appendFileSync(join(folder, String(process.pid)), page.map(({ log, index }) => `${log.id} ${index}\n`).join('')),
})
const run = runModules(source, [effects], { logger })
/** Longer than it may take to close. Milliseconds. */
const LATE_MS = 40_000
let hasEnded = false
process.on('SIGTERM', () => {
  void run.stop()
  const tell = () => say(`has ${hasEnded ? '' : 'not '}ended, and is alive: ${process.getActiveResourcesInfo()}`)
  setTimeout(tell, LATE_MS).unref()
})
await run.done
hasEnded = true
