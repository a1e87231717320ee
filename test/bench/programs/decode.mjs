// The part of the work that is done in the process, step by step, on pages fetched beforehand: no network, no waiting.
import { begin, Checksum, report } from './result.mjs'

const { steps, url, pages, entries } = JSON.parse(process.argv[2])
const { parseGetEntries, RangeBuilder, decodeEntry } = await import(steps)

const bodies = []
for (let i = 0; i < pages; i++) {
  const response = await fetch(`${url}ct/v1/get-entries?start=${i * 256}&end=${i * 256 + 255}`)
  bodies.push(new Uint8Array(await response.arrayBuffer()))
}
const context = { log: {}, historical: true, cursor: () => '', issuer: () => Promise.reject(new Error('none')) }
const cpu = { parse: 0, 'leaf hashes': 0, 'compact range': 0, 'copy entries': 0, decode: 0 }
const builder = new RangeBuilder()
const begun = begin()
let checksum = new Checksum()
let samples = []
let done = 0
for (let round = 0; done < entries; round++) {
  // Once without counting: the first page is the compiler's.
  if (round === 1) {
    for (const name of Object.keys(cpu)) cpu[name] = 0
    done = 0
    checksum = new Checksum()
    begun.now = performance.now()
    begun.cpu = process.cpuUsage()
  }
  for (const body of bodies) {
    let raw
    // The answer is written over.
    const answer = body.slice()
    const batch = timed('parse', () => parseGetEntries(answer, 0, 256))
    const hashes = timed('leaf hashes', () => batch.leafHashes())
    timed('compact range', () => builder.append(hashes, batch.length))
    timed('copy entries', () => (raw = Array.from({ length: batch.length }, (_, i) => batch.entry(i))))
    const certs = timed('decode', () => {
      const all = raw.map((entry) => decodeEntry(entry, context))
      for (const cert of all) checksum.add(cert.dnsNames, cert.serialNumber)
      return all
    })
    if (round === 0) samples.push(...certs.flatMap(({ dnsNames }) => dnsNames.slice(0, 1)))
    done += batch.length
  }
}
samples = [...new Set(samples)].filter((_, i) => i % 100 === 0)
const microseconds = Object.fromEntries(Object.entries(cpu).map(([name, us]) => [name, us / done]))
report({ entries: done, checksum: `${checksum}`, begun, steps: microseconds, samples })

function timed(name, work) {
  const start = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(start)
  cpu[name] += user + system
  return result
}
