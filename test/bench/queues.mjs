// `node test/bench/queues.mjs [--entries N] [--only redis,nats,amqp] [--body leaf|json]`, after a build: entries in pages of 256 to real servers on loopback, each page
// durable before the next, by the sinks and by the bare clients with the same bytes, one after the other in the same run. Starts the
// servers itself (test/services).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const PAGE = 256
const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '51200' },
    only: { type: 'string', default: 'redis,nats,amqp' },
    body: { type: 'string', default: 'leaf' },
    dist: { type: 'string', default: 'dist' },
  },
})
const count = Number(values.entries)
const load = (name) => import(join(resolve(values.dist), name))
const [{ ctStream }, { createTestLog, issueCertificates }, { MessageEncoder, openSink }] = await Promise.all(
  ['index.js', 'testing.js', 'sinks.js'].map(load),
)

/** Of each engine: where it listens, how many entries a second it should take, and what the bare client does with a page. */
const engines = {
  redis: {
    port: 45_379,
    url: 'redis://127.0.0.1:45379',
    target: 20_000,
    async bare(url) {
      const { createClient } = await import('redis')
      const client = await createClient({ url, RESP: 2 }).connect()
      const write = async (page) => {
        const multi = client.multi()
        for (const { index, headers, body } of page)
          multi.addCommand(['XADD', 'bare', `${index}-1`, ...Object.entries(headers).flat(), 'body', body])
        await multi.exec()
      }
      return { write, close: () => client.close() }
    },
  },
  nats: {
    port: 45_222,
    url: 'nats://127.0.0.1:45222',
    target: 20_000,
    async bare(url) {
      const [{ connect, headers: named }, { jetstreamManager }] = await Promise.all([
        import('@nats-io/transport-node'),
        import('@nats-io/jetstream'),
      ])
      const client = await connect({ servers: url })
      const manager = await jetstreamManager(client)
      await manager.streams.add({ name: 'bare', subjects: ['bare.>'] })
      const jetstream = manager.jetstream()
      const send = ({ headers, body }) => {
        const all = named()
        for (const [name, value] of Object.entries(headers)) all.append(name, value)
        return jetstream.publish('bare.entries', body, { headers: all })
      }
      return { write: (page) => Promise.all(page.map(send)), close: () => client.close() }
    },
  },
  amqp: {
    port: 45_672,
    url: 'amqp://guest:guest@127.0.0.1:45672',
    target: 15_000,
    async bare(url) {
      const { Connection } = await import('rabbitmq-client')
      const connection = new Connection(url)
      const channel = await connection.acquire()
      await channel.queueDeclare({ queue: 'bare', durable: true, arguments: { 'x-queue-type': 'quorum' } })
      await channel.confirmSelect()
      const send = ({ headers, body }) => channel.basicPublish({ routingKey: 'bare', durable: true, headers }, body)
      return { write: (page) => Promise.all(page.map(send)), close: () => connection.unsafeDestroy() }
    },
  },
}

async function entries() {
  const log = await createTestLog({ entries: issueCertificates(count, { sign: false }) })
  const all = []
  for await (const page of ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false }).batches())
    all.push(...page)
  await log.close()
  return all
}

/** Runs pages through `write`; entries a second, and what it took of this process' processor. */
async function measure(pages, write) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  for (const page of pages) await write(page)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { rate: count / seconds, cpuSeconds: (user + system) / 1e6 }
}

const pagesOf = (all) =>
  Array.from({ length: Math.ceil(all.length / PAGE) }, (_, i) => all.slice(i * PAGE, (i + 1) * PAGE))
const rowOf = ({ log, index }) => ({
  log,
  position: index + 1,
  range: undefined,
  verifiedHead: undefined,
  pendingHeads: [],
  learned: {},
})

const all = await entries()
const encoder = new MessageEncoder({ body: values.body })
const messages = all.map((certificate) => {
  const { headers, body } = encoder.encode(certificate, 1)
  return { index: certificate.index, headers, body: Buffer.from(body) }
})
const bytes = messages.reduce((sum, { body }) => sum + body.length, 0)
console.log(`${count} entries of ${Math.round(bytes / count)} bytes (${values.body}), pages of ${PAGE}`)
const making = await measure(pagesOf(all), async (page) => page.map((certificate) => encoder.encode(certificate, 1)))
console.log(`making the messages alone: ${Math.round(making.rate)}/s (${making.cpuSeconds.toFixed(1)} CPU s)`)
for (const name of values.only.split(',')) {
  const { port, url, target, bare } = engines[name]
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-bench-'))
  const script = (...args) => execFileSync('bash', [join(import.meta.dirname, '..', 'services', `${name}.sh`), ...args])
  try {
    script('start', folder, String(port))
    const client = await bare(url)
    const plain = await measure(pagesOf(messages), client.write)
    await client.close()
    const sink = await openSink(`${url}?body=${values.body}`)
    await sink.open(undefined)
    const ours = await measure(pagesOf(all), async (page) => {
      await sink.write(page)
      await sink.store?.commit([rowOf(page.at(-1))])
    })
    await sink.close()
    const share = Math.round((ours.rate / plain.rate) * 100)
    console.log(
      `${name}: ${Math.round(ours.rate)}/s (${ours.cpuSeconds.toFixed(1)} CPU s, messages made included), bare client ${Math.round(plain.rate)}/s (${plain.cpuSeconds.toFixed(1)} CPU s): ${share} %; target ${target}/s${ours.rate < target ? ', not met' : ''}`,
    )
  } finally {
    script('stop', folder)
    rmSync(folder, { recursive: true, force: true })
  }
}
process.exit()
