// The fuzzer's command line; `npm run fuzz` builds and starts it (see ../run.mjs).
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Coverage } from '../coverage.js'
import { check, type Finding, record } from '../findings.js'
import { Fuzzer } from '../fuzzer.js'
import { generatedEntries, type Material, realMaterial } from '../material.js'
import { Random } from '../random.js'
import type { Target } from '../target.js'
import { targets } from '../targets/index.js'

const usage = `npm run fuzz -- [--minutes N] [--runs N] [--seed TEXT] [--target NAME,…] [--generated] [--out FOLDER]
npm run fuzz -- --replay FILE [--target NAME]

Mutates certificates, entries and answers of logs and reads them with everything that reads bytes of strangers. Default: one minute.
--runs       so many inputs instead of a time: with the same --seed and material exactly the same ones
--generated  made certificates only, not the real ones beside the checkout
--out        where inputs that break a promise are written, default fixtures/fuzz
--replay     one input; its target is the name of its folder, or --target`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    runs: { type: 'string' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    target: { type: 'string' },
    generated: { type: 'boolean', default: false },
    out: { type: 'string', default: 'fixtures/fuzz' },
    replay: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(usage)
else if (values.replay === undefined) await fuzz()
else await replay(values.replay)

function chosen(names: string | undefined): readonly Target[] {
  const wanted = names?.split(',')
  const found = targets.filter(({ name }) => wanted?.includes(name) ?? true)
  if (found.length > 0) return found
  console.error(`there is no target ${names}; there are ${targets.map(({ name }) => name).join(', ')}`)
  return process.exit(2)
}

async function replay(file: string): Promise<void> {
  const input = new Uint8Array(readFileSync(file))
  for (const target of chosen(values.target ?? basename(dirname(resolve(file))))) {
    const finding = await check(target, input, true)
    console.log(finding === undefined ? `${target.name}: nothing` : `${target.name}: ${finding.stack}`)
    if (finding !== undefined) process.exitCode = 1
  }
}

async function fuzz(): Promise<void> {
  const { seed } = values
  console.log(`seed ${seed}`)
  const started = performance.now()
  const runs = values.runs === undefined ? Number.POSITIVE_INFINITY : Number(values.runs)
  const end = started + (values.runs === undefined ? Number(values.minutes) * 60_000 : Number.POSITIVE_INFINITY)
  let told = started
  const fuzzer = new Fuzzer({
    seed,
    targets: chosen(values.target),
    material: material(seed),
    coverage: new Coverage(import.meta.url),
    timed: true,
    goOn: (executions) => executions < runs && performance.now() < end,
    onFinding: (finding, input) => report(finding, input),
    onProgress(progress) {
      if (performance.now() < told + 10_000) return
      told = performance.now()
      const seconds = Math.round((told - started) / 1000)
      const { heapUsed } = process.memoryUsage()
      console.log(
        `${seconds} s: ${progress.executions} inputs, ${progress.corpus} kept, ${progress.covered} characters of source, ${progress.findings} findings, ${Math.round(heapUsed / 1e6)} MB`,
      )
    },
  })
  const { executions, corpus, covered, findings } = await fuzzer.run()
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${executions} inputs in ${seconds.toFixed(0)} s, ${corpus} kept, ${covered} characters of source, ${findings} findings (seed ${seed})`,
  )
  if (findings > 0) process.exitCode = 1
}

function material(seed: string): Material {
  const made = generatedEntries(60)
  const real = values.generated
    ? undefined
    : realMaterial(join('..', 'shared', 'realdata'), 60, new Random(`${seed} material`))
  console.log(`${made.length} made entries, ${real?.entries.length ?? 0} real ones`)
  return { entries: [...made, ...(real?.entries ?? [])], files: real?.files ?? new Map() }
}

function report(finding: Finding, input: Uint8Array): void {
  const file = record(values.out, finding, input)
  console.log(`\nFOUND ${file} (${input.length} bytes)\n${finding.stack.split('\n').slice(0, 8).join('\n')}\n`)
}
