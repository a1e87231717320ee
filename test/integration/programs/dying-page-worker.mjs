// A worker thread that ends when it has received an answer, as one does that runs out of memory while it unpacks it.
import { readFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
parentPort.on('message', ({ number }) => {
  parentPort.postMessage({ kind: 'received', number })
  setImmediate(() => process.exit(3))
})
parentPort.postMessage({ kind: 'ready', version })
