// `npm run bench:kafka -- [--url kafka://HOST:PORT] [--entries N] [--page N]`: what one shard writes to Kafka in a second, each
// page with the position behind it in one transaction that is acknowledged before the next one. Default: the broker of CT_STREAM_TEST_KAFKA.
// Ends with 1 when it is below the target of one broker.
import { randomUUID } from 'node:crypto'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { ctStream } from '../../dist/index.js'
import { openSink } from '../../dist/sinks.js'
import { createTestLog, issueCertificates } from '../../dist/testing.js'

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.CT_STREAM_TEST_KAFKA },
    entries: { type: 'string', default: '20000' },
    page: { type: 'string', default: '256' },
  },
})
if (values.url === undefined) throw new Error('which broker? --url kafka://HOST:PORT; `npm run services` starts one')
const [entries, page] = [Number(values.entries), Number(values.page)]
const TARGET = 20_000

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
for (const body of ['json', 'leaf']) {
  const sink = await openSink(`${values.url}/bench-${randomUUID().slice(0, 8)}?body=${body}`)
  await sink.open(undefined)
  const half = Math.floor(certificates.length / 2)
  // The first half warms up: connections, code, and the broker's.
  await write(sink, certificates.slice(0, half))
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  await write(sink, certificates.slice(half))
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const count = certificates.length - half
  const rate = Math.round(count / seconds)
  best = Math.max(best, rate)
  const perEntry = ((user + system) / count).toFixed(1)
  console.log(`${body.padEnd(5)} ${rate.toLocaleString('en')} entries/s, ${perEntry} µs of this process's CPU an entry`)
  await sink.close()
}
process.exitCode = best >= TARGET ? 0 : 1

async function write(sink, all) {
  for (let from = 0; from < all.length; from += page) {
    const part = all.slice(from, from + page)
    const { log, index } = part.at(-1)
    await sink.write(part)
    const row = { log, position: index + 1, range: undefined, verifiedHead: undefined, pendingHeads: [], learned: {} }
    await sink.store.commit([row])
  }
}
