// Reads logs together with the built library, `entries` of the first one, or all entries of all where that is left out; how fast, and
// what is held meanwhile. `node beside.mjs '{"dist":…,"specs":[…],"entries":…,"pauseMs":…}'`: the reader rests after each page.
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const { dist, specs, entries, sizes, pauseMs = 0 } = JSON.parse(process.argv[2])
const { ctStream } = await import(pathToFileURL(`${dist}/index.js`).href)

const stream = ctStream({ logs: specs, start: 'beginning', checkpoint: false })
const failures = new Map()
stream.on('error', ({ error }) => failures.set(error.code, (failures.get(error.code) ?? 0) + 1))
const before = process.memoryUsage.rss()
let [held, rss] = [0, before]
const sample = () => {
  held = Math.max(held, stream.status().bufferedBytes)
  rss = Math.max(rss, process.memoryUsage.rss())
}
// Looking at forty logs costs something: where rates are measured, it is done seldom.
const isAboutMemory = pauseMs > 0
const sampling = setInterval(sample, isAboutMemory ? 2 : 250)

let firstKey
const begun = performance.now()
let firstMs
let read = 0
const wanted = entries ?? sizes.reduce((sum, size) => sum + size, 0)
for await (const batch of stream.batches()) {
  if (isAboutMemory) sample()
  const { key } = specs[0]
  firstKey ??= (await import('node:crypto')).hash('sha256', Buffer.from(key, 'base64'), 'base64')
  const isFirst = batch[0].log.id === firstKey
  if (isFirst) firstMs ??= performance.now() - begun
  if (isFirst || entries === undefined) read += batch.length
  if (read >= wanted) break
  if (pauseMs > 0) await sleep(pauseMs)
}
const wallMs = performance.now() - begun
clearInterval(sampling)
const result = { read, wallMs, firstMs, held, rss, rssBefore: before, failures: Object.fromEntries(failures) }
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0)
