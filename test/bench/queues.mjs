// `node test/bench/queues.mjs [--entries N] [--only redis,nats,amqp,ferretdb,opensearch] [--body leaf|json]`, after a build: entries in pages of
// 256 (documents: 1,024) to real servers on loopback, each page durable before the next, by the sinks and by the bare clients with the same
// messages, made in the run by both, one after the other; then, of whole entries, all of them to one processor, each page acknowledged.
// Starts the servers itself (test/services).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'tsup'

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '51200' },
    only: { type: 'string', default: 'redis,nats,amqp,ferretdb,opensearch' },
    body: { type: 'string', default: 'leaf' },
    dist: { type: 'string', default: 'dist' },
  },
})
const count = Number(values.entries)
const load = (name) => import(join(resolve(values.dist), name))
const [{ ctStream }, { createTestLog, issueCertificates }, { MessageEncoder, openSink }, { queueSource }] =
  await Promise.all(['index.js', 'testing.js', 'sinks.js', 'processors.js'].map(load))

/** Messages of a page, as the sinks make them. */
const encoder = new MessageEncoder({ body: values.body })
const messagesOf = (page) =>
  page.map((certificate) => {
    const { headers, body } = encoder.encode(certificate, 1)
    return { index: certificate.index, headers, body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }
  })

/** Documents of a page, as the sinks make them: with what the package does not export. */
const made = mkdtempSync(join(tmpdir(), 'ct-stream-bench-'))
const entry = { document: 'src/sinks/entry-document.ts' }
await build({
  config: false,
  silent: true,
  entry,
  outDir: made,
  format: 'esm',
  platform: 'node',
  outExtension: () => ({ js: '.mjs' }),
})
const { documentId, entryDocument } = await import(pathToFileURL(join(made, 'document.mjs')).href)
rmSync(made, { recursive: true })
const documentsOf = (page) =>
  page.map((certificate) => ({ _id: documentId(certificate), ...entryDocument(certificate, Date.now(), {}) }))

/** Of each engine: where it listens, how many entries a second it should take, and what the bare client does with a page. */
const engines = {
  ferretdb: {
    port: 25_017,
    url: 'mongodb://127.0.0.1:25017',
    sink: 'mongodb://127.0.0.1:25017/ct',
    target: 10_000,
    page: 1024,
    async bare(url) {
      const { MongoClient } = await import('mongodb')
      const client = await new MongoClient(url, { ignoreUndefined: true }).connect()
      const bare = client.db('bare').collection('entries', { writeConcern: { w: 'majority', journal: true } })
      return { write: (page) => bare.insertMany(documentsOf(page), { ordered: false }), close: () => client.close() }
    },
  },
  opensearch: {
    port: 25_200,
    url: 'http://127.0.0.1:25200',
    sink: 'opensearch://127.0.0.1:25200?replicas=0',
    target: 15_000,
    page: 1024,
    async bare(url) {
      const { Client } = await import('@opensearch-project/opensearch')
      const client = new Client({ node: url })
      // The same mapping as the sink's, whose template it has made.
      const { body } = await client.indices.getIndexTemplate({ name: 'ct-entries' })
      await client.indices.create({ index: 'bare', body: body.index_templates[0].index_template.template })
      const write = (page) =>
        client.bulk({
          body: documentsOf(page).flatMap(({ _id, ...rest }) => [{ create: { _index: 'bare', _id } }, rest]),
        })
      return { write, close: () => client.close() }
    },
  },
  redis: {
    port: 25_379,
    url: 'redis://127.0.0.1:25379',
    source: 'redis://127.0.0.1:25379',
    target: 20_000,
    page: 256,
    async bare(url) {
      const { createClient } = await import('redis')
      const client = await createClient({ url, RESP: 2 }).connect()
      const write = async (page) => {
        const multi = client.multi()
        for (const { index, headers, body } of messagesOf(page))
          multi.addCommand(['XADD', 'bare', `${index}-1`, ...Object.entries(headers).flat(), 'body', body])
        await multi.exec()
      }
      return { write, close: () => client.close() }
    },
  },
  nats: {
    port: 25_222,
    url: 'nats://127.0.0.1:25222',
    source: 'nats://127.0.0.1:25222',
    target: 20_000,
    page: 256,
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
      return { write: (page) => Promise.all(messagesOf(page).map(send)), close: () => client.close() }
    },
  },
  amqp: {
    port: 25_672,
    url: 'amqp://guest:guest@127.0.0.1:25672',
    sink: `amqp://guest:guest@127.0.0.1:25672?groups=bench&body=${values.body}`,
    source: 'amqp://guest:guest@127.0.0.1:25672',
    target: 15_000,
    page: 256,
    async bare(url) {
      const { Connection } = await import('rabbitmq-client')
      const connection = new Connection(url)
      const channel = await connection.acquire()
      await channel.queueDeclare({ queue: 'bare', durable: true, arguments: { 'x-queue-type': 'quorum' } })
      await channel.confirmSelect()
      const send = ({ headers, body }) => channel.basicPublish({ routingKey: 'bare', durable: true, headers }, body)
      return { write: (page) => Promise.all(messagesOf(page).map(send)), close: () => connection.unsafeDestroy() }
    },
  },
}

