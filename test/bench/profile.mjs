// Where the time of a run goes: `node test/bench/profile.mjs FILE.cpuprofile` sums the self time of a CPU profile by source file
// and by function, named through the source maps of the build.
import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const maps = new Map()
const self = new Map()
for (const [i, id] of samples.entries()) self.set(id, (self.get(id) ?? 0) + timeDeltas[i])

const byFunction = new Map()
const byFile = new Map()
let total = 0
for (const { id, callFrame } of nodes) {
  const time = self.get(id) ?? 0
  if (callFrame.functionName === '(idle)' || time === 0) continue
  total += time
  const file = sourceOf(callFrame)
  add(byFile, file, time)
  add(byFunction, `${callFrame.functionName || '(anonymous)'}  ${file}`, time)
}
console.log(`busy ${(total / 1e6).toFixed(2)} s`)
table('by file', byFile, 25)
table('by function', byFunction, 45)

function sourceOf({ url, lineNumber, columnNumber }) {
  if (!url.startsWith('file:')) return url || '(native)'
  const path = fileURLToPath(url)
  if (!maps.has(path))
    maps.set(
      path,
      existsSync(`${path}.map`) ? new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8'))) : undefined,
    )
  const source = maps.get(path)?.findEntry(lineNumber, columnNumber).originalSource
  return (source ?? path).replace(/^.*?(?=src\/|node_modules\/)/, '')
}

function add(sums, key, time) {
  sums.set(key, (sums.get(key) ?? 0) + time)
}

function table(title, sums, rows) {
  console.log(`\n${title}`)
  for (const [key, time] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, rows))
    console.log(`${((100 * time) / total).toFixed(1).padStart(6)} %  ${key}`)
}
