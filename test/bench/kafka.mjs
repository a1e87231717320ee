// `npm run bench:kafka -- [--url kafka://HOST:PORT] [--entries N] [--page N] [--target N] [--kill FOLDER]`: what one shard writes to Kafka in
// a second, each page with the position behind it in one transaction that is acknowledged before the next one; and what a processor reads
// of that, in a process of its own; and of each, what share of the bare client's rate that is, with the same messages. Default: the broker of
// CT_STREAM_TEST_KAFKA. `--kill`: kills the broker in this folder of `kafka.sh start3` in the middle, and says how long the longest stall was.
// Ends with 1 when it is below a target.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Admin, Producer } from '@platformatic/kafka'
import { measure } from './measure.mjs'

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.CT_STREAM_TEST_KAFKA },
    entries: { type: 'string', default: '20000' },
    page: { type: 'string', default: '256' },
    target: { type: 'string', default: '20000' },
    kill: { type: 'string' },
    dist: { type: 'string', default: 'dist' },
  },
})
if (values.url === undefined) throw new Error('which broker? --url kafka://HOST:PORT; `npm run services` starts one')
const [entries, page, target] = [Number(values.entries), Number(values.page), Number(values.target)]
const dist = resolve(values.dist)
const load = (name) => import(join(dist, name))
const [{ ctStream }, { createTestLog, issueCertificates }, { MessageEncoder, openSink }] = await Promise.all(
  ['index.js', 'testing.js', 'sinks.js'].map(load),
)
const READ_TARGET = 20_000
const LONGEST_STALL_MS = 20_000
const failures = []

const log = await createTestLog({ kind: 'rfc6962', entries: issueCertificates(entries, { sign: false }) })
const certificates = []
const stream = ctStream({
  logs: [log.spec],
  start: 'beginning',
  end: 'head',
  checkpoint: false,
  contact: 'bench@example.com',
})
for await (const certificate of stream) certificates.push(certificate)
await log.close()
console.log(`${certificates.length} entries in transactions of ${page}; load ${loadavg()[0].toFixed(1)}`)

let best = 0
let stall = 0
for (const body of ['json', 'leaf']) {
  const url = `${values.url}/bench-${randomUUID().slice(0, 8)}`
  const sink = await openSink(`${url}?body=${body}`)
  await sink.open(undefined)
  const half = Math.floor(certificates.length / 2)
  // The first half warms up: connections, code, and the broker's.
  await write(sink, certificates.slice(0, half))
  const count = certificates.length - half
  const rate = await timed(body, count, () => write(sink, certificates.slice(half)))
  best = Math.max(best, rate)
  if (body === 'leaf') {
    if (values.kill !== undefined) await killed(sink)
    await sink.close()
    const bare = await writeBare(`bare-${randomUUID().slice(0, 8)}`, certificates)
    share('written', rate, bare)
    await read(url, certificates.length * (values.kill === undefined ? 1 : 2))
  } else await sink.close()
}
if (best < target) failures.push(`${best} entries/s written, ${target} wanted`)
for (const failure of failures) console.log(failure)
process.exitCode = failures.length === 0 ? 0 : 1

async function timed(what, count, work) {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const rate = Math.round(count / seconds)
  say(what, rate, (user + system) / count)
  return rate
}

async function write(sink, all) {
  for (let from = 0; from < all.length; from += page) {
    const part = all.slice(from, from + page)
    const { log, index } = part.at(-1)
    const began = performance.now()
    await sink.write(part)
    const row = { log, position: index + 1, range: undefined, verifiedHead: undefined, pendingHeads: [], learned: {} }
    await commit(sink, row)
    stall = Math.max(stall, performance.now() - began)
  }
}

/** A stream commits again, too, what failed and may pass. */
async function commit(sink, row) {
  const began = performance.now()
  for (;;)
    try {
      return await sink.store.commit([row])
    } catch (error) {
      if (error.retryable !== true || performance.now() - began > 60_000) throw error
      console.log(`commits again after ${Math.round(performance.now() - began)} ms: ${error.message}`)
    }
}

/** Writes all again behind what is there, while a broker dies. */
async function killed(sink) {
  const again = certificates.map((certificate) =>
    Object.create(certificate, { index: { value: certificate.index + certificates.length } }),
  )
  const script = join(import.meta.dirname, '../services/kafka.sh')
  const timer = setTimeout(() => execFile('bash', [script, 'kill', values.kill]), 500)
  stall = 0
  await timed('killed', again.length, () => write(sink, again))
  clearTimeout(timer)
  console.log(`the longest stall: ${(stall / 1000).toFixed(1)} s`)
  if (stall > LONGEST_STALL_MS) failures.push(`a stall of ${Math.round(stall)} ms`)
}

/** The messages of the second half, made in the run by the same encoder, by the client alone: a transaction for each page. */
async function writeBare(prefix, certificates) {
  const { host } = new URL(values.url)
  const topic = `${prefix}.entries`
  const options = { clientId: prefix, bootstrapBrokers: [host], retries: 100_000, retryDelay: 2, timeout: 30_000 }
  const admin = new Admin(options)
  await admin.createTopics({ topics: [topic], partitions: 1, replicas: -1 })
  await admin.close()
  const producer = new Producer({
    ...options,
    ...{ idempotent: true, transactionalId: prefix, producerId: -1n, producerEpoch: -1 },
  })
  const encoder = new MessageEncoder({ body: 'leaf' })
  const toMessage = (certificate) => {
    const { key, headers, body } = encoder.encode(certificate, 1)
    const pairs = Object.entries(headers).map((pair) => pair.map((text) => Buffer.from(text)))
    return { topic, key: Buffer.from(key), value: Buffer.from(body), headers: new Map(pairs) }
  }
  const send = async (all) => {
    for (let from = 0; from < all.length; from += page) {
      const transaction = await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 })
      const messages = all.slice(from, from + page).map(toMessage)
      // A batch is to be below 1 MiB.
      for (let at = 0; at < messages.length; at += 256)
        await transaction.send({ messages: messages.slice(at, at + 256) })
      await transaction.commit()
    }
  }
  const half = Math.floor(certificates.length / 2)
  await send(certificates.slice(0, half))
  const rate = await timed('bare', certificates.length - half, () => send(certificates.slice(half)))
  await producer.close()
  return rate
}

/** Twice each, by turns: the first run of a topic finds it not in memory. */
async function read(url, entries) {
  const rates = { read: 0, bare: 0 }
  for (const what of ['bare', 'read', 'bare', 'read']) {
    const bare = what === 'bare'
    const { entries: count, wallMs, cpuMs } = await measure('kafka-read', { url, entries, dist, bare })
    const rate = Math.round((count / wallMs) * 1000)
    rates[what] = Math.max(rates[what], rate)
    say(what, rate, (cpuMs * 1000) / count)
  }
  share('read', rates.read, rates.bare)
  if (rates.read < READ_TARGET) failures.push(`${rates.read} entries/s read, ${READ_TARGET} wanted`)
}

function share(what, ours, bare) {
  console.log(`${what}: ${Math.round((ours / bare) * 100)} % of what the bare client does`)
}

function say(what, rate, cpu) {
  console.log(
    `${what.padEnd(8)} ${rate.toLocaleString('en')} entries/s, ${cpu.toFixed(1)} µs of this process's CPU an entry`,
  )
}
