import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { grow, logOf } from '../support/logs.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

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

  it('refuses what is no sink in one line, without the password in it', async () => {
    const { code, stderr } = await run('--sink', 'mysql://u:secret@localhost/x')
    expect([code, stderr.split('\n')]).toMatchObject([2, { length: 2 }])
    expect(stderr).not.toContain('secret')
    const wrong = await run('--sink', `${db.url}&entries=some`)
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("'all', 'first', 'none'") })
  })
})
