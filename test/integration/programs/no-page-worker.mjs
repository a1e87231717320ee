// A program that is none of a page worker's: it says that it is of another version.
import { parentPort } from 'node:worker_threads'

parentPort.postMessage({ kind: 'ready', version: '0.0.0' })
setInterval(() => {}, 1000)
