// Reads a log and writes down what it got before it asks for the next entry; is killed at any moment.
// Arguments: options of ctStream as JSON, file of the journal, milliseconds of pause after every 16 entries.
import { openSync, writeSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { ctStream } from '../../../dist/index.js'

const [options, journal, pause] = process.argv.slice(2)
const file = openSync(journal, 'a')
let count = 0
for await (const { index, sha256 } of ctStream(JSON.parse(options))) {
  writeSync(file, `${JSON.stringify({ index, sha256 })}\n`)
  if (++count % 16 === 0) await wait(Number(pause))
}
writeSync(file, 'end\n')
