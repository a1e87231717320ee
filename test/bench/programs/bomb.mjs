// Asks a log for one answer that was made to hurt: peak memory above what the process had before, and the longest piece of work
// between two turns of the event loop, in CPU time of the thread, so that a busy machine changes nothing.
import { readFileSync } from 'node:fs'

const { steps, url, kind, ask } = JSON.parse(process.argv[2])
const { openLog, UndiciTransport } = await import(steps)
const key =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsTMF3eyeG51+HmRekqU1ScJNFOAeIDCV03xMGes1OUB8kCiuugEAvBjxfS3fjZny1Sog4xzz7p/LRICtD1sp+A=='
const transport = new UndiciTransport({})
const spec = kind === 'static-ct' ? { kind, monitoringUrl: url, submissionUrl: url, key } : { kind, url, key }
const log = openLog(spec, { transport })
const head = { treeSize: 256, timestamp: 0, rootHash: new Uint8Array(32), signature: new Uint8Array() }
const asks = {
  entries: async () => {
    const batch = await log.entries(0, 256)
    batch.leafHashes()
    const entry = batch.entry(0)
    try {
      entry.extra.chain()
    } catch {}
    return `${batch.length} entries`
  },
  proof: () => log.inclusion(0, new Uint8Array(32), head),
  head: () => log.head(),
}
// Connections, code, compilers: not the bomb's.
await asks.head().catch(() => {})
for (let i = 0; i < 3; i++) await transport.get(`${url}small`)

// Not `resourceUsage().maxRSS`, in which a process starts with what its parent had.
const resident = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
const before = resident('VmRSS')
let longest = 0
let last = process.threadCpuUsage()
let running = true
const turn = () => {
  const { user, system } = process.threadCpuUsage(last)
  last = process.threadCpuUsage()
  longest = Math.max(longest, (user + system) / 1000)
  if (running) setImmediate(turn)
}
setImmediate(turn)
const outcome = await asks[ask]().catch(({ code }) => code ?? 'another error')
await new Promise((resolve) => setImmediate(resolve))
running = false
const memory = Math.max(0, resident('VmHWM') - before)
process.stdout.write(`${JSON.stringify({ outcome: String(outcome), memory, longestMs: longest })}\n`)
await transport.close()
