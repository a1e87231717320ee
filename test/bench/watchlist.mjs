// What watching names costs: `node test/bench/watchlist.mjs [FILE]`, after a build. Names a second of CPU, best of five rounds, beside a
// yardstick that any machine has: the same names split by the public suffix list alone.
// FILE: names to match, one a line (what is behind a tab is left out); made ones without.
import { readFileSync } from 'node:fs'
import { parse } from 'tldts'
import { Watchlist } from '../../dist/modules.js'
import { brandsOf } from './brands.mjs'

const [file] = process.argv.slice(2)
const words =
  'mail web shop api cloud data home blue green north river stone light house media group market point line soft net'.split(
    ' ',
  )
let seed = 1
const random = (below) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below
const word = () =>
  words[random(words.length)] +
  (random(3) === 0 ? words[random(words.length)] : '') +
  (random(5) === 0 ? random(100) : '')
const names = file
  ? readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0])
  : Array.from(
      { length: 50_000 },
      () => `${random(2) ? 'www.' : `${word()}.`}${word()}.${['com', 'net', 'de', 'co.uk', 'top'][random(5)]}`,
    )

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function rate(run, count = names.length) {
  let best = 0
  for (let round = 0; round < 5; round++) {
    const start = cpuMs()
    for (let i = 0; i < count; i++) run(names[i])
    best = Math.max(best, count / (cpuMs() - start))
  }
  return best * 1000
}

const base = rate((name) => parse(name, { allowPrivateDomains: true, extractHostname: false, validateHostname: false }))
console.log(`${names.length} names; public suffix alone ${Math.round(base).toLocaleString('en')} names/s`)

/** @param count - Names to match. */
function report(title, options, target, count = names.length) {
  const heap = process.memoryUsage()
  const start = cpuMs()
  const watchlist = Watchlist.of(options())
  const loaded = cpuMs() - start
  const after = process.memoryUsage()
  const perSecond = rate((name) => watchlist.match(name), count)
  const megabytes = (after.arrayBuffers + after.heapUsed - heap.arrayBuffers - heap.heapUsed) / 2 ** 20
  console.log(
    `${title.padEnd(28)} ${Math.round(perSecond).toLocaleString('en').padStart(10)} names/s (target ${target.toLocaleString('en')}), ` +
      `${(base / perSecond).toFixed(1)} times the suffix; loaded in ${Math.round(loaded).toLocaleString('en')} ms (target 2,000), ${megabytes.toFixed(1)} MB`,
  )
}

report('122 brands', () => ({ brands: brandsOf(122) }), 150_000)
report('8,700 brands', () => ({ brands: brandsOf(8_700) }), 100_000)
report(
  '100,000 own names',
  () => ({ own: Array.from({ length: 100_000 }, (_, i) => `${i % 3 ? '' : '*.'}${word()}${i}.example${i % 97}.com`) }),
  1_000_000,
)
report('100,000 words', () => ({ words: Array.from({ length: 100_000 }, (_, i) => `*${word()}${i}*`) }), 1_000_000)
report(
  '100,000 patterns of words',
  () => ({
    words: Array.from({ length: 100_000 }, (_, i) => [`${word()}${i}`, `${word()}${i}*`, `*${word()}${i}`][i % 3]),
  }),
  1_000_000,
)
// As many as there may be.
report(
  '10,000 regular expressions',
  () => ({ patterns: Array.from({ length: 10_000 }, (_, i) => `^(www\\.)?${word()}${i}-[a-z0-9]+\\.(com|net)$`) }),
  50_000,
)
// Without a literal that a name must have each is tried on every name.
report(
  '1,000 without a literal',
  () => ({
    patterns: Array.from(
      { length: 1000 },
      (_, i) => `^[a-z]{${3 + (i % 9)}}[0-9]{${2 + (i % 5)}}\\.[a-z]{2,${5 + (i % 50)}}$`,
    ),
  }),
  0,
  200,
)
