// Reads a log into a sink, alone or beside modules that hang and throw.
// `node --expose-gc modules.mjs '{"dist":…,"spec":…,"entries":…,"seconds":…,"bad":true|false}'`: until it has the entries, or time is over.
import { pathToFileURL } from 'node:url'
import { begin, MemorySamples, report } from './result.mjs'

const { dist, spec, entries, seconds, bad } = JSON.parse(process.argv[2])
const load = (name) => import(pathToFileURL(`${dist}/${name}.js`).href)
const [{ ctStream }, { defineModule, runModules }] = await Promise.all([load('index'), load('modules')])

const begun = begin()
const memory = new MemorySamples(20_000)
let received = 0
let misplaced = 0
/** Bytes that are held, garbage collected, after each eighth of the entries or the time. */
const held = []

const sink = defineModule({
  name: 'sink',
  acknowledge: true,
  onBatch(certs) {
    for (const { index } of certs) if (index !== received++) misplaced++
    memory.at(received)
    const progress = Math.max(received / entries, (performance.now() - begun.now) / 1000 / seconds)
    if (progress >= (held.length + 1) / 8) held.push(heldBytes())
    // One that waits for the others' time would come to the end much later.
    if (progress >= 1) run.stop().catch(() => {})
  },
})
function heldBytes() {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const never = () => new Promise(() => {})
const others = [
  defineModule({ name: 'hangs', onCertificate: never }),
  defineModule({ name: 'hangs-for-good', limits: { timeoutMs: 20, concurrency: 4 }, onBatch: never }),
  defineModule({
    name: 'throws',
    onCertificate() {
      throw new Error('no luck')
    },
  }),
]
const stream = ctStream({ logs: [spec], start: 'beginning', end: 'head', checkpoint: false, acknowledge: 'manual' })
const run = runModules(stream, bad ? [...others, sink] : [sink], { drainTimeoutMs: 2000 })
await run.done

const { certificates, unacknowledged, ...status } = run.status()
const modules = status.modules.map(({ lastError, ...status }) => ({ ...status, lastError: lastError?.message }))
report({ entries: certificates, received, misplaced, held, unacknowledged, modules, begun, memory })
