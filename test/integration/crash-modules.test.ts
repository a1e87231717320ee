import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../src/checkpoint/sqlite.js'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'

// As crash.test.ts: a few kills in `npm test`, many in `npm run test:long`.
const ROUNDS = Number(process.env.CT_STREAM_TEST_CRASHES ?? 2)
const PROGRAM = join(import.meta.dirname, 'programs', 'crash-modules.mjs')
const folder = mkdtempSync(join(tmpdir(), 'ct-stream-crash-modules-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Takes findings, and notes the subject that came with each id. */
class Receiver {
  readonly subjects = new Map<string, string>()
  requests = 0
  repeats = 0
  /** Ids that came with two subjects. */
  readonly contradictions: string[] = []
  private readonly server = createServer(async (request, response) => {
    const { findings } = JSON.parse((await request.toArray()).join('')) as {
      findings: { id: string; subject: string }[]
    }
    for (const { id, subject } of findings) {
      const known = this.subjects.get(id)
      if (known !== undefined) this.repeats++
      if (known !== undefined && known !== subject) this.contradictions.push(id)
      this.subjects.set(id, subject)
    }
    this.requests++
    // Between taking them and saying so it may be killed, too.
    await wait(Math.random() * 8)
    response.end()
  })

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`
  }

  close(): void {
    this.server.close()
  }
}

/** What of the entries is where after a run. */
class Place {
  readonly checkpoint: string
  readonly database: string
  readonly certificates: string

  constructor(name: string) {
    this.checkpoint = join(folder, `${name}.db`)
    this.database = join(folder, `${name}-findings.db`)
    this.certificates = join(folder, `${name}.jsonl`)
  }

  async position(): Promise<number> {
    if (!existsSync(this.checkpoint)) return 0
    const store = new SqliteCheckpointStore(this.checkpoint, { readOnly: true })
    try {
      await store.open()
      return store.load()[0]?.position ?? 0
    } catch (error) {
      // It is just being made.
      if (/ holds nothing yet$/.test((error as Error).message)) return 0
      throw error
    } finally {
      store.close()
    }
  }

  /** Ids of the findings in the database, by subject. */
  stored(): Map<string, string> {
    if (!existsSync(this.database)) return new Map()
    const db = new Database(this.database, { readonly: true })
    try {
      if (db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'findings'").pluck().get() === 0) return new Map()
      const rows = db.prepare('SELECT json FROM findings').pluck().all() as string[]
      return new Map(rows.map((json) => JSON.parse(json)).map(({ subject, id }) => [subject, id]))
    } finally {
      db.close()
    }
  }

  /** Indexes of the certificates in the file; a line that was cut off does not count. */
  written(): Set<number> {
    const text = existsSync(this.certificates) ? readFileSync(this.certificates, 'utf8') : ''
    const lines = text.split('\n').slice(0, -1)
    return new Set(lines.map((line) => (JSON.parse(line) as { index: number }).index))
  }

  /** Runs the program; kills it some time after its first request, or as it starts. Whether it came to its end. */
  async run(log: TestLog, url: string, receiver: Receiver, kill: boolean, threads: number): Promise<boolean> {
    const { checkpoint, database, certificates } = this
    const config = { spec: log.spec, checkpoint, database, certificates, url, threads }
    const before = receiver.requests
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(config)], { stdio: 'inherit' })
    const exited = once(child, 'exit')
    if (kill) {
      if (Math.random() < 0.9) while (child.exitCode === null && receiver.requests === before) await wait(2)
      await wait(Math.random() * 80)
      child.kill('SIGKILL')
    }
    const [code] = await exited
    if (!kill) expect(code).toBe(0)
    return code === 0
  }
}

const missing = (until: number, has: (index: number) => boolean) =>
  Array.from({ length: until }, (_, index) => index).filter((index) => !has(index))

it.each([0, 1])(
  `kill -9 with two outputs of findings and one of certificates, ${ROUNDS} times, with %i threads: nothing is missing, and repeats have the same ids`,
  {
    timeout: 1_800_000,
  },
  async (threads) => {
    const count = ROUNDS * 300
    const requests = Array.from({ length: count }, (_, i) => ({ dnsNames: [`n${i}.example.com`] }))
    const log = await createTestLog({ entries: issueCertificates(requests) })
    const receiver = new Receiver()
    const url = await receiver.listen()
    const place = new Place(`killed-${threads}`)
    let kills = 0
    for (let round = 0, ended = false; !ended; round++) {
      expect(round).toBeLessThanOrEqual(ROUNDS)
      ended = await place.run(log, url, receiver, round < ROUNDS, threads)
      if (!ended) kills++
      // Whatever the position is behind is everywhere.
      const position = await place.position()
      const [stored, written, received] = [place.stored(), place.written(), new Set(receiver.subjects.values())]
      expect(missing(position, (index) => stored.has(`entry ${index}`))).toEqual([])
      expect(missing(position, (index) => received.has(`entry ${index}`))).toEqual([])
      expect(missing(position, (index) => written.has(index))).toEqual([])
      if (ended) expect(position).toBe(count)
    }
    expect(kills).toBeGreaterThan(ROUNDS / 2)
    expect(receiver.contradictions).toEqual([])
    // The ids of a run that nobody disturbs.
    const other = new Receiver()
    const calm = new Place(`calm-${threads}`)
    await calm.run(log, await other.listen(), other, false, threads)
    expect(new Map([...calm.stored()].sort())).toEqual(new Map([...place.stored()].sort()))
    expect([...receiver.subjects].sort()).toEqual([...other.subjects].sort())
    // The watchlist's own, and the one that the reporter makes of it.
    expect(receiver.subjects.size).toBe(2 * count)
    if (process.env.CT_STREAM_TEST_CRASHES !== undefined)
      console.log(JSON.stringify({ threads, kills, repeats: receiver.repeats }))
    for (const one of [receiver, other]) one.close()
    await log.close()
  },
)
