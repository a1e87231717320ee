// `npm run bench:postgres -- [--entries N] [--names N] [--db URL] [--dist FOLDER]`: what a Postgres server takes and gives, on loopback, with
// its disk synced; and what share that is of what the bare client does with the same statements, and their parameters, made before. Without
// --db a server of its own is started where Debian's package is installed. Each step is measured in this process; the log is served by
// another one. CPU seconds are this process's and, of a server of its own, the server's. Ends with 1 when a target is not met; on a machine
// that is busy, the CPU seconds say more than the rates.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { LogServer } from './measure.mjs'

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '102400' },
    names: { type: 'string', default: '3000000' },
    db: { type: 'string' },
    dist: { type: 'string', default: 'dist' },
  },
})
const [entries, names] = [Number(values.entries), Number(values.names)]
const dist = resolve(values.dist)
const load = (name) => import(pathToFileURL(join(dist, name)).href)
const [{ ctStream }, { pump }, { postgresSink, searchCertificates }, { postgresQueueSource }] = await Promise.all(
  ['index.js', 'sinks.js', 'sinks/postgres.js', 'processors/postgres.js'].map(load),
)
const leaseMs = 1000
const failures = []
const say = (text) => process.stdout.write(`${text}\n`)
const postgres = values.db === undefined ? await startPostgres() : { url: values.db, stop: () => {} }
const client = new pg.Client({ connectionString: postgres.url })
await client.connect()
const log = await LogServer.start({ size: entries, tiledSize: entries, dist })
say(`${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, ${entries} entries`)
try {
  const plain = await fill('bench_plain', { entries: 'first' }, 15_000)
  const queued = await fill('bench_queue', { entries: 'first', queue: true }, undefined)
  await fillBare('bench_bare', { entries: 'first' }, plain)
  await fillBare('bench_bare', { entries: 'first', queue: true }, queued)
  await readBare('bench_queue', await readQueue('bench_queue', 20_000))
  await takeOver('bench_queue', leaseMs + 5000)
  await find('bench_plain', 20)
} finally {
  for (const schema of ['bench_plain', 'bench_queue', 'bench_bare'])
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await client.end()
  log.stop()
  await postgres.stop()
}
for (const failure of failures) say(`not met: ${failure}`)
process.exitCode = failures.length === 0 ? 0 : 1

/** Reads the log into a schema. @returns The rate. */
async function fill(schema, options, target) {
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  return timed(`a sink${options.queue ? ' with a queue' : ''}`, entries, target, () => pumpInto(schema, options))
}

function pumpInto(schema, options, onOpened = () => {}) {
  return pump({
    sink: postgresSink(urlOf(schema), options),
    stream: (checkpoint) => {
      onOpened()
      return ctStream({
        logs: [log.spec('static-ct', entries)],
        start: 'beginning',
        end: 'head',
        checkpoint,
        commit: 'manual',
      })
    },
  })
}

/** What the client does alone with the statements of a sink, one after the other, in a schema as empty. */
async function fillBare(schema, options, rate) {
  const statements = []
  const { query } = pg.Client.prototype
  let isRecording = false
  pg.Client.prototype.query = function (text, values, ...rest) {
    if (isRecording && this !== client) statements.push({ text, values })
    return query.call(this, text, values, ...rest)
  }
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await pumpInto(schema, options, () => {
    isRecording = true
  })
  pg.Client.prototype.query = query
  await client.query(`DROP SCHEMA ${schema} CASCADE`)
  const sink = postgresSink(urlOf(schema), options)
  await sink.open(undefined)
  await sink.close()
  await client.query(`SET search_path = ${schema}`)
  const bare = await timed('  the client alone', entries, undefined, async () => {
    for (const { text, values } of statements) await client.query(text, values)
  })
  const { rows } = await client.query('SELECT count(*) FROM certificate')
  if (Number(rows[0].count) !== entries) failures.push(`the client alone has written ${rows[0].count} certificates`)
  share(rate, bare)
}

/** What the client alone reads of a queue, in pages as large as a processor's. */
async function readBare(schema, rate) {
  await client.query(`SET search_path = ${schema}`)
  const bare = await timed('  the client alone', entries, undefined, async () => {
    for (let next = 0; next < entries; next += 256)
      await client.query('SELECT * FROM queued WHERE log = 1 AND idx >= $1 ORDER BY idx LIMIT 256', [next])
  })
  share(rate, bare)
}

function share(ours, bare) {
  say(`  ${Math.round((ours / bare) * 100)} % of that`)
}

