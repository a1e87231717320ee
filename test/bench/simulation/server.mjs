// The logs, in a process of their own: `server.mjs PLAN`, then told by messages when to grow, to stop and to say what was asked.
import { Gate } from './gate.mjs'

const { logs: plan, seconds, dist } = JSON.parse(process.argv[2])
const { createTestLog, issueCertificates } = await import(`${dist}/testing.js`)

/** Certificates are made once and put into several logs, as they are in the world; the timestamp makes each entry its own. */
const pool = [...issueCertificates(20_000, { sign: false, seed: 'simulation' })]
let taken = 0
function* certificates(count) {
  for (let i = 0; i < count; i++) yield pool[taken++ % pool.length]
}

const running = []
for (const entry of plan) running.push(await open(entry))
process.send({
  ready: running.map(({ log, url }) => ({ spec: url === undefined ? log.spec : { ...log.spec, url }, id: log.logId })),
})

let growing = true
process.on('message', async ({ grow, stop, report, quit }) => {
  if (grow) for (const one of running) keepGrowing(one)
  if (stop) {
    growing = false
    process.send({ sizes: running.map(({ log }) => log.head.treeSize) })
  }
  if (report)
    process.send({ logs: running.map(reportOf), usage: process.cpuUsage(), maxRss: process.resourceUsage().maxRSS })
  if (quit) process.exit(0)
})
process.once('disconnect', () => process.exit(1))

async function open(entry) {
  const log = await createTestLog({
    kind: entry.kind,
    operator: entry.operator,
    description: entry.description,
    pageSize: entry.pageSize,
    align: entry.pageSize === 32 ? 'always' : true,
    keepPartialTiles: entry.partialTilesLive === undefined,
    entries: certificates(entry.size),
    recordRequests: 1_000_000,
    cacheBytes: 16 * 2 ** 20,
  })
  const one = { entry, log, gate: undefined, url: undefined, published: [] }
  if (entry.down?.startsWith('refused')) {
    one.gate = new Gate(log.url)
    one.url = await one.gate.open()
  }
  // The first fault that matches is the one that applies.
  // Less than the reader would ask for by itself, more than is needed to follow the log.
  if (entry.limit !== undefined) log.fault({ on: '*', rateLimit: { burst: 2, perSecond: 0.8, ...entry.limit } })
  if (entry.slow)
    for (const delayMs of [1_500, 700, 250]) log.fault({ on: '*', delayMs, when: () => Math.random() < 0.4 })
  if (entry.stale)
    for (const stale of [1, 4]) log.fault({ on: ['get-sth', 'checkpoint'], stale, when: () => Math.random() < 0.2 })
  return one
}

/** Publishes every second or so what was submitted since. */
function keepGrowing(one) {
  const { entry, log, published } = one
  let last = Date.now()
  let owed = 0
  const publish = () => {
    if (!growing) return
    const now = Date.now()
    owed += (entry.rate * (now - last)) / 1000
    last = now
    const count = Math.floor(owed)
    owed -= count
    log.add(certificates(count))
    const { treeSize } = log.publish()
    published.push([Date.now(), treeSize])
    setTimeout(publish, 700 + 600 * Math.random())
  }
  setTimeout(publish, 1_000 * Math.random())
  if (entry.down !== undefined) setTimeout(() => goDown(one), seconds * 250)
}

/** From a quarter to two fifths of the run. */
async function goDown({ entry, log, gate }) {
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  if (gate !== undefined) {
    gate.shut()
    await wait(seconds * 100)
    await gate.open()
  }
  const fault = log.fault({ on: '*', status: 503 })
  await wait(seconds * (entry.down === '503' ? 150 : 50))
  fault.clear()
}

/** What was asked of a log, in numbers. */
function reportOf({ log, published }) {
  return {
    published,
    connections: log.connections,
    requests: log.requests.map((r) => ({
      endpoint: r.endpoint,
      path: r.path,
      at: r.receivedAt,
      status: r.status,
      bytes: r.bytes,
      start: r.start,
      endInclusive: r.endInclusive,
      index: r.index,
      level: r.level,
      width: r.width,
      count: r.count,
    })),
  }
}
