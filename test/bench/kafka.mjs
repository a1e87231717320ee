// `npm run bench:kafka -- [--url kafka://HOST:PORT] [--entries N] [--page N] [--target N] [--kill FOLDER]`: what one shard writes to Kafka in
// a second, each page with the position behind it in one transaction that is acknowledged before the next one; and what a processor reads
// of that. Default: the broker of CT_STREAM_TEST_KAFKA. `--kill`: kills the broker in this folder of `kafka.sh start3` in the middle, and
// says how long the longest stall was. Ends with 1 when it is below a target.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ctStream } from '../../dist/index.js'
import { queueSource } from '../../dist/processors.js'
import { openSink } from '../../dist/sinks.js'
import { createTestLog, issueCertificates } from '../../dist/testing.js'

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.CT_STREAM_TEST_KAFKA },
    entries: { type: 'string', default: '20000' },
    page: { type: 'string', default: '256' },
    target: { type: 'string', default: '20000' },
    kill: { type: 'string' },
  },
})
if (values.url === undefined) throw new Error('which broker? --url kafka://HOST:PORT; `npm run services` starts one')
const [entries, page, target] = [Number(values.entries), Number(values.page), Number(values.target)]
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
  best = Math.max(best, await timed(body, count, () => write(sink, certificates.slice(half))))
  if (body === 'leaf') {
    if (values.kill !== undefined) await killed(sink)
    await sink.close()
    await read(url)
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
  const perEntry = ((user + system) / count).toFixed(1)
  console.log(`${what.padEnd(8)} ${rate.toLocaleString('en')} entries/s, ${perEntry} µs of this process's CPU an entry`)
  return rate
}

async function write(sink, all) {
  for (let from = 0; from < all.length; from += page) {
    const part = all.slice(from, from + page)
    const { log, index } = part.at(-1)
    const began = performance.now()
    await sink.write(part)
    const row = { log, position: index + 1, range: undefined, verifiedHead: undefined, pendingHeads: [], learned: {} }
    await sink.store.commit([row])
    stall = Math.max(stall, performance.now() - began)
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

/** As a processor that looks at names. */
async function read(url) {
  const source = await queueSource(url, { group: 'bench', end: 'head', leaseMs: 6000 })
  let names = 0
  let count = 0
  const consume = async () => {
    for await (const batch of source.batches()) {
      for (const { dnsNames } of batch) names += dnsNames.length
      count += batch.length
      source.acknowledge(batch.at(-1))
    }
    await source.commit()
  }
  const pages = source.batches()
  // Connecting and joining the group is not what is measured.
  const first = (await pages.next()).value
  count += first.length
  source.acknowledge(first.at(-1))
  await pages.return()
  const rate = await timed('read', certificates.length - count, consume)
  await source.close()
  if (count < certificates.length || names === 0) failures.push(`${count} of ${certificates.length} entries were read`)
  if (rate < READ_TARGET) failures.push(`${rate} entries/s read, ${READ_TARGET} wanted`)
}
