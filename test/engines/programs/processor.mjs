// A processor as a process of its own, whose effects are rows of the table `effect`: node processor.mjs '{"url":…,"leaseMs":…}'

import { defineModule, runModules } from '../../../dist/modules.js'
import { postgresQueueSource } from '../../../dist/processors/postgres.js'

const { url, leaseMs } = JSON.parse(process.argv[2])
const say = (message) => process.stderr.write(`processor ${process.pid} ${message}\n`)
const logger = { debug: () => {}, info: say, warn: say, error: say }
const source = postgresQueueSource(url, { group: 'effects', leaseMs, pageEntries: 100, commitIntervalMs: 50, logger })
const effects = defineModule({
  name: 'effects',
  acknowledge: true,
  onBatch: (page) =>
    source.finishWith(page.at(-1), async (query) => {
      await query('INSERT INTO effect (log, idx) SELECT * FROM unnest($1::text[], $2::bigint[])', [
        page.map(({ log }) => log.id),
        page.map(({ index }) => index),
      ])
    }),
})
const run = runModules(source, [effects], { logger })
process.on('SIGTERM', () => run.stop())
await run.done
