// `npm run bench -- [--quick] [--json FILE] [--only NAME,…] [--dist FOLDER] [--before FOLDER] [--peers]`; without --quick and --only, the simulation of
// many logs and the clients of a server follow.
//
// Everything reads one log of real certificates, served over loopback by a process that is not measured. Every run is a process of
// its own; runs take turns, round after round, so that a machine that slows down slows down all of them; ratios are medians of
// ratios within a round. With --before, another build (its dist folder) reads the same in each round. Times depend on the machine, ratios much less.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'tsup'
import { measureHostile } from './hostile.mjs'
import {
  certspotterVersion,
  LogServer,
  lifetime,
  measure,
  measureCertspotter,
  readsTiles,
  timeToFirstLine,
} from './measure.mjs'
import { measurePeer, peers } from './peers.mjs'
import { judge, judgeHostile, printRuns, printTargets } from './report.mjs'

const root = join(import.meta.dirname, '../..')
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string' },
    dist: { type: 'string', default: join(root, 'dist') },
    before: { type: 'string' },
    peers: { type: 'boolean', default: false },
  },
})
const dist = resolve(flags.dist)
const plan = flags.quick
  ? {
      rounds: 3,
      stream: 131_072,
      tiled: 131_072,
      naive: 4_096,
      certspotter: 32_768,
      decode: 65_536,
      memory: 0,
      starts: 9,
    }
  : {
      rounds: 5,
      stream: 524_288,
      tiled: 262_144,
      naive: 16_384,
      certspotter: 131_072,
      decode: 262_144,
      memory: 2_000_128,
      starts: 21,
    }

