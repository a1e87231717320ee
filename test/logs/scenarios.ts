import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CtCertificate } from '../../src/index.js'
import { CLI, CONTACT, differences, library, read, reading, root } from './library.js'
import { until } from './servers/process.js'
import type { RealLog } from './servers/real-log.js'
import type { TruthEntry } from './servers/truth.js'

const run = promisify(execFile)

/** Numbers submitted at first: a quarter more entries, so that both kinds of log have many full pages and a partial one. */
const NUMBERS = 1300
const KILLS = Number(process.env.CT_STREAM_TEST_CRASHES ?? 6)

/** What every log must give, whoever wrote its server. `open` starts the servers. */
export function scenarios(open: () => Promise<RealLog>, more: (log: () => RealLog) => void = () => {}): void {
  let log: RealLog
  let truth: TruthEntry[]
  let place: string
  const from = (start: number, end = truth.length) => truth.slice(start, end)
  const unlike = (certificates: readonly CtCertificate[], expected: readonly TruthEntry[]) =>
    differences(certificates, expected, log.spec)
  const add = async (count: number) => {
    await log.add(count)
    truth = log.submitter.truth()
  }

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'ct-stream-logs-'))
    log = await open()
    await add(NUMBERS)
  })
  afterAll(async () => {
    await log?.close()
    rmSync(place, { recursive: true, force: true })
  })

  it('the log has what was submitted: every index once', () => {
    expect(truth.length).toBe(log.submitter.count)
    expect(truth.map(({ index }) => index)).toEqual(truth.map((_, i) => i))
    expect(new Set(truth.map(({ shape }) => shape)).size).toBe(11)
  })

  describe('read once', () => {
    it('from the beginning to the head: every field of every entry, in order', async () => {
      const { certificates, roots, verifiedSize } = await read(reading(log.spec, { start: 'beginning', end: 'head' }))
      expect(await unlike(certificates, truth)).toEqual([])
      expect(verifiedSize).toBe(truth.length)
      // The tree as another program hashes it, from what it submitted.
      expect(roots).toEqual(await log.submitter.roots(Object.keys(roots).map(Number)))
    })

    it('the embedded SCTs verify, and a precertificate has the issuance of its certificate', async () => {
      const { certificates } = await read(reading(log.spec, { start: 'beginning', end: 'head' }))
      const keys = { [certificates[0]!.log.id]: log.spec.key }
      const issuances = new Map<number, Set<string | undefined>>()
      let verified = 0
      for (const [i, certificate] of certificates.entries()) {
        for (const { status } of await certificate.verifyScts(keys)) {
          expect(status).toBe('valid')
          verified++
        }
        const { pair } = truth[i]!
        issuances.set(pair, (issuances.get(pair) ?? new Set()).add(certificate.issuanceId))
      }
      expect(verified).toBe(truth.filter(({ sctTimes }) => sctTimes.length > 0).length)
      expect(verified).toBeGreaterThan(100)
      for (const ids of issuances.values()) expect(ids.size).toBe(1)
      expect(new Set([...issuances.values()].flatMap((ids) => [...ids])).size).toBe(issuances.size)
    })

    it.each(['full', 'signatures-only', 'none-unverified'] as const)(
      'verify: %s gives the same entries',
      async (verify) => {
        const { certificates } = await read(reading(log.spec, { start: 'beginning', end: 'head', verify }))
        expect(certificates.map(({ sha256 }) => sha256)).toEqual(truth.map(({ sha256 }) => sha256))
      },
    )

    it('any index as a start: the first, a power of two and its neighbours, page ends, the last', async () => {
      const size = truth.length
      for (const start of [0, 1, 2, 99, 100, 255, 256, 257, 1023, 1024, 1025, size - 1]) {
        const { certificates } = await read(reading(log.spec, { start: { index: start }, end: 'head' }))
        expect(await unlike(certificates, from(start))).toEqual([])
      }
      const { certificates } = await read(reading(log.spec, { start: { index: 300 }, end: { index: 302 } }))
      expect(await unlike(certificates, from(300, 302))).toEqual([])
    })

    it('the head as a start: nothing to its end', async () => {
      const { certificates } = await read(reading(log.spec, { start: { index: truth.length }, end: 'head' }))
      expect(certificates).toEqual([])
    })

    it('a time as a start: every entry of that time or later, and none before', async () => {
      for (const part of [0, 0.3, 0.5, 0.9]) {
        const time = truth[Math.floor(truth.length * part)]!.timestamp
        const { certificates } = await read(reading(log.spec, { start: { time: new Date(time) }, end: 'head' }))
        const wanted = truth.filter(({ timestamp }) => timestamp >= time)
        expect(await unlike(certificates, wanted)).toEqual([])
      }
    })

    it('a time as an end: every entry before it, and none of that time or later', async () => {
      const time = truth[Math.floor(truth.length / 4)]!.timestamp
      // Its own merge delay would be waited for: a day.
      const options = { start: 'beginning', end: { time: new Date(time) }, mergeDelayMs: 1000 } as const
      const { certificates } = await read(reading(log.spec, options))
      const wanted = truth.filter(({ timestamp }) => timestamp < time)
      expect(await unlike(certificates, wanted)).toEqual([])
    })

    it('filters drop what they say and nothing else; dedupe gives each issuance once', async () => {
      const all = reading(log.spec, { start: 'beginning', end: 'head' })
      const wildcards = await read({ ...all, filter: { domains: ['*.example.net'] } })
      const expected = truth.filter(({ dnsNames }) => dnsNames.some((name) => name.endsWith('.example.net')))
      expect(expected.length).toBeGreaterThan(50)
      expect(await unlike(wildcards.certificates, expected)).toEqual([])
      const { certificates } = await read({ ...all, filter: { kinds: ['precertificate'] } })
      expect(
        await unlike(
          certificates,
          truth.filter(({ kind }) => kind === 'precertificate'),
        ),
      ).toEqual([])
      const once = await read({ ...all, dedupe: 'issuance' })
      const firsts = truth.filter(({ pair }, i) => truth.findIndex((other) => other.pair === pair) === i)
      expect(once.certificates.map(({ index }) => index)).toEqual(firsts.map(({ index }) => index))
    })
  })

  describe('the command line', () => {
    const flags = () => [
      `--log=${log.spec.kind === 'static-ct' ? log.spec.monitoringUrl : log.spec.url}`,
      ...(log.spec.kind === 'static-ct' ? [`--submission-url=${log.spec.submissionUrl}`] : []),
      `--key=${log.spec.key}`,
      `--contact=${CONTACT}`,
    ]

    it('prints every entry to the head, and ends', async () => {
      const { stdout } = await run(
        process.execPath,
        [CLI, ...flags(), '--start=beginning', '--end=head', '--no-checkpoint', '--format=json'],
        { maxBuffer: 1 << 28 },
      )
      const records = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      const fields = (entry: TruthEntry) => [entry.index, entry.sha256, entry.serial, entry.notAfter, entry.dnsNames]
      expect(records.map((r) => [r.index, r.sha256, r.serialNumber, r.notAfter, r.dnsNames])).toEqual(truth.map(fields))
    })

    it.each([0, 256, 1000])('gets entry %i, proven', async (index) => {
      const { stdout } = await run(process.execPath, [CLI, 'get', `${index}`, ...flags(), '--no-checkpoint', '--json'])
      expect(JSON.stringify(JSON.parse(stdout))).toContain(truth[index]!.sha256)
    })

    it(`killed ${KILLS} times while it writes to a file and the log grows: nothing is lost or wrong`, {
      timeout: 300_000,
    }, async () => {
      const checkpoint = join(place, 'cli.db')
      await killed(checkpoint, (journal, last) => {
        const out = openSync(journal, 'a')
        const args = [CLI, ...flags(), '--start=beginning', `--checkpoint=${checkpoint}`, '--format=json', '--quiet']
        const child = spawn(process.execPath, last ? [...args, '--end=head'] : args, {
          stdio: ['ignore', out, 'inherit'],
        })
        closeSync(out)
        return child
      })
    })
  })

  it(`the library, killed ${KILLS} times while the log grows: nothing is lost or wrong`, {
    timeout: 300_000,
  }, async () => {
    const checkpoint = join(place, 'library.db')
    await killed(checkpoint, (journal, last) => {
      const commit = { everyMs: 10, everyEntries: 64 }
      const end = last ? 'head' : 'never'
      const options = reading(log.spec, { start: 'beginning', end, checkpoint, commit })
      const program = join(root, 'test', 'logs', 'programs', 'reader.mjs')
      return spawn(process.execPath, [program, JSON.stringify(options), journal, '4'], { stdio: 'inherit' })
    })
  })

  /** Kills a reader again and again while entries are submitted, then reads to the head; all of them together saw everything. */
  async function killed(checkpoint: string, start: (journal: string, last: boolean) => ChildProcess): Promise<void> {
    let grows = true
    const growth = add(100).finally(() => {
      grows = false
    })
    const seen: (string | undefined)[] = []
    let repeated = 0
    for (let round = 0; round <= KILLS; round++) {
      const last = round === KILLS
      if (last) await growth
      const journal = `${checkpoint}.${round}`
      const child = start(journal, last)
      if (last) expect(await once(child, 'exit')).toEqual([0, null])
      else await killAtRandom(child, journal, () => grows)
      const lines = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').slice(0, -1) : []
      const entries = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
      const [first] = entries
      // A run begins with what was not committed, never later, and goes on one by one.
      expect(first?.index ?? 0).toBeLessThanOrEqual(seen.length)
      expect(entries.map(({ index }) => index)).toEqual(entries.map((_, i) => first.index + i))
      if (first !== undefined) repeated += seen.length - first.index
      for (const { index, sha256 } of entries) {
        if (seen[index] !== undefined) expect(sha256).toBe(seen[index])
        seen[index] = sha256
      }
      expect(await committed(checkpoint)).toBeLessThanOrEqual(seen.length)
    }
    expect(seen).toEqual(truth.map(({ sha256 }) => sha256))
    // What was committed does not come again.
    expect(await committed(checkpoint)).toBe(truth.length)
    expect(repeated).toBeLessThan(KILLS * truth.length)
  }

  describe('followed', () => {
    it('from now on: what is submitted later comes, and nothing from before', async () => {
      const begin = truth.length
      const stream = library.ctStream(reading(log.spec, { start: 'now' }))
      const live = once(stream as never, 'head')
      const found: CtCertificate[] = []
      const reader = (async () => {
        for await (const certificate of stream) {
          await certificate.chain()
          found.push(certificate)
        }
      })()
      await live
      await until(() => stream.status().logs[0]?.state === 'live')
      for (let i = 0; i < 3; i++) await add(60)
      await until(() => found.length >= truth.length - begin)
      await stream.close()
      await reader
      expect(await unlike(found, from(begin))).toEqual([])
    })

    it('while the servers restart: everything, once, and the outage is reported', async () => {
      const stream = library.ctStream(reading(log.spec, { start: { index: 1000 } }))
      const errors: string[] = []
      stream.on('error', ({ error }) => errors.push(error.code))
      stream.on('misbehaviour', ({ error }) => errors.push(`accused: ${error.message}`))
      const heads: Record<number, string> = {}
      stream.on('head', ({ head }) => {
        heads[head.treeSize] = Buffer.from(head.rootHash).toString('hex')
      })
      const found: CtCertificate[] = []
      const reader = (async () => {
        for await (const certificate of stream) {
          await certificate.chain()
          found.push(certificate)
        }
      })()
      await add(50)
      await until(() => found.length >= truth.length - 1000)
      await log.stop()
      await until(() => errors.length > 0)
      await log.start()
      await add(50)
      await until(() => found.length >= truth.length - 1000)
      await stream.close()
      await reader
      expect(await unlike(found, from(1000))).toEqual([])
      expect(errors.filter((code) => code.startsWith('accused'))).toEqual([])
      expect(heads).toEqual(await log.submitter.roots(Object.keys(heads).map(Number)))
    })
  })

  more(() => log)
}

/** Kills the child some time after its first entry, or while it starts; one that has read all of a log that grows no more gets none. */
async function killAtRandom(child: ChildProcess, journal: string, grows: () => boolean): Promise<void> {
  const exited = once(child, 'exit')
  const started = () => existsSync(journal) && statSync(journal).size > 0
  if (Math.random() < 0.9) while (child.exitCode === null && !started() && grows()) await wait(2)
  await wait(Math.random() * 200)
  child.kill('SIGKILL')
  await exited
}

async function committed(checkpoint: string): Promise<number> {
  if (!existsSync(checkpoint)) return 0
  const store = new library.SqliteCheckpointStore(checkpoint, { readOnly: true })
  try {
    await store.open()
  } catch (error) {
    // Of a reader that was killed while it made the file.
    if (/holds nothing yet/.test(String(error))) return 0
    throw error
  }
  const [row] = store.load()
  store.close()
  return row?.position ?? 0
}
