// What is measured: one stream over all logs, entry by entry, in a process of its own: `reader.mjs OPTIONS`.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const { logs, options, checkpoint, dist } = JSON.parse(process.argv[2])
const { ctStream, SqliteCheckpointStore } = await import(`${dist}/index.js`)

const places = new Map(logs.map(({ id }, i) => [id, i]))
/** Index of the entry to come, by log; undefined until it is known where the log is begun. */
const next = logs.map(({ begins }) => (begins ? 0 : undefined))
const newestHead = logs.map(() => undefined)
const wrong = []
const heads = []
const states = []
const errors = {}
/** Runs of entries of one log that came in the same two milliseconds: log, start, end, epoch milliseconds. */
const runs = []
let names = 0
let bufferedBytes = 0
let arrayBufferBytes = 0
/** `process.memoryUsage()` when most was resident. */
let atPeak = process.memoryUsage()
let finals

await beginAtTheBeginning()
const stream = ctStream({ logs: logs.map(({ spec }) => spec), checkpoint, ...options })
stream.on('head', ({ log, head }) => {
  const place = places.get(log.id)
  newestHead[place] = head.treeSize
  heads.push([place, head.treeSize, Date.now()])
})
stream.on('log', ({ log, state }) => {
  const place = places.get(log.id)
  // Where a log without a checkpoint is begun.
  if (state === 'live' || state === 'catching-up') next[place] ??= newestHead[place]
  states.push([place, state, Date.now()])
})
stream.on('error', ({ log, error }) => {
  const name = `${logs[places.get(log.id)].spec.description}: ${error.code} ${error.status ?? ''} ${/: (\D{0,60})/.exec(error.message.replace(/".*?"/, ''))?.[1] ?? ''}`
  errors[name] = (errors[name] ?? 0) + 1
})
for (const kind of ['gap', 'misbehaviour'])
  stream.on(kind, ({ log, error, reason }) =>
    wrong.push({ log: places.get(log.id), kind, what: reason ?? error?.message }),
  )

process.on('message', (message) => {
  if (message.mark) process.send({ mark: usage() })
  if (message.finals) {
    finals = message.finals
    setInterval(() => {
      if (finals.every((size, i) => (next[i] ?? 0) >= size)) finish('caught up')
    }, 20)
    setTimeout(() => finish('out of time'), message.patienceMs)
  }
})
process.once('disconnect', () => process.exit(1))

const loop = monitorEventLoopDelay({ resolution: 5 })
loop.enable()
const sampling = setInterval(() => {
  bufferedBytes = Math.max(bufferedBytes, stream.status().bufferedBytes)
  const memory = process.memoryUsage()
  arrayBufferBytes = Math.max(arrayBufferBytes, memory.arrayBuffers)
  if (memory.rss > atPeak.rss) atPeak = memory
}, 1000)
let run = [-1, 0, 0, 0]
let how
let status
try {
  for await (const cert of stream) take(cert)
} catch (error) {
  wrong.push({ kind: 'error', what: String(error?.stack ?? error) })
}
clearInterval(sampling)
const atEnd = usage()
process.send(
  {
    result: {
      how,
      next,
      wrong,
      heads,
      states,
      errors,
      runs,
      names,
      bufferedBytes,
      arrayBufferBytes,
      usage: atEnd,
      status,
      positions: await positions(),
    },
  },
  () => process.exit(0),
)

function take(cert) {
  const place = cert.log.id === logs[run[0]]?.id ? run[0] : places.get(cert.log.id)
  const { index } = cert
  const expected = next[place]
  if (index !== expected && wrong.length < 1_000)
    wrong.push({
      log: place,
      kind: index > expected ? 'lost' : 'twice or out of order',
      what: `${expected} expected, ${index} came`,
    })
  next[place] = index + 1
  names += cert.dnsNames.length
  const now = Date.now()
  if (place === run[0] && index === run[2] && now - run[3] < 2) run[2]++
  else runs.push((run = [place, index, index + 1, now]))
}

function finish(why) {
  if (how !== undefined) return
  how = why
  stream.acknowledge()
  status = stream
    .status()
    .logs.map(({ state, position, headSize, requests, retries, pageSize, requestsPerSecond, lastError }) => ({
      state,
      position,
      headSize,
      requests,
      retries,
      pageSize,
      requestsPerSecond,
      lastError: lastError?.message,
    }))
  stream.close()
}

/** A quarter of the logs is read from the beginning, the others from now on: a checkpoint says so. */
async function beginAtTheBeginning() {
  const store = new SqliteCheckpointStore(checkpoint)
  await store.open()
  await store.commit(
    logs
      .filter(({ begins }) => begins)
      .map(({ id, spec }) => ({
        log: {
          id,
          description: spec.description,
          operator: spec.operator,
          kind: spec.kind,
          url: spec.url ?? spec.monitoringUrl,
        },
        position: 0,
        range: [],
        verifiedHead: undefined,
        pendingHeads: [],
        learned: {},
      })),
  )
  await store.close()
}

/** What the checkpoint says after the end. */
async function positions() {
  const store = new SqliteCheckpointStore(checkpoint)
  await store.open()
  const rows = await store.load()
  await store.close()
  const found = new Map(rows.map(({ log, position }) => [log.id, position]))
  return logs.map(({ id }) => found.get(id))
}

function usage() {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const loopMs = { p50: loop.percentile(50) / 1e6, p99: loop.percentile(99) / 1e6, max: loop.max / 1e6 }
  return { at: Date.now(), cpuMs: (userCPUTime + systemCPUTime) / 1000, maxRssBytes: maxRSS * 1024, loopMs, atPeak }
}