/** Reads the queue, as a module does that looks at names. */
async function readQueue(schema, target) {
  return timed('a processor', entries, target, async () => {
    const source = postgresQueueSource(urlOf(schema), { group: 'bench', end: 'head' })
    let count = 0
    for await (const page of source.batches()) {
      for (const certificate of page) if (certificate.dnsNames !== undefined) count++
      source.acknowledge(page.at(-1))
    }
    await source.close()
    if (count !== entries) failures.push(`${count} of ${entries} entries came out of the queue`)
  })
}

/** How long after a kill -9 another processor goes on. */
async function takeOver(schema, targetMs) {
  await client.query(`CREATE TABLE ${schema}.effect (n bigint GENERATED ALWAYS AS IDENTITY, log text, idx bigint)`)
  const program = resolve(import.meta.dirname, '../engines/programs/processor.mjs')
  const start = () =>
    spawn(process.execPath, [program, JSON.stringify({ url: urlOf(schema), leaseMs })], { stdio: 'ignore' })
  const done = async () => Number((await client.query(`SELECT count(*) FROM ${schema}.effect`)).rows[0].count)
  const until = async (count) => {
    while ((await done()) <= count) await sleep(20)
  }
  const first = start()
  await until(500)
  const second = start()
  first.kill('SIGKILL')
  const killed = performance.now()
  await sleep(50)
  await until(await done())
  second.kill('SIGKILL')
  judge('takeover after kill -9', performance.now() - killed, 'ms', targetMs, (value) => value <= targetMs)
}

/** Searches one domain's certificates among many names. */
async function find(schema, targetMs) {
  await client.query(`SET search_path = ${schema}`)
  await client.query(
    `INSERT INTO name SELECT 'com.made' || n % 500000 || '.host' || n, (SELECT min(id) FROM certificate), now()
     FROM generate_series(1, $1::integer) n`,
    [names],
  )
  await client.query('VACUUM ANALYZE name')
  const found = await client.query('SELECT rev FROM name WHERE cert > 0 ORDER BY md5(rev) LIMIT 20')
  const times = []
  // Connecting is no part of it: each search connects anew, and one that finds nothing says what that takes.
  const search = async (name) => {
    const began = performance.now()
    await searchCertificates(urlOf(schema), name)
    return performance.now() - began
  }
  const connecting = Math.min(
    ...(await Promise.resolve([await search('x.invalid'), await search('y.invalid'), await search('z.invalid')])),
  )
  for (const { rev } of found.rows) {
    const name = rev.split('.').slice(0, 2).reverse().join('.')
    times.push(Math.max(0, (await search(name)) - connecting))
  }
  times.sort((a, b) => a - b)
  const middle = times[Math.floor(times.length / 2)]
  judge(`a search among ${names} names`, middle, 'ms', targetMs, (value) => value < targetMs)
}

async function timed(what, count, target, work) {
  const [cpu, serverCpu] = [process.cpuUsage(), postgres.cpuSeconds?.() ?? 0]
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const ours = ((user + system) / 1e6).toFixed(1)
  const theirs =
    postgres.cpuSeconds === undefined ? '' : `, the server ${(postgres.cpuSeconds() - serverCpu).toFixed(1)} s`
  judge(what, count / seconds, 'entries/s', target, (value) => value >= target, ` (CPU: ${ours} s${theirs})`)
  return count / seconds
}

function judge(what, value, unit, target, isMet, more = '') {
  const shown = `${what}: ${Math.round(value)} ${unit}`
  say(`${shown}${more}`)
  if (target !== undefined && !isMet(value)) failures.push(`${shown}, and should be ${target}`)
}

function urlOf(schema) {
  const url = new URL(postgres.url)
  url.searchParams.set('schema', schema)
  return url.href
}

async function startPostgres() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-postgres-'))
  chmodSync(folder, 0o755)
  const port = await freePort()
  const script = resolve(import.meta.dirname, '../services/postgres.sh')
  const place = join(folder, 'server')
  execFileSync('bash', [script, 'start', place, String(port)], { stdio: ['ignore', 'ignore', 'inherit'] })
  const main = readFileSync(join(place, 'pid'), 'utf8').trim()
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    cpuSeconds: () => cpuSecondsBelow(main),
    stop: () => {
      execFileSync('bash', [script, 'stop', place])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Of a process and its children, those that have ended included. */
function cpuSecondsBelow(main) {
  let ticks = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let fields
    try {
      fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /, '')
        .split(' ')
    } catch {
      continue
    }
    const [, parent] = fields
    const numbers = fields.slice(11, 15).map(Number)
    if (pid === main) ticks += numbers.reduce((sum, value) => sum + value, 0)
    else if (parent === main) ticks += numbers[0] + numbers[1]
  }
  return ticks / 100
}

function freePort() {
  return new Promise((done) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}
