// The logs, and the list that names them: `world.mjs OPTIONS`.
import { createServer } from 'node:http'
import { createTestLog, createTestLogList, issueCertificates } from '../../dist/testing.js'
import { pick, randomOf } from './chance.mjs'

const { seed } = JSON.parse(process.argv[2])
const random = randomOf(`world ${seed}`)
const TICK_MS = 250
/** Entries a second, all logs together: memory of half an hour. */
const RATE = 100
const FIRST_LOGS = 8
const MOST_LOGS = 16
/** A log that left the list before a reader knew of it is nobody's: it stays for longer than lists are renewed (90 s here). */
const STAYS_MS = 120_000

const worlds = []
const events = {}
const count = (what) => {
  events[what] = (events[what] ?? 0) + 1
}
let batch = 0
const certificates = (n) => issueCertificates(n, { sign: false, seed: `soak ${seed} ${batch++}` })

async function appear() {
  const i = worlds.length
  const kind = i % 2 === 0 ? 'rfc6962' : 'static-ct'
  const log = await createTestLog({
    kind,
    entries: certificates(Math.floor(random() * 2_000)),
    description: `${kind} ${i}`,
    operator: `operator ${i % 5}`,
    pageSize: pick(random, [32, 100, 256]),
    recordRequests: 10,
  })
  worlds.push({
    log,
    state: 'usable',
    weight: 0.2 + random(),
    forked: false,
    fault: undefined,
    owed: 0,
    since: Date.now(),
  })
  count('appeared')
}

const growing = () => worlds.filter(({ state }) => state === 'usable')

function grow() {
  const logs = growing()
  const total = logs.reduce((sum, { weight }) => sum + weight, 0)
  for (const world of logs) {
    world.owed += (RATE * TICK_MS * world.weight) / 1000 / total
    const n = Math.floor(world.owed)
    if (n === 0) continue
    world.owed -= n
    world.log.add(certificates(n))
    world.log.publish()
  }
}

const entries = ['get-entries', 'data-tile']
const TROUBLES = {
  503: () => ({ on: '*', status: 503 }),
  '503 with Retry-After': () => ({ on: '*', status: 503, retryAfter: 3 }),
  429: () => ({ on: '*', rateLimit: { burst: 3, perSecond: 2, by: 'address' } }),
  400: () => ({ on: entries, status: 400 }),
  404: () => ({ on: entries, status: 404 }),
  410: () => ({ on: entries, status: 410 }),
  reset: () => ({ on: '*', disconnect: true }),
  hang: () => ({ on: entries, hang: true }),
  'hang in the body': () => ({ on: entries, hang: 'body' }),
  slow: () => ({ on: '*', delayMs: 3_000 }),
  page: () => ({ on: '*', html: true }),
  truncated: () => ({ on: entries, truncate: 500 }),
  cut: () => ({ on: entries, cutAfter: 700 }),
  short: () => ({ on: 'get-entries', entries: 1 }),
  'stale heads': () => ({ on: ['get-sth', 'checkpoint'], stale: 5 }),
  'bit flips': () => ({ on: entries, flipBit: { in: 'leaf' } }),
}

function trouble() {
  const world = pick(random, worlds)
  if (world.fault !== undefined) return
  const name = pick(random, Object.keys(TROUBLES))
  count(name)
  world.fault = world.log.fault(TROUBLES[name]())
  setTimeout(() => over(world), 2_000 + random() * 18_000)
}

/** Another tree of the same log, signed with its key, for a while. */
function forkOne() {
  const world = pick(random, growing())
  if (world === undefined || world.fault !== undefined || world.log.size < 100) return
  count('fork')
  world.forked = true
  const fork = world.log.fork(Math.floor(world.log.size * (0.5 + random() / 2)))
  fork.add(certificates(300))
  fork.publish()
  world.fault = world.log.fault({ on: '*', from: fork })
  setTimeout(() => over(world), 5_000 + random() * 10_000)
}

function over(world) {
  world.fault?.clear()
  world.fault = undefined
}

/** Takes no more entries, and leaves the list of those to follow. */
function retire() {
  const logs = growing()
  if (logs.length <= FIRST_LOGS / 2) return
  const world = pick(
    random,
    logs.filter(({ since }) => Date.now() - since > STAYS_MS),
  )
  if (world === undefined) return
  world.state = 'retired'
  count('retired')
}

for (let i = 0; i < FIRST_LOGS; i++) await appear()
let version = 0
const lists = createServer((_request, response) => {
  const states = new Map(worlds.map(({ log, state }) => [log.logId, state]))
  const logs = worlds.map(({ log }) => log)
  const list = createTestLogList(logs, { state: ({ logId }) => states.get(logId), version: `1.${version++}` })
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(list))
})
await new Promise((resolve) => lists.listen(0, '127.0.0.1', resolve))
process.send({ ready: { list: `http://127.0.0.1:${lists.address().port}/list.json`, logs: worlds.length } })

const timers = [
  setInterval(grow, TICK_MS),
  setInterval(trouble, 2_500),
  setInterval(forkOne, 60_000),
  setInterval(() => worlds.length < MOST_LOGS && void appear(), 75_000),
  setInterval(retire, 110_000),
]
process.on('message', ({ stop }) => {
  if (!stop) return
  for (const timer of timers) clearInterval(timer)
  for (const world of worlds) over(world)
  const logs = worlds.map(({ log, forked }) => ({
    id: log.logId,
    description: log.spec.description,
    size: log.head.treeSize,
    forked,
    hashes: Buffer.concat(Array.from({ length: log.head.treeSize }, (_, i) => log.leafHash(i).subarray(0, 8))),
  }))
  process.send({ stop: { logs, events } })
})
process.once('disconnect', () => process.exit(0))
