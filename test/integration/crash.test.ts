import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../src/checkpoint/sqlite.js'
import { CtStreamError } from '../../src/errors.js'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'
import type { CtStreamOptions } from '../../src/types/stream-options.js'

// Kills of each variant: `npm run test:long` makes a thousand of all. Each costs a process start, so that `npm test` makes few, and
// reads one kind of log in each way.
const LONG = process.env.CT_STREAM_TEST_CRASHES !== undefined
const ROUNDS = Number(process.env.CT_STREAM_TEST_CRASHES ?? 2)
const PROGRAM = join(import.meta.dirname, 'programs', 'crash-reader.mjs')

const place = mkdtempSync(join(tmpdir(), 'ct-stream-crash-'))
const total = { kills: 0, entries: 0, repeats: 0, lost: 0 }
afterAll(() => {
  rmSync(place, { recursive: true, force: true })
  if (LONG) console.log(JSON.stringify(total))
})

type Kind = 'rfc6962' | 'static-ct'

interface Variant {
  readonly way: string
  readonly options?: CtStreamOptions
  /** Which entries are delivered; default all. */
  readonly wanted?: (index: number) => boolean
}

const third = (index: number) => index % 3 === 1
const backfill: CtStreamOptions = { start: 'beginning', end: 'head' }

const VARIANTS: readonly Variant[] = [
  { way: 'loop' },
  { way: 'filter', wanted: third },
  { way: 'commits' },
  { way: 'batches', wanted: third },
  { way: 'pipeline' },
  { way: 'pulled' },
  { way: 'sink' },
]

/** A reader that is killed again and again, what it wrote down, and what its checkpoint says. */
class Victim {
  readonly checkpoint: string
  private readonly name: string
  private readonly logs: readonly TestLog[]
  private readonly way: string
  private runs = 0

  constructor(name: string, way: string, logs: readonly TestLog[]) {
    this.name = name
    this.way = way
    this.logs = logs
    this.checkpoint = join(place, `${name}.db`)
  }

  /** Runs it until it is killed at a random moment (`kill`), or to its end; returns what it finished with. */
  async run(options: CtStreamOptions, kill: boolean, meanwhile = async () => {}) {
    const journal = join(place, `${this.name}-${this.runs++}.txt`)
    const specs = this.logs.map(({ spec }) => spec)
    const config = { specs, checkpoint: this.checkpoint, journal, way: this.way, options }
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(config)], { stdio: 'inherit' })
    const killed = kill ? await killAtRandom(child, journal, meanwhile) : await finished(child)
    if (killed) total.kills++
    const lines = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n') : []
    const entries = lines.flatMap((line) => {
      const [, kind, index] = /^(\S+) (\d+)$/.exec(line) ?? []
      return index === undefined ? [] : [{ kind: kind as Kind, index: Number(index) }]
    })
    return { killed, entries, ended: lines.includes('end') }
  }

  /** Committed positions, by kind of log. */
  async positions(): Promise<Partial<Record<Kind, number>>> {
    if (!existsSync(this.checkpoint)) return {}
    const store = new SqliteCheckpointStore(this.checkpoint, { readOnly: true })
    try {
      await store.open()
    } catch (error) {
      // It is just being made.
      if (CtStreamError.is(error) && / holds nothing yet$/.test(error.message)) return {}
      throw error
    }
    const rows = store.load()
    store.close()
    return Object.fromEntries(rows.map(({ log, position }) => [log.kind, position]))
  }
}

/** Follows what comes of one log, from run to run. */
class Follower {
  /** The first wanted entry that was not finished with. */
  next: number
  private readonly wanted: (index: number) => boolean
  private position: number

  constructor(start: number, wanted: (index: number) => boolean = () => true) {
    this.wanted = wanted
    this.position = start
    this.next = this.after(start)
  }

  /** Checks one run: it goes on where the commit before it stood, entry by entry, and commits nothing that is not finished. */
  run(indexes: readonly number[], position = this.position): void {
    const first = this.after(this.position)
    total.lost += Math.max(0, first - this.next)
    expect(first).toBeLessThanOrEqual(this.next)
    let expected = first
    for (const index of indexes) {
      expect(index).toBe(expected)
      if (index < this.next) total.repeats++
      else total.entries++
      expected = this.after(index + 1)
    }
    this.next = Math.max(this.next, expected)
    expect(position).toBeGreaterThanOrEqual(this.position)
    expect(position).toBeLessThanOrEqual(this.next)
    this.position = position
  }

