// `npm run bench:server -- [--clients N] [--full N] [--rate N] [--seconds N] [--pause N] [--only lite|full|stopped] [--dist FOLDER] [--profile FOLDER]`: one server, its
// log and its clients, each a process of its own, on loopback. Every client must get every message; what the server and the clients cost is
// told apart, and what of it is the kernel's. Then a client stops reading for a minute (`--pause`), and must get everything on return. Ends with 1 when
// a client misses something or a target is not met.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    full: { type: 'string', default: '100' },
    rate: { type: 'string', default: '1200' },
    seconds: { type: 'string', default: '10' },
    // How long a client reads nothing, seconds.
    pause: { type: 'string', default: '60' },
    only: { type: 'string' },
    dist: { type: 'string', default: 'dist' },
    // Where the server leaves its CPU profiles, for profile.mjs.
    profile: { type: 'string' },
  },
})
const [clients, full, rate, seconds, pause] = ['clients', 'full', 'rate', 'seconds', 'pause'].map((name) =>
  Number(values[name]),
)
const MIB = 1024 * 1024
const ticksPerSecond = 4
const perTick = Math.round(rate / ticksPerSecond)
const dist = resolve(values.dist)
const { createTestLog, issueCertificates } = await import(pathToFileURL(join(dist, 'testing.js')).href)
const folder = mkdtempSync(join(tmpdir(), 'bench-server-'))
const failures = []
const log = await createTestLog({
  kind: 'rfc6962',
  entries: issueCertificates(10, { sign: false }),
  description: 'Bench',
})
const spec = { kind: 'rfc6962', url: log.url, key: log.key }
let runs = 0
const profiled = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]

/** A process that answers each message with one; resolves with its first. */
async function started(program, args, execArgv = []) {
  const child = fork(join(import.meta.dirname, 'programs', program), [JSON.stringify(args)], { execArgv })
  let fail = () => {}
  child.once('exit', () => fail(new Error(`${program} is gone`)))
  const answer = () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve)
      fail = reject
    })
  const first = await answer()
  const ask = (name) => {
    child.send(name)
    return answer()
  }
  return { first, ask, stop: () => child.disconnect() }
}

/** @param watched - How many clients say when each message came. */
async function attached(path, count, watched, work) {
  const keep = join(folder, `${runs++}.db`)
  const server = await started('serve.mjs', { dist, log: spec, keep, maxClients: count + 10 }, profiled)
  const all = await started('attached.mjs', { port: server.first.port, path, count, watched })
  // The stream has read the head that it goes on from.
  await sleep(1000)
  try {
    return await work(server, all)
  } finally {
    all.stop()
    server.stop()
  }
}

/** Certificates at a steady rate. @returns When each of them could be read, epoch milliseconds. */
async function grow(length = seconds) {
  const begun = performance.now()
  const times = []
  for (let tick = 0; tick < length * ticksPerSecond; tick++) {
    log.add(issueCertificates(perTick, { seed: `${runs} ${begun} ${tick}`, sign: false }))
    log.publish()
    times.push(...new Array(perTick).fill(performance.timeOrigin + performance.now()))
    await sleep(Math.max(0, begun + ((tick + 1) * 1000) / ticksPerSecond - performance.now()))
  }
  return times
}

/** Until all have so many, 25 seconds at most. @returns What they have. */
async function settled(all, isThere) {
  const deadline = performance.now() + 25_000
  for (;;) {
    const report = await all.ask('report')
    if (isThere(report.messages) || performance.now() > deadline) return report
    await sleep(200)
  }
}

const cpuOf = (after, before, over) => {
  const [user, system] = ['userMs', 'systemMs'].map((name) => (after[name] - before[name]) / 1000)
  return { cores: (user + system) / over, seconds: user + system, kernel: system / (user + system) }
}
const cost = ({ cores, seconds, kernel }, sent) =>
  `${cores.toFixed(2)} cores (${Math.round(kernel * 100)} % kernel), ${((seconds * 1e6) / sent).toFixed(2)} µs a message and client`

