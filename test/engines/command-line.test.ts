import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { postgresQueueSource } from '../../src/processors/postgres/index.js'
import type { TestLog } from '../../src/testing/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'
import { kafkaPlace, noKafka } from './kafka-place.js'

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js')

function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [cli, ...argv], (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** Writes all of a log to a sink. */
const fill = ({ url, key }: TestLog, sink: string) =>
  run('--log', url, '--key', key, '--start', 'beginning', '--end', 'head', '--sink', sink)

describe.skipIf(noPostgres)('the built command line with Postgres', () => {
  let db: TestDatabase
  beforeEach(async () => {
    db = await testDatabase()
  })
  afterEach(() => db.remove())

  it('writes a stream to --sink, and resumes where it stopped', async () => {
    const log = await logOf(300)
    const read = () => fill(log, `${db.url}&entries=all`)
    expect(await read()).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await db.entries()).get(log.logId)).toHaveLength(300)
    grow(log, 20)
    expect((await read()).code).toBe(0)
    expect((await db.entries()).get(log.logId)).toHaveLength(320)
  })

  it('finds certificates in the sink by name, the same ones as a scan through all of them', async () => {
    const log = await logOf(400)
    const filled = await fill(log, db.url)
    expect(filled).toEqual({ code: 0, stdout: '', stderr: '' })
    const all: CtCertificate[] = []
    for await (const cert of backfill(log)) all.push(cert)
    const names = new Set(all.flatMap(({ dnsNames }) => [...dnsNames]))
    const host = [...names].find((name) => name.split('.').length > 2 && !name.includes('*')) ?? ''
    const parent = host.split('.').slice(1).join('.')
    const below = (name: string) => name.endsWith(`.${parent}`)
    for (const [pattern, fits] of [
      [parent, (name: string) => name === parent || below(name)],
      [`=${host}`, (name: string) => name === host],
      [`*.${parent}`, below],
    ] as const) {
      const { code, stdout } = await run('search', pattern, '--db', db.url, '--json')
      expect(code).toBe(0)
      const found: { sha256: string; names: string[] }[] = JSON.parse(stdout)
      const wanted = all.flatMap(({ sha256, dnsNames }) => {
        const fitting = dnsNames.filter(fits)
        return fitting.length > 0 ? [[sha256, new Set(fitting)] as const] : []
      })
      if (pattern !== `*.${parent}`) expect(wanted).not.toEqual([])
      expect(new Map(found.map(({ sha256, names }) => [sha256, new Set(names)]))).toEqual(new Map(wanted))
    }
    expect((await run('search', parent, '--db', db.url, '--limit', '1')).stdout).toMatch(/^FIRST SEEN .*\n.*Z.*\n$/)
    expect((await run('search', 'nothing.invalid', '--db', db.url)).stdout).toBe('nothing was found\n')
    expect(await run('search', 'a*b', '--db', db.url)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('<name>'),
    })
  })

  it('lists, replays and removes the entries that processors have set aside', async () => {
    const log = await logOf(30)
    const filled = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--end', 'head']
    expect((await run(...filled, '--sink', `${db.url}&queue=true`)).code).toBe(0)
    await using source = postgresQueueSource(db.url, { group: 'alerts', end: 'head' })
    for await (const certificate of source)
      if (certificate.index % 10 === 0) await source.park(certificate, { by: 'mail', message: 'no such\nmailbox' })
    const parked = (...argv: string[]) => run('parked', ...argv, '--db', db.url)
    const { stdout } = await parked('list')
    expect(stdout.split('\n')).toHaveLength(5)
    expect(stdout).toMatch(/^KEY +GROUP .*\n(?:1-\d+ +alerts .* mail +no such\\x0amailbox *\n){3}$/)
    const json: { key: string; index: number }[] = JSON.parse((await parked('list', '--json')).stdout)
    expect(json.map(({ index }) => index).sort((a, b) => a - b)).toEqual([0, 10, 20])
    expect((await parked('drop', '1-10', '--group', 'alerts')).stdout).toBe('1 dropped\n')
    expect((await parked('replay', '--group', 'alerts', '--all')).stdout).toMatch(/^2 to be tried again/)
    await using again = postgresQueueSource(db.url, { group: 'other', end: 'head' })
    expect((await again.batches().next()).done).toBe(false)
    await source.close()
    const replayed: number[] = []
    await using next = postgresQueueSource(db.url, { group: 'alerts', end: 'head' })
    for await (const [certificate] of next.batches()) {
      if (certificate === undefined || replayed.length === 2) break
      replayed.push(certificate.index)
      next.acknowledge(certificate)
    }
    await next.close()
    expect(replayed.sort()).toEqual([0, 20])
    expect((await parked('list')).stdout).toBe('nothing is set aside\n')
    for (const wrong of [
      ['mend'],
      ['drop', '--group', 'g'],
      ['drop', '1-1'],
      ['replay', '1-1', '--all', '--group', 'g'],
    ])
      expect(await parked(...wrong)).toMatchObject({ code: 2, stdout: '' })
  })

  it('reports new names and missing entries, and deletes old certificates', async () => {
    const log = await logOf(60)
    const filled = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--end', 'head']
    expect((await run(...filled, '--sink', `${db.url}&queue=true&entries=all`)).code).toBe(0)
    const names = new Set<string>()
    for await (const { dnsNames } of backfill(log)) for (const name of dnsNames) names.add(name)
    const [top] = [...names].map((name) => name.split('.').at(-1) ?? '')
    const { stdout } = await run('search', top ?? '', '--new', '--db', db.url, '--json')
    const found: { name: string }[] = JSON.parse(stdout)
    expect(found.map(({ name }) => name).sort()).toEqual([...names].filter((name) => name.endsWith(`.${top}`)).sort())
    expect((await run('search', top ?? '', '--new', '--since', '1s', '--db', db.url)).code).toBe(0)
    expect(await run('search', 'a.example', '--new')).toMatchObject({ code: 2 })
    expect((await run('gaps', '--db', db.url)).stdout).toBe('nothing is missing\n')
    // As a reader leaves it that went on behind a gap.
    await db.query('UPDATE coverage SET stop = 20 WHERE log = $1', [log.logId])
    await db.query('INSERT INTO coverage (log, start, stop) VALUES ($1, 30, 60)', [log.logId])
    expect((await run('gaps', '--db', db.url)).stdout).toMatch(/^LOG .*\n.* 20 +29\n$/)
    const missing = JSON.parse((await run('gaps', '--db', db.url, '--json')).stdout)
    expect(missing).toMatchObject([{ log: { id: log.logId }, start: 20, end: 30 }])
    expect((await run('prune', '--db', db.url, '--queue', '1d')).stdout).toMatch(/^0 entries of the queue/)
    expect((await run('prune', '--db', db.url, '--queue', '0s')).stdout).toMatch(/^60 entries of the queue and 0 rows/)
    for (const wrong of [
      ['--db', db.url],
      ['--queue', '1d'],
      ['--db', db.url, '--queue', 'week'],
    ])
      expect(await run('prune', ...wrong)).toMatchObject({ code: 2, stdout: '' })
  })

  it('refuses an invalid sink with one line that does not contain the password', async () => {
    const { code, stderr } = await run('--sink', 'mysql://u:secret@localhost/x')
    expect([code, stderr.split('\n')]).toMatchObject([2, { length: 2 }])
    expect(stderr).not.toContain('secret')
    const wrong = await run('--sink', `${db.url}&entries=some`)
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("'all', 'first', 'none'") })
  })
})

describe.skipIf(noKafka)('the built command line with Kafka', () => {
  it('writes to several brokers named by flag or config file, and resumes where it stopped', async () => {
    const place = kafkaPlace()
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-sink-'))
    onTestFinished(async () => {
      rmSync(folder, { recursive: true })
      await place.remove()
    })
    const log = await logOf(300)
    // One of the brokers does not answer: the other one says who they are.
    const url = `${place.url.replace('kafka://', 'kafka://127.0.0.1:1,')}&body=leaf`
    const logFlags = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--end', 'head']
    const { stderr, ...first } = await run(...logFlags, '--sink', url)
    expect(first).toEqual({ code: 0, stdout: '' })
    // Connecting may take more than its 5 seconds on a busy machine.
    expect(stderr.replaceAll(/^warn: the sink has not answered for .*\n/gm, '')).toBe('')
    grow(log, 20)
    const config = join(folder, 'config.json')
    writeFileSync(config, JSON.stringify({ sink: url }))
    expect(await run(...logFlags, '--config', config)).toMatchObject({ code: 0, stdout: '' })
    const all = Array.from({ length: 320 }, (_, index) => index)
    expect(await place.content()).toEqual(new Map([[log.logId, all]]))
  })
})
