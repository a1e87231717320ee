import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
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

describe.skipIf(noPostgres)('the built command line with Postgres', () => {
  let db: TestDatabase
  beforeEach(async () => {
    db = await testDatabase()
  })
  afterEach(() => db.remove())

  it('writes a stream to --sink, and goes on where it was', async () => {
    const log = await logOf(300)
    const read = () =>
      run(
        '--log',
        log.url,
        '--key',
        log.key,
        '--start',
        'beginning',
        '--end',
        'head',
        '--sink',
        `${db.url}&entries=all`,
      )
    expect(await read()).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await db.entries()).get(log.logId)).toHaveLength(300)
    grow(log, 20)
    expect((await read()).code).toBe(0)
    expect((await db.entries()).get(log.logId)).toHaveLength(320)
  })

  it('finds certificates of the sink by name, and says the same as a walk through all of them', async () => {
    const log = await logOf(400)
    const filled = await run(
      '--log',
      log.url,
      '--key',
      log.key,
      '--start',
      'beginning',
      '--end',
      'head',
      '--sink',
      db.url,
    )
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

  it('refuses what is no sink in one line, without the password in it', async () => {
    const { code, stderr } = await run('--sink', 'mysql://u:secret@localhost/x')
    expect([code, stderr.split('\n')]).toMatchObject([2, { length: 2 }])
    expect(stderr).not.toContain('secret')
    const wrong = await run('--sink', `${db.url}&entries=some`)
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("'all', 'first', 'none'") })
  })
})

describe.skipIf(noKafka)('the built command line with Kafka', () => {
  it('writes to several brokers by flag and by config, and goes on where it was', async () => {
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
    expect(await run(...logFlags, '--sink', url)).toEqual({ code: 0, stdout: '', stderr: '' })
    grow(log, 20)
    const config = join(folder, 'config.json')
    writeFileSync(config, JSON.stringify({ sink: url }))
    expect(await run(...logFlags, '--config', config)).toMatchObject({ code: 0, stdout: '' })
    const all = Array.from({ length: 320 }, (_, index) => index)
    expect(await place.content()).toEqual(new Map([[log.logId, all]]))
  })
})