const log = await createTestLog({ entries: issueCertificates(count, { sign: false }) })

/** Not decoded yet: fields are decoded when they are read first, and each run has that to do. */
async function entries() {
  const all = []
  for await (const page of ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false }).batches())
    all.push(...page)
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

/** Reads all entries as the only processor of a group; entries a second, what they held looked at. */
async function measureSource(url) {
  const source = await queueSource(url, { group: 'bench', end: 'head' })
  const cpu = process.cpuUsage()
  const start = performance.now()
  let found = 0
  for await (const page of source.batches()) {
    for (const certificate of page) found += certificate.sha256 === undefined ? 0 : 1
    source.acknowledge(page.at(-1))
    if (found >= count) break
  }
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await source.close()
  if (found !== count) throw new Error(`${found} of ${count} entries came`)
  return { rate: count / seconds, cpuSeconds: (user + system) / 1e6 }
}

const pagesOf = (all, size) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))
const rowOf = ({ log, index }) => ({
  log,
  position: index + 1,
  range: undefined,
  verifiedHead: undefined,
  pendingHeads: [],
  learned: {},
})

console.log(`${count} entries; bodies of messages: ${values.body}`)
for (const [what, make] of [
  ['messages', messagesOf],
  ['documents', documentsOf],
]) {
  const making = await measure(pagesOf(await entries(), 256), async (page) => make(page))
  console.log(`making the ${what} alone: ${Math.round(making.rate)}/s (${making.cpuSeconds.toFixed(1)} CPU s)`)
}
for (const name of values.only.split(',')) {
  const { port, url, source, sink: address = `${url}?body=${values.body}`, target, page: size, bare } = engines[name]
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-bench-'))
  const script = (...args) => execFileSync('bash', [join(import.meta.dirname, '..', 'services', `${name}.sh`), ...args])
  try {
    script('start', folder, String(port))
    const sink = await openSink(address)
    await sink.open(undefined)
    const client = await bare(url)
    const plain = await measure(pagesOf(await entries(), size), client.write)
    const ours = await measure(pagesOf(await entries(), size), async (page) => {
      await sink.write(page)
      await sink.store?.commit([rowOf(page.at(-1))])
    })
    await client.close()
    await sink.close()
    const share = Math.round((ours.rate / plain.rate) * 100)
    console.log(
      `${name}: ${Math.round(ours.rate)}/s (${ours.cpuSeconds.toFixed(1)} CPU s, messages made included), bare client ${Math.round(plain.rate)}/s (${plain.cpuSeconds.toFixed(1)} CPU s): ${share} %; target ${target}/s${ours.rate < target ? ', not met' : ''}`,
    )
    if (source !== undefined && values.body === 'leaf') {
      const read = await measureSource(source)
      console.log(`${name}: a processor has ${Math.round(read.rate)}/s (${read.cpuSeconds.toFixed(1)} CPU s)`)
    }
  } finally {
    script('stop', folder)
    rmSync(folder, { recursive: true, force: true })
  }
}
process.exit()