  private after(index: number): number {
    let next = index
    while (!this.wanted(next)) next++
    return next
  }
}

describe.each(['rfc6962', 'static-ct'] as const)('kill -9 at random moments, %s', (kind) => {
  it.each(VARIANTS.filter((_, i) => LONG || i % 2 === Number(kind === 'rfc6962')))(
    `$way, ${ROUNDS} times: every entry in order, and only what was not committed comes again`,
    {
      timeout: 900_000,
    },
    async ({ way, wanted }) => {
      const log = await createTestLog({
        kind,
        entries: issueCertificates(ROUNDS * (wanted ? 750 : 250), { sign: false }),
      })
      const victim = new Victim(`${kind}-${way}`, way, [log])
      const follower = new Follower(0, wanted)
      const killsBefore = total.kills
      let ended = false
      for (let round = 0; !ended; round++) {
        expect(round).toBeLessThanOrEqual(ROUNDS)
        const run = await victim.run(backfill, round < ROUNDS)
        ended = run.ended && !run.killed
        follower.run(
          run.entries.map(({ index }) => index),
          (await victim.positions())[kind],
        )
      }
      expect(follower.next).toBeGreaterThanOrEqual(log.size)
      expect(total.kills - killsBefore).toBeGreaterThan(ROUNDS / 2)
      await log.close()
    },
  )

  it(`start now with manual commits, ${ROUNDS} times: nothing since the first opening is left out`, {
    timeout: 900_000,
  }, async () => {
    const certificates = issueCertificates(70 + ROUNDS * 120, { sign: false })
    const more = (count: number) => Array.from({ length: count }, () => certificates.next().value)
    const log = await createTestLog({ kind, entries: more(70) })
    const victim = new Victim(`${kind}-now`, 'commits', [log])
    const follower = new Follower(70)
    const options: CtStreamOptions = { start: 'now', pollIntervalMs: 10 }
    const grow = async () => {
      while ((await victim.positions())[kind] === undefined) await wait(2)
      log.add(more(120))
      log.publish()
    }
    for (let round = 0; round < ROUNDS; round++) {
      const { entries } = await victim.run(options, true, grow)
      follower.run(
        entries.map(({ index }) => index),
        (await victim.positions())[kind],
      )
    }
    const { entries } = await victim.run({ ...options, end: 'head' }, false)
    follower.run(entries.map(({ index }) => index))
    expect(follower.next).toBe(log.size)
    await log.close()
  })
})

it(`kill -9 with dedupe over both kinds of logs, ${ROUNDS} times: every certificate comes`, {
  timeout: 900_000,
}, async () => {
  const certificates = [...issueCertificates(ROUNDS * 200, { sign: false })]
  const kinds = ['rfc6962', 'static-ct'] as const
  const logs = await Promise.all(kinds.map((kind) => createTestLog({ kind, entries: certificates })))
  const victim = new Victim('dedupe', 'dedupe', logs)
  const seen = new Set<number>()
  let ended = false
  for (let round = 0; !ended; round++) {
    expect(round).toBeLessThanOrEqual(ROUNDS)
    const run = await victim.run(backfill, round < ROUNDS)
    ended = run.ended && !run.killed
    for (const { index } of run.entries) {
      if (seen.has(index)) total.repeats++
      else total.entries++
      seen.add(index)
    }
  }
  total.lost += certificates.length - seen.size
  expect(seen.size).toBe(certificates.length)
  for (const log of logs) await log.close()
})

/** Kills the child some time after its first entry, or while it starts. Whether it was still running. */
async function killAtRandom(child: ChildProcess, journal: string, meanwhile: () => Promise<void>): Promise<boolean> {
  const exited = once(child, 'exit')
  const started = () => existsSync(journal) && statSync(journal).size > 0
  try {
    await meanwhile()
    if (Math.random() < 0.9) while (child.exitCode === null && !started()) await wait(2)
    await wait(Math.random() * 60)
    return child.exitCode === null
  } finally {
    child.kill('SIGKILL')
    await exited
  }
}

async function finished(child: ChildProcess): Promise<false> {
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  return false
}
