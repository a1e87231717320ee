// `node test/bench/cache.mjs [entries]`, after a build: memory and speed of a certificate cache that is full.
import { CertificateCache } from '../../dist/modules.js'

const entries = Number(process.argv[2] ?? 10_000_000)
const checks = 5_000_000
const before = process.memoryUsage().rss
const cache = new CertificateCache({ maxEntries: entries, ttlMs: 31_536_000_000 })

// Keys that are spread as hashes are, made faster than hashes are: splitmix64 in two halves.
const words = new Uint32Array(8)
const key = new Uint8Array(words.buffer)
function keyOf(n) {
  for (let i = 0; i < 8; i++) {
    let x = (n * 8 + i + 1) | 0
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
    words[i] = x ^ (x >>> 16)
  }
  return key
}

function rate(what, count, step) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  let hits = 0
  for (let i = 0; i < count; i++) if (step(i)) hits++
  const perSecond = Math.round((count / (performance.now() - start)) * 1000)
  // On a machine that others use, the second figure is the one to compare.
  const { user, system } = process.cpuUsage(cpu)
  const perCpuSecond = Math.round((count / (user + system)) * 1e6).toLocaleString('en')
  console.log(
    `${what}: ${perSecond.toLocaleString('en')}/s (${perCpuSecond} per CPU second), ${hits.toLocaleString('en')} hits`,
  )
}

rate('keys alone', checks, (i) => keyOf(i) === undefined)
rate(`seen(), filling to ${entries.toLocaleString('en')}`, entries, (i) => cache.seen(keyOf(i)))
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`
console.log(
  `memory: ${megabytes(process.memoryUsage().rss - before)} resident, tables of ${megabytes(cache.status().bytes)}`,
)
rate('seen(), new keys that push out old ones', checks, (i) => cache.seen(keyOf(entries + i)))
rate('seen(), known keys', checks, (i) => cache.seen(keyOf(checks + ((i * 7919) % (entries - 1)))))
console.log(cache.status())
