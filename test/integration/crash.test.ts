import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../src/checkpoint/sqlite.js'
import { createTestLog, issueCertificates } from '../../src/testing/index.js'

// 200 by `npm run test:long`; each round costs a process start.
const ROUNDS = Number(process.env.CT_STREAM_TEST_CRASHES ?? 12)
const PROGRAM = join(import.meta.dirname, 'programs', 'crash-reader.mjs')

const place = mkdtempSync(join(tmpdir(), 'ct-stream-crash-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

describe.each(['rfc6962', 'static-ct'] as const)('kill -9 at random moments, %s', (kind) => {
  it(`${ROUNDS} times: every index in order, and only what was not committed comes again`, {
    timeout: 600_000,
  }, async () => {
    const log = await createTestLog({ kind, entries: issueCertificates(ROUNDS * 150, { sign: false }) })
    const checkpoint = join(place, `${kind}.db`)
    const committed = async () => {
      if (!existsSync(checkpoint)) return 0
      const store = new SqliteCheckpointStore(checkpoint, { readOnly: true })
      await store.open()
      const [row] = store.load()
      store.close()
      return row?.position ?? 0
    }

    let next = 0
    let position = 0
    let kills = 0
    let repeats = 0
    for (let round = 0; ; round++) {
      const journal = join(place, `${kind}-${round}.txt`)
      const child = spawn(process.execPath, [PROGRAM, JSON.stringify(log.spec), checkpoint, journal, '4'], {
        stdio: 'inherit',
      })
      const killed = round < ROUNDS ? await killAtRandom(child, journal) : await finished(child)
      if (killed) kills++
      const lines = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n') : []
      const indexes = lines.filter((line) => /^\d+$/.test(line)).map(Number)
      // A run goes on where the commit before stood: never later than what is next, and then one by one.
      const first = indexes[0] ?? position
      expect(first).toBe(position)
      expect(first).toBeLessThanOrEqual(next)
      expect(indexes).toEqual(indexes.map((_, i) => first + i))
      if (indexes.length > 0) repeats += next - first
      next = Math.max(next, first + indexes.length)
      position = await committed()
      expect(position).toBeLessThanOrEqual(next)
      expect(position).toBeGreaterThanOrEqual(first)
      if (round > ROUNDS || lines.includes('end')) break
    }
    expect(next).toBe(log.size)
    expect(kills).toBeGreaterThan(ROUNDS / 2)
    expect(repeats).toBeGreaterThan(0)
    await log.close()
  })
})

/** Kills the child some time after its first entry, or while it starts. Whether it was still running. */
async function killAtRandom(child: ChildProcess, journal: string): Promise<boolean> {
  const exited = once(child, 'exit')
  const started = () => existsSync(journal) && statSync(journal).size > 0
  if (Math.random() < 0.9) while (child.exitCode === null && !started()) await wait(2)
  await wait(Math.random() * 60)
  const running = child.exitCode === null
  child.kill('SIGKILL')
  await exited
  return running
}

async function finished(child: ChildProcess): Promise<false> {
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  return false
}
