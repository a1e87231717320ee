// What a user bundles: reads a log and says how many threads it had, and what it was warned of.
import { ctStream } from 'ct-stream'

const spec = JSON.parse(process.argv[2])
let threads = 0
process.on('worker', () => threads++)
const warnings = []
const logger = { debug() {}, info() {}, error() {}, warn: (text) => warnings.push(text) }
const options = { logs: [spec], start: 'beginning', end: 'head', checkpoint: false, workers: 1, logger }

async function main() {
  let entries = 0
  for await (const batch of ctStream(options).batches()) entries += batch.length
  console.log(JSON.stringify({ entries, threads, warnings }))
}
void main()