const folder = mkdtempSync(join(tmpdir(), 'bench-'))
const say = (text) => process.stderr.write(`${text}\n`)
const size = Math.max(plan.stream, plan.memory)
say(`making a log of ${size} entries …`)
const server = await LogServer.start({ size, tiledSize: plan.tiled, dist })
try {
  const results = await runAll()
  const verdicts = [...judge(results), ...judgeHostile(results.hostile)]
  printRuns(results)
  printTargets(verdicts)
  server.stop()
  const isWhole = !flags.quick && flags.only === undefined
  const simulation = isWhole ? simulate() : undefined
  if (isWhole) serveClients()
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify({ ...results, verdicts, simulation }, null, 2)}\n`)
} finally {
  server.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** All of CT in small, in processes of its own; prints its own tables. Exits with its status when something was lost. */
function simulate() {
  console.log('\nsimulation\n')
  const json = join(folder, 'simulation.json')
  const args = [join(import.meta.dirname, 'simulation.mjs'), '--json', json, '--dist', dist]
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
  return existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')) : undefined
}

/** A server and its clients; prints its own lines. Exits with its status when a client missed something. */
function serveClients() {
  console.log('\nserver\n')
  const args = [join(import.meta.dirname, 'server.mjs'), '--dist', dist]
  const status = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
  if (status !== 0) process.exitCode = status
}

async function runAll() {
  const notes = []
  const certspotter = await certspotterVersion()
  if (certspotter === undefined)
    notes.push('certspotter is not installed (Debian: apt-get install certspotter): left out')
  const decode = await measure('decode', {
    steps: await buildSteps(),
    ...logAt(plan.stream),
    pages: server.ready.templates / 256,
    entries: plan.decode,
  })
  const { samples } = decode
  const all = {
    'RFC 6962, batches': () => stream('rfc6962', plan.stream, 'batches'),
    'RFC 6962, one thread': () => stream('rfc6962', plan.stream, 'batches', undefined, 0),
    'RFC 6962, one thread, traced': () => stream('rfc6962', plan.stream, 'batches', undefined, 0, dist, true),
    'static-ct, one thread': () => stream('static-ct', plan.tiled, 'batches', undefined, 0),
    'RFC 6962, one by one': () => stream('rfc6962', plan.stream, 'each'),
    'static-ct, batches': () => stream('static-ct', plan.tiled, 'batches'),
    'RFC 6962, no names read': () => stream('rfc6962', plan.stream, 'unread'),
    'RFC 6962, 10,000 domains': () => stream('rfc6962', plan.stream, 'batches', { count: 10_000, real: samples }),
    'RFC 6962, watchlist': () => watched(false),
    'RFC 6962, watchlist and intelligence': () => watched(true),
    'RFC 6962, both in a thread': () => watched(true, 1),
    'naive pipeline': () => measure('naive', { ...logAt(plan.naive), entries: plan.naive }),
    certspotter: () => measureCertspotter(server, 'rfc6962', plan.certspotter),
    'certspotter, static-ct': () => measureCertspotter(server, 'static-ct', plan.certspotter),
  }
  if (flags.before !== undefined) {
    const build = resolve(flags.before)
    all['RFC 6962, before'] = () => stream('rfc6962', plan.stream, 'batches', undefined, undefined, build)
    all['static-ct, before'] = () => stream('static-ct', plan.tiled, 'batches', undefined, undefined, build)
  }
  if (flags.peers)
    for (const name of peers()) {
      all[`RFC 6962, ${name}`] = () => measurePeer(name, server, 'rfc6962', plan.certspotter)
      all[`static-ct, ${name}`] = () => measurePeer(name, server, 'static-ct', plan.certspotter)
    }
  const wanted = flags.only?.split(',')
  if (certspotter === undefined) delete all.certspotter
  if (certspotter === undefined || !readsTiles(certspotter)) delete all['certspotter, static-ct']
  for (const name of Object.keys(all))
    if (wanted !== undefined && !wanted.some((part) => name.includes(part))) delete all[name]

  const runs = Object.fromEntries(Object.keys(all).map((name) => [name, []]))
  for (let round = 1; round <= plan.rounds; round++)
    for (const [name, run] of Object.entries(all)) {
      say(`round ${round} of ${plan.rounds}: ${name} …`)
      const result = await server.beside(run)
      if (result.skipped === undefined) runs[name].push(result)
      else {
        notes.push(`${name}: left out, ${result.skipped}`)
        delete all[name]
        delete runs[name]
      }
    }
  checkSame(runs)
  let memory
  if (plan.memory > 0) {
    say(`${plan.memory} entries for their memory …`)
    memory = await server.beside(() => stream('rfc6962', plan.memory, 'batches'))
  }
  return {
    machine: { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, certspotter, date: new Date() },
    log: { ...server.ready, size },
    plan,
    decode,
    runs,
    memory,
    starts: await starts(),
    hostile: await hostile(),
    notes,
  }
}

/**
 * @param workers - Threads beside the reader's own. Default: as the library does.
 * @param build - The folder of the built library that reads.
 * @param traced - Whether the program has set up OpenTelemetry.
 */
function stream(kind, entries, how, domains, workers, build = dist, traced = false) {
  const spec = server.spec(kind, entries)
  return measure('stream', { dist: build, spec, how, domains, workers, checkpoint: checkpointFile(), traced })
}

function watched(judging, threads = 0) {
  const spec = server.spec('rfc6962', plan.stream)
  return measure('watched', { dist, spec, checkpoint: checkpointFile(), judging, threads })
}

function checkpointFile() {
  return join(mkdtempSync(join(folder, 'run-')), 'ct-stream.db')
}

function logAt(entries) {
  return { url: server.spec('rfc6962', entries).url }
}

/** Programs that read the same entries must have read the same. */
function checkSame(runs) {
  const read = new Map()
  for (const [name, results] of Object.entries(runs))
    for (const { entries, delivered, checksum } of results) {
      if (checksum === undefined || delivered !== entries) continue
      const before = read.get(entries) ?? checksum
      if (before !== checksum) throw new Error(`${name} read ${checksum} of ${entries} entries, another run ${before}`)
      read.set(entries, checksum)
    }
}

/** `--only hostile`, or all. */
function hostile() {
  if (flags.only !== undefined && !flags.only.split(',').includes('hostile')) return {}
  return measureHostile({ dist, quick: flags.quick, sound: server, entries: plan.stream, say })
}

/** Import, and the first certificate, in turns with a bare node. */
async function starts() {
  say('starting processes …')
  const spec = server.spec('rfc6962', plan.stream)
  const times = { bare: [], import: [], bareCpu: [], importCpu: [], first: [], firstWithCheckpoint: [] }
  for (let i = 0; i < plan.starts; i++) {
    for (const name of ['bare', 'import']) {
      const { wallMs, cpuMs } = await lifetime(name)
      times[name].push(wallMs)
      times[`${name}Cpu`].push(cpuMs)
    }
    times.first.push(await timeToFirstLine('first', { spec, checkpoint: false }))
    const checkpoint = join(mkdtempSync(join(folder, 'first-')), 'ct-stream.db')
    times.firstWithCheckpoint.push(await timeToFirstLine('first', { spec, checkpoint }))
  }
  return times
}

/** The steps of the hot path are not exported: they are built by themselves, in the same way. */
async function buildSteps() {
  const entry = join(folder, 'steps.ts')
  const source = (path) => JSON.stringify(join(root, 'src', path))
  writeFileSync(
    entry,
    `export { parseGetEntries } from ${source('wire/get-entries.ts')}
export { RangeBuilder } from ${source('merkle/compact-range.ts')}
export { decodeEntry } from ${source('decode/index.ts')}
`,
  )
  await build({
    entry: [entry],
    outDir: folder,
    format: 'esm',
    target: 'node20',
    config: false,
    silent: true,
    outExtension: () => ({ js: '.mjs' }),
  })
  return pathToFileURL(join(folder, 'steps.mjs')).href
}