async function measured(name, path, count, target) {
  await attached(path, count, 0, async (server, all) => {
    const [serverBefore, before] = [await server.ask('report'), await all.ask('report')]
    const begun = performance.now()
    const wanted = (await grow()).length
    const grown = (performance.now() - begun) / 1000
    const after = await settled(all, (messages) => messages.every((n) => n >= wanted))
    const took = (performance.now() - begun) / 1000
    const serverAfter = await server.ask('report')
    const sent = after.messages.reduce((sum, n) => sum + n, 0)
    const [ours, theirs] = [cpuOf(serverAfter, serverBefore, took), cpuOf(after, before, took)]
    const rss = Math.round(serverAfter.rss / MIB)
    const bytes = after.bytes - before.bytes
    console.log(
      `${name}: ${count} clients, ${Math.round(wanted / grown)} certificates/s for ${grown.toFixed(1)} s; all sent after ${took.toFixed(1)} s, ` +
        `${Math.round(sent / took)} messages/s of ${Math.round(bytes / sent)} bytes, ${Math.round(bytes / took / MIB)} MiB/s`,
    )
    console.log(`  server ${cost(ours, sent)}, ${rss} MiB resident; clients ${cost(theirs, sent)}`)
    const short = after.messages.filter((n) => n !== wanted).length
    if (short > 0)
      failures.push(`${name}: ${short} clients have not ${wanted} messages; the fewest ${Math.min(...after.messages)}`)
    if (ours.cores > target.cores) failures.push(`${name}: ${ours.cores.toFixed(2)} cores, more than ${target.cores}`)
    if (took > grown + 2) failures.push(`${name}: ${(took - grown).toFixed(1)} s behind its log at the end`)
    if (rss > target.rss) failures.push(`${name}: ${rss} MiB, more than ${target.rss}`)
  })
}

/** The latency of those that read, without and then with one that does not; within one run. */
async function stopped(count = 10) {
  await attached('/full-stream', count, count - 1, async (_server, all) => {
    const round = async (before, length) => {
      const times = await grow(length)
      const wanted = before + times.length
      await settled(all, ([, ...others]) => others.every((n) => n >= wanted))
      const came = await all.ask('times')
      return { wanted, p99: p99(came.flatMap((one) => one.map((at, i) => at - times[i]))) }
    }
    const without = await round(0, seconds)
    await all.ask('pause')
    const beside = await round(without.wanted, pause)
    const { messages: then } = await all.ask('report')
    await all.ask('resume')
    const { messages } = await settled(all, (now) => now.every((n) => n >= beside.wanted))
    const isWhole = messages.every((n) => n === beside.wanted)
    const ratio = beside.p99 / without.p99
    console.log(
      `stopped: one of ${count} full clients reads nothing for ${pause} s, is ${beside.wanted - then[0]} of ${beside.wanted - without.wanted} messages behind and ` +
        `${isWhole ? 'gets them all' : `has ${messages[0]} of ${beside.wanted}`} on return; p99 of the others ${Math.round(without.p99)} ms without it, ` +
        `${Math.round(beside.p99)} ms beside it (${ratio.toFixed(2)})`,
    )
    if (!isWhole) failures.push(`stopped: not everybody has ${beside.wanted} messages: ${[...new Set(messages)]}`)
    if (ratio > 1.5) failures.push(`stopped: p99 of the others grew ${ratio.toFixed(2)} times`)
  })
}

function p99(times) {
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]
}

const all = {
  lite: () => measured('lite', '/', clients, { cores: 1, rss: 400 }),
  full: () => measured('full', '/full-stream', full, { cores: 0.5, rss: 400 }),
  stopped: () => stopped(),
}
try {
  console.log(`${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)} before, node ${process.version}`)
  for (const [name, run] of Object.entries(all)) if ((values.only ?? name) === name) await run()
} finally {
  await log.close()
  rmSync(folder, { recursive: true, force: true })
}
for (const failure of failures) console.error(failure)
console.log(failures.length === 0 ? 'met' : 'not met')
process.exitCode = failures.length === 0 ? 0 : 1
