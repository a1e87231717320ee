// Reads a log with the built library. `node stream.mjs '{"dist":…,"spec":…|"specs":[…],"how":"batches"|"each"|"unread","filter":…,"checkpoint":…,"traced":…}'`
import { pathToFileURL } from 'node:url'
import { begin, Checksum, MemorySamples, report } from './result.mjs'

const {
  dist,
  spec,
  specs = [spec],
  how,
  domains,
  workers,
  checkpoint = false,
  verify = 'full',
  traced = false,
} = JSON.parse(process.argv[2])
const { ctStream, CtStreamError } = await import(pathToFileURL(`${dist}/index.js`).href)
const spans = traced ? (await import('./tracing.mjs')).setUpTracing() : async () => undefined

const begun = begin()
const threadBegun = process.threadCpuUsage?.()
const memory = new MemorySamples(20_000)
const checksum = new Checksum()
const failures = []
let delivered = 0

const filter = domains === undefined ? {} : { filter: { domains: watchedDomains(domains) } }
const threads = workers === undefined ? {} : { workers }
const stream = open({ logs: specs, start: 'beginning', end: 'head', checkpoint, verify, ...filter, ...threads })
let status = stream.status()
stream.on('error', ({ error }) => failures.push(error.message))
stream.on('commit', () => {
  status = stream.status()
  memory.at(status.entries)
})

if (how === 'batches' || how === 'unread')
  for await (const batch of stream.batches()) {
    if (how === 'batches') for (const cert of batch) checksum.add(cert.dnsNames, cert.serialNumber)
    delivered += batch.length
    memory.at(delivered)
  }
else
  for await (const cert of stream) {
    checksum.add(cert.dnsNames, cert.serialNumber)
    if (++delivered % 1000 === 0) memory.at(delivered)
  }

status = stream.status()
const { logs } = status
const unfinished = logs.find(({ state }) => state !== 'finished')
if (failures.length > 0 || logs.length === 0 || unfinished)
  throw new Error(`${unfinished?.state}: ${failures.join('; ')}`)
const total = (field) => logs.reduce((sum, log) => sum + log[field], 0)
report({
  entries: total('position'),
  delivered,
  checksum: how === 'unread' ? undefined : `${checksum}`,
  begun,
  memory,
  requests: total('requests'),
  retries: total('retries'),
  verifiedSize: total('verifiedSize'),
  threadCpuMs: threadCpuMs(),
  spans: await spans(),
})

/** Of the reader's own thread; `undefined` before Node 24. */
function threadCpuMs() {
  const usage = process.threadCpuUsage?.(threadBegun)
  return usage && (usage.user + usage.system) / 1000
}

function open(options) {
  try {
    return ctStream(options)
  } catch (error) {
    if (!CtStreamError.is(error) || domains === undefined) throw error
    process.stdout.write(`${JSON.stringify({ skipped: error.message })}\n`)
    process.exit(0)
  }
}

/** Names that look like what people watch; one in a hundred is really in the log, given as the first argument of `domains`. */
function watchedDomains({ count, real }) {
  const made = Array.from({ length: count - real.length }, (_, i) => `watched-${i.toString(36)}-brand.example`)
  return [...real, ...made]
}
