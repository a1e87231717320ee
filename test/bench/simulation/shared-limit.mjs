// A limit shared with others: `shared-limit.mjs OPTIONS`, a process of its own that sends its figures and ends.
//
// A static-ct log lets 75 requests a second through, of all its clients together. For 20 s a crowd that does not listen asks for twice
// as much while a stream polls; then the crowd leaves and 16,000 entries are published.
import { Agent, get } from 'node:http'

const { dist } = JSON.parse(process.argv[2])
const { ctStream } = await import(`${dist}/index.js`)
const { createTestLog, issueCertificates } = await import(`${dist}/testing.js`)

const ENTRIES = 16_000
const LIMIT = { burst: 10, perSecond: 75, by: 'address' }
const PRESSURE_MS = 20_000
const PATIENCE_MS = 180_000
const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms))
const certificates = [...issueCertificates(ENTRIES, { sign: false, seed: 'shared limit' })]

const undisturbed = await measure(0)
const disturbed = await measure(2 * LIMIT.perSecond)
process.send({ sharedLimit: { entries: ENTRIES, limit: LIMIT, pressureMs: PRESSURE_MS, undisturbed, disturbed } }, () =>
  process.exit(0),
)

/** @param crowd - Requests per second of others. */
async function measure(crowd) {
  const log = await createTestLog({ kind: 'static-ct', entries: certificates.slice(0, 256) })
  log.fault({ on: '*', rateLimit: LIMIT })
  const stream = ctStream({ logs: [log.spec], checkpoint: false, pollIntervalMs: 2_000, partialTileDelayMs: 0 })
  let read = 0
  const reading = (async () => {
    for await (const _ of stream) if (++read === ENTRIES) break
  })()
  const stop = ask(`${log.spec.monitoringUrl}checkpoint`, crowd)
  await sleep(crowd > 0 ? PRESSURE_MS : 3_000)
  stop()
  const retriesAt = stream.status().logs[0]?.retries ?? 0
  log.add(certificates)
  log.publish()
  const from = performance.now()
  await Promise.race([reading, sleep(PATIENCE_MS)])
  const ms = performance.now() - from
  const { retries = 0, requestsPerSecond } = stream.status().logs[0] ?? {}
  const figures = { ms, read, refusedMeanwhile: retriesAt, refusedAfter: retries - retriesAt, requestsPerSecond }
  await stream.close()
  await log.close()
  return figures
}

/** Others, who ask again and again and never listen. Returns how to stop them. */
function ask(url, perSecond) {
  if (perSecond === 0) return () => {}
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  let [asked, from] = [0, performance.now()]
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - from) * perSecond) / 1000)
    for (; asked < due; asked++) get(url, { agent }, (answer) => answer.resume()).on('error', () => {})
  }, 5)
  return () => {
    clearInterval(timer)
    agent.destroy()
  }
}
