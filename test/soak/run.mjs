// `npm run soak -- [--minutes N] [--seed S] [--json FILE] [--svg FILE]`
//
// A long life in short: logs of both kinds that appear, grow, retire, throttle, fail, recover and fork, and readers that sleep, read
// batches, break off and are killed. Ends with 1 when an entry was lost or is not the one the log holds, when an honest log was
// accused, when something is left open after `close()`, or when the bound on memory did not hold.
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { randomOf } from './chance.mjs'
import { missingOf } from './check.mjs'
import { plotOf } from './plot.mjs'

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    svg: { type: 'string' },
  },
})
const runMs = Number(flags.minutes) * 60_000
const random = randomOf(`readers ${flags.seed}`)
const MAX_BUFFERED = 16 * 1024 * 1024
/** For what is missing when the logs stop growing, and for the idle part that follows. */
const PATIENCE_MS = 180_000
const IDLE_MS = 30_000

const say = (text) => process.stderr.write(`${text}\n`)
const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms))
const folder = mkdtempSync(join(tmpdir(), 'soak-'))
const children = new Set()

/** A program of this soak; `ask` sends a question and resolves with the next answer of that name. */
function start(name, options) {
  const child = fork(join(import.meta.dirname, `${name}.mjs`), [JSON.stringify(options)], { serialization: 'advanced' })
  children.add(child)
  child.once('exit', () => children.delete(child))
  const exited = new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)))
  const next = (key) =>
    new Promise((done, fail) => {
      const listen = (message) => {
        if (message[key] === undefined) return
        child.off('message', listen)
        done(message[key])
      }
      child.on('message', listen)
      void exited.then((how) => fail(new Error(`${name} ended with ${how}`)))
    })
  const ask = (key, value = true) => {
    const answer = next(key)
    answer.catch(() => {})
    child.send({ [key]: value })
    return answer
  }
  return { child, exited, next, ask }
}

const reader = (mode) => ({
  mode,
  list: world.list,
  checkpoint: join(folder, `${mode}.db`),
  seen: join(folder, `${mode}.seen`),
  maxBufferedBytes: MAX_BUFFERED,
  seed: `${mode} ${flags.seed} ${random()}`,
})

/** Kills a reader now and then, and starts it again, until `until`. */
async function killing(mode, until) {
  let kills = 0
  while (Date.now() < until) {
    const { child, exited } = start('reader', reader(mode))
    const lives = Math.min(2_000 + random() * 30_000, until - Date.now())
    const how = await Promise.race([exited, sleep(lives)])
    if (how !== undefined) throw new Error(`the ${mode} ended by itself: ${how}`)
    child.kill('SIGKILL')
    await exited
    kills++
  }
  return kills
}

let world
const problems = []
try {
  const server = start('world', { seed: flags.seed })
  world = await server.next('ready')
  say(`${world.logs} logs; reading for ${flags.minutes} min with seed ${flags.seed} …`)
  const startedAt = Date.now()
  const batches = start('reader', reader('batches'))
  const breaker = start('reader', reader('breaker'))
  const samples = []
  const sampling = setInterval(async () => {
    const sample = await batches.ask('sample').catch(() => undefined)
    if (sample !== undefined) samples.push({ ...sample, at: Date.now() - startedAt })
  }, 1_000)
  const worldEnded = server.exited.then((how) => Promise.reject(new Error(`the world ended with ${how}`)))
  worldEnded.catch(() => {})
  const kills = await Promise.race([killing('sleeper', startedAt + runMs), worldEnded])
  say(`${kills} kills; the logs stop, every trouble ends; waiting for the rest …`)
  const { logs, events } = await server.ask('stop')
  const sleeper = start('reader', reader('sleeper'))
  const readers = { batches, breaker, sleeper }
  for (const { child } of Object.values(readers)) child.send({ stay: true })
  const ends = Date.now() + PATIENCE_MS
  // By what was seen, not by what a stream says: one that was started anew no longer follows a log that is at its end.
  const missing = (mode) => missingOf(logs, readFileSync(join(folder, `${mode}.seen`)))
  while (Object.keys(readers).some((mode) => missing(mode).length > 0)) {
    if (Date.now() > ends) {
      problems.push('not every log was read to its end in time')
      break
    }
    await sleep(500)
  }
  const before = await batches.ask('sample')
  await sleep(IDLE_MS)
  const after = await batches.ask('sample')
  clearInterval(sampling)
  const idlePercent = (100 * (after.cpuMs - before.cpuMs)) / IDLE_MS
  const reports = {}
  for (const [mode, { ask, exited }] of Object.entries(readers)) {
    const report = await ask('close')
    // Nothing keeps the process alive once its stream is closed and nobody speaks to it.
    const how = await Promise.race([exited, sleep(10_000).then(() => 'still there after 10 s')])
    if (how !== 0) problems.push(`${mode}: the process did not end by itself: ${how}`)
    problems.push(...report.problems.map((problem) => `${mode}: ${problem}`))
    problems.push(...missing(mode).map((what) => `${mode}: ${what}`))
    for (const id of report.accused)
      if (!logs.some((log) => log.id === id && log.forked)) problems.push(`${mode}: an honest log was accused: ${id}`)
    reports[mode] = { ...report, accused: report.accused.length }
  }
  const peak = (key) => Math.max(...samples.map((sample) => sample[key]))
  const largest = Math.max(...samples.map(({ largestAnswer }) => largestAnswer))
  if (peak('bufferedBytes') > MAX_BUFFERED + logs.length * largest)
    problems.push(`${peak('bufferedBytes')} bytes were held, with a budget of ${MAX_BUFFERED}`)
  const result = {
    minutes: Number(flags.minutes),
    seed: flags.seed,
    node: process.version,
    logs: logs.length,
    entries: logs.reduce((sum, { size }) => sum + size, 0),
    events,
    kills,
    idlePercent,
    peak: {
      bufferedBytes: peak('bufferedBytes'),
      maxBufferedBytes: MAX_BUFFERED,
      rss: peak('rss'),
      heapUsed: peak('heapUsed'),
      handles: peak('handles'),
      loopMs: peak('loopMs'),
    },
    readers: reports,
    problems,
  }
  console.log(JSON.stringify(result, undefined, 2))
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify({ ...result, samples }, undefined, 1)}\n`)
  if (flags.svg !== undefined) writeFileSync(flags.svg, plotOf(samples, MAX_BUFFERED))
  process.exitCode = problems.length === 0 ? 0 : 1
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
