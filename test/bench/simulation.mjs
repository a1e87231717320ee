// `node test/bench/simulation.mjs [--quick] [--only logs|shared-limit] [--json FILE] [--raw FILE] [--verbose] [--seconds N] [--rate N] [--backlog N] [--poll MS] [--partial MS] [--dist FOLDER] [--buffered MIB] [--profile FOLDER] [--node FLAG …]`
//
// The whole of CT in small: 48 logs of both kinds that grow by 3,000 entries a second together, some of them throttled, slow, down or
// behind, and one stream that reads them all. The logs and the reader are processes of their own. After it, one log whose limit others
// use up for a while (`--only`: one of both). Ends with 1 when an entry was lost,
// came twice or out of order, or when a log was not caught up. `--raw` keeps every request, head and delivery, to look closer;
// `--profile` the reader's CPU profile, for profile.mjs; `--node` a flag of Node for the reader.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { backlogsOf, delaysOf, faultsOf, requestsOf } from './simulation/analysis.mjs'
import { planOf } from './simulation/plan.mjs'
import { print, printSharedLimit } from './simulation/report.mjs'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    json: { type: 'string' },
    raw: { type: 'string' },
    seconds: { type: 'string' },
    rate: { type: 'string' },
    backlog: { type: 'string' },
    poll: { type: 'string', default: '2000' },
    partial: { type: 'string', default: '5000' },
    only: { type: 'string' },
    dist: { type: 'string', default: join(import.meta.dirname, '../../dist') },
    profile: { type: 'string' },
    buffered: { type: 'string' },
    node: { type: 'string', multiple: true, default: [] },
  },
})
const seconds = Number(flags.seconds ?? (flags.quick ? 15 : 60))
const rate = Number(flags.rate ?? (flags.quick ? 1_000 : 3_000))
const backlog = Number(flags.backlog ?? (flags.quick ? 2_000 : 10_000))
const pollIntervalMs = Number(flags.poll)
const partialTileDelayMs = Number(flags.partial)
/** For what is still missing when the logs stop growing. */
const patienceMs = 90_000
/** Flags of Node for the reader. */
const readerFlags = [
  ...flags.node,
  ...(flags.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${flags.profile}`]),
]
const dist = pathToFileURL(resolve(flags.dist)).href

const say = (text) => process.stderr.write(`${text}\n`)
const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms))
const folder = mkdtempSync(join(tmpdir(), 'simulation-'))
const children = []
try {
  const plan = planOf({ rate, backlog })
  const result = flags.only === 'shared-limit' ? { faults: [] } : await simulate(plan)
  if (flags.only !== 'shared-limit') print({ plan, result, verbose: flags.verbose })
  if (flags.only !== 'logs') {
    say('a limit that others use up …')
    result.sharedLimit = (await start('shared-limit', { dist }).next('sharedLimit')).sharedLimit
    printSharedLimit(result.sharedLimit)
  }
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`)
  process.exitCode = result.faults.length === 0 ? 0 : 1
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

async function simulate(plan) {
  say(`making ${plan.length} logs …`)
  const server = start('server', { logs: plan, seconds, dist })
  const { ready } = await server.next('ready')
  say(`reading for ${seconds} s …`)
  const reader = start('reader', {
    logs: ready.map((log, i) => ({ ...log, begins: plan[i].begins })),
    options: {
      pollIntervalMs,
      partialTileDelayMs,
      ...(flags.buffered && { maxBufferedBytes: flags.buffered * 2 ** 20 }),
    },
    checkpoint: join(folder, 'ct-stream.db'),
    dist,
  })
  const grownAt = Date.now()
  server.child.send({ grow: true })
  await sleep((seconds * 1000) / 2)
  const middle = await reader.ask('mark')
  await sleep((seconds * 1000) / 2)
  const late = await reader.ask('mark')
  const { sizes } = await server.ask('stop', 'sizes')
  const stoppedAt = Date.now()
  say('waiting for the rest …')
  reader.child.send({ finals: sizes, patienceMs })
  const { result: read } = await reader.next('result')
  const asked = await server.ask('report', 'logs')
  const facts = { plan, sizes, server: asked, reader: read, grownAt, pollIntervalMs }
  if (flags.raw !== undefined) writeFileSync(flags.raw, JSON.stringify(facts))
  return summaryOf(facts, { middle: middle.mark, late: late.mark, stoppedAt })
}

function summaryOf(facts, { middle, late, stoppedAt }) {
  const { plan, sizes, server, reader, grownAt } = facts
  const inHalf = reader.runs
    .filter((run) => run[3] >= middle.at && run[3] < late.at)
    .reduce((sum, [, start, end]) => sum + end - start, 0)
  const delays = delaysOf(facts)
  return {
    machine: { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, load: loadavg(), date: new Date() },
    seconds,
    rate,
    backlog,
    pollIntervalMs,
    partialTileDelayMs,
    published: sizes.reduce((sum, size, i) => sum + size - plan[i].size, 0),
    delivered: reader.runs.reduce((sum, [, start, end]) => sum + end - start, 0),
    drainMs: (reader.runs.at(-1)?.[3] ?? Number.NaN) - stoppedAt,
    usage: {
      cpuPercent: (100 * reader.usage.cpuMs) / (reader.usage.at - grownAt),
      liveCpuPercent: (100 * (late.cpuMs - middle.cpuMs)) / (late.at - middle.at),
      liveCpuUs: (1000 * (late.cpuMs - middle.cpuMs)) / inHalf,
      maxRssBytes: reader.usage.maxRssBytes,
      atPeak: reader.usage.atPeak,
      bufferedBytes: reader.bufferedBytes,
      arrayBufferBytes: reader.arrayBufferBytes,
      loopMs: reader.usage.loopMs,
    },
    server: { cpuPercent: (server.usage.user + server.usage.system) / 10 / (reader.usage.at - grownAt) },
    requests: requestsOf(facts),
    backlogs: backlogsOf(facts),
    delays,
    logs: plan.map((entry, i) => ({
      ...entry,
      finalSize: sizes[i],
      requests: server.logs[i].requests.length,
      failed: server.logs[i].requests.filter(({ status }) => status !== 200).length,
      retries: reader.status?.[i]?.retries,
      pageSize: reader.status?.[i]?.pageSize,
      requestsPerSecond: reader.status?.[i]?.requestsPerSecond,
      lastError: reader.status?.[i]?.lastError,
      connections: server.logs[i].connections,
      delay: delayOfLog(facts, i),
    })),
    errors: reader.errors,
    faults: faultsOf(facts),
  }
}

function delayOfLog({ plan, server, reader, ...facts }, i) {
  const runs = reader.runs.filter(([log]) => log === i)
  return delaysOf({ plan, server, reader: { ...reader, runs }, ...facts }).at(-1)
}

/** A program of this simulation, and what it says, message by message. */
function start(name, options) {
  const child = fork(join(import.meta.dirname, 'simulation', `${name}.mjs`), [JSON.stringify(options)], {
    serialization: 'advanced',
    execArgv: name === 'reader' ? readerFlags : [],
  })
  children.push(child)
  const gone = new Promise((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the ${name} ended with ${code ?? signal}`)))
  })
  gone.catch(() => {})
  const next = (key) =>
    Promise.race([
      gone,
      new Promise((done) => {
        const listen = (message) => {
          if (message[key] === undefined) return
          child.off('message', listen)
          done(message)
        }
        child.on('message', listen)
      }),
    ])
  const ask = (question, key = question) => {
    const answer = next(key)
    child.send({ [question]: true })
    return answer
  }
  return { child, next, ask }
}
