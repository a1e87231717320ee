// Reads a log and writes down each index before it asks for the next one; is killed at any moment.
import { openSync, writeSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { ctStream } from '../../../dist/index.js'

const [spec, checkpoint, journal, pause] = process.argv.slice(2)
const file = openSync(journal, 'a')
const stream = ctStream({
  logs: [JSON.parse(spec)],
  start: 'beginning',
  end: 'head',
  checkpoint,
  commit: { everyMs: 10, everyEntries: 64 },
})
let count = 0
for await (const { index } of stream) {
  writeSync(file, `${index}\n`)
  if (++count % 16 === 0) await wait(Number(pause))
}
writeSync(file, 'end\n')
