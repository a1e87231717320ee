// One reader: `reader.mjs OPTIONS`. What it has seen is on disk before it asks for more.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ctStream } from '../../dist/index.js'
import { randomOf } from './chance.mjs'
import { Seen } from './seen.mjs'

const { mode, list, checkpoint, seen: path, maxBufferedBytes, seed } = JSON.parse(process.argv[2])
const random = randomOf(seed)
const seen = new Seen(path)
const loop = monitorEventLoopDelay({ resolution: 10 })
loop.enable()

/** Lists are renewed every 30 to 90 minutes: here, of seconds. */
const LONG_MS = 600_000
const clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    try {
      await sleep(ms >= LONG_MS ? ms / 60 : ms, undefined, { signal })
    } catch {
      throw signal.reason
    }
  },
}

const problems = []
const accused = new Set()
let largestAnswer = 0
let reads = 0
let closed = false
/** Whether the breaker reads on: a tile that is not full is left alone for a minute, longer than it ever stays. */
let stays = false
let stream
const handles = () => process.getActiveResourcesInfo().length

function open() {
  stream = ctStream({ logList: list, start: 'beginning', checkpoint, maxBufferedBytes, clock, pollIntervalMs: 5_000 })
  stream.on('misbehaviour', ({ log }) => accused.add(log.id))
  stream.on('gap', ({ log, start, end, reason }) =>
    problems.push(`gap in ${log.description} from ${start} to ${end}: ${reason}`),
  )
  return stream
}

const READ = {
  async batches() {
    for await (const certificates of open().batches()) keep(certificates)
  },
  async sleeper() {
    let n = 0
    for await (const certificate of open()) {
      keep([certificate])
      if (++n % 200 === 0) await sleep(random() * 40)
      if (n % 5_000 === 0) await sleep(random() * 3_000)
    }
  },
  async breaker() {
    while (!closed) {
      const before = handles()
      const until = Date.now() + 3_000 + random() * 12_000
      for await (const certificates of open().batches()) {
        keep(certificates)
        if (Date.now() > until && !stays) break
      }
      // Sockets that were cut tell so one turn of the event loop later.
      await sleep(50)
      if (handles() > before) problems.push(`${handles()} handles after close(), ${before} before`)
    }
  },
}

function keep(certificates) {
  seen.add(certificates)
  reads += certificates.length
  const bytes = certificates.reduce((sum, { der }) => sum + der.length, 0)
  largestAnswer = Math.max(largestAnswer, 4 * bytes)
}

process.on('message', async (question) => {
  stays ||= question.stay === true
  if (question.sample) process.send({ sample: sample() })
  if (question.close) {
    closed = true
    await stream.close()
    await reading
    // What is left is this program's own: the channel to its parent, and the sampling of the event loop.
    loop.disable()
    await sleep(50)
    const left = process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap' && kind !== 'Pipe')
    if (left.length > 0) problems.push(`left open: ${left.join(', ')}`)
    process.send({ close: { problems, accused: [...accused], reads, left } }, () => process.disconnect())
  }
})

function sample() {
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
  const { bufferedBytes, logs } = stream.status()
  const { user, system } = process.cpuUsage()
  const loopMs = loop.max / 1e6
  loop.reset()
  const lag = logs.reduce((sum, { lagEntries = 0 }) => sum + lagEntries, 0)
  return {
    rss,
    heapUsed,
    external: external + arrayBuffers,
    handles: handles(),
    bufferedBytes,
    lag,
    loopMs,
    reads,
    largestAnswer,
    cpuMs: (user + system) / 1000,
  }
}

const reading = READ[mode]().catch((error) => {
  problems.push(String(error?.stack ?? error))
})
