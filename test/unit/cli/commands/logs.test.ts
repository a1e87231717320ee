import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'
import { createTestLog, createTestLogList, type TestLog } from '../../../../src/testing/index.js'
import { type Loopback, loopback } from '../../http/loopback.js'
import { type EmbeddedLogs, embeddedLogs, impatientClock, runWith } from '../embedded.js'

let logs: EmbeddedLogs
let extra: TestLog
beforeAll(async () => {
  logs = await embeddedLogs()
  extra = await createTestLog({ description: 'Old log', operator: 'Example' })
})
afterAll(async () => {
  await logs.close()
  await extra.close()
})
afterEach(() => {
  logs.classic.clearFaults()
  logs.tiled.clearFaults()
})

/** All three, the third one retired. */
const listOfThree = () =>
  JSON.stringify(
    createTestLogList([logs.classic, logs.tiled, extra], {
      timestamp: new Date('2026-01-01T00:00:00Z'),
      state: ({ description }) => (description === 'Old log' ? 'retired' : 'usable'),
    }),
  )
const run = (...argv: string[]) =>
  runWith(['logs', '--no-checkpoint', '--log-list', 'list.json', ...argv], { files: { 'list.json': listOfThree() } })
const json = async (...argv: string[]) => {
  const { code, stdout, stderr } = await run('--json', ...argv)
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Record<string, never>[]
}

describe('ct-stream logs', () => {
  it('is a table of the logs in the list, by operator', async () => {
    expect(await run()).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'OPERATOR     LOG                      KIND       STATE    NOT AFTER                 STREAMED',
        "Example      Example 'Argon2026' log  rfc6962    usable   2026-01-01 to 2100-01-01  yes",
        'Example      Old log                  rfc6962    retired  -                         no',
        'Willow & Co  Example Willow 2026      static-ct  usable   -                         yes',
        '',
      ].join('\n'),
    })
    expect(logs.classic.requestCount('get-sth')).toBe(0)
  })

  it('is JSON for programs, with what opens a log', async () => {
    const [classic, old, tiled] = await json()
    expect(classic).toEqual({
      id: logs.classic.logId,
      description: "Example 'Argon2026' log",
      operator: 'Example',
      kind: 'rfc6962',
      url: logs.classic.url,
      key: logs.classic.key,
      mmd: 86_400,
      state: 'usable',
      stateSince: '2026-01-01T00:00:00.000Z',
      temporalInterval: { start: '2026-01-01T00:00:00.000Z', end: '2100-01-01T00:00:00.000Z' },
      logType: null,
      lists: ['list.json'],
      streamed: true,
    })
    expect(old).toMatchObject({ state: 'retired', streamed: false, temporalInterval: null })
    expect(tiled).toMatchObject({
      kind: 'static-ct',
      url: logs.tiled.monitoringUrl,
      submissionUrl: logs.tiled.submissionUrl,
    })
  })

  it.each([
    [['--kind', 'static-ct'], ['Example Willow 2026']],
    [
      ['--operator', 'EXAMPLE'],
      ["Example 'Argon2026' log", 'Old log'],
    ],
    [['--state', 'retired'], ['Old log']],
    [
      ['--state', 'retired', '--state', 'usable', '--operator', 'example'],
      ["Example 'Argon2026' log", 'Old log'],
    ],
  ])('%j narrows it', async (argv, descriptions) => {
    expect((await json(...argv)).map(({ description }) => description)).toEqual(descriptions)
  })

  it('says when nothing is left', async () => {
    const stderr = 'warn: none of the 3 listed logs matches\n'
    expect(await run('--state', 'pending')).toEqual({ code: 0, stdout: '', stderr })
    expect(await run('--state', 'pending', '--json')).toEqual({ code: 0, stdout: '[]\n', stderr })
  })

  it.each([
    [['--log-name', 'argn2026'], '--log-name: no log is called "argn2026", did you mean "argon2026"?'],
    [['--operator', 'Exampel'], '--operator: no log is operated by "Exampel", did you mean "Example"?'],
    [['--state', 'alive'], '--state must be one of pending, qualified'],
    [['--kind', 'tiled'], '--kind must be one of rfc6962, static-ct, got "tiled"'],
    [['--contact', 'me'], '--contact must be an e-mail address'],
    [['--domain', 'a.example'], '--domain is no flag of ct-stream logs'],
  ])('%j is bad usage', async (argv, message) => {
    const { code, stdout, stderr } = await run(...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`ct-stream: ${message}`)
    expect(stderr.trim()).not.toContain('\n')
  })

  it('fails with 1 when there is no list to be had', async () => {
    const { code, stderr } = await runWith(['logs', '--no-checkpoint', '--log-list', 'none.json'])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^ct-stream: no log list at hand: .*none\.json" cannot be read: ENOENT: .* \(CT_LIST_INVALID\)\n$/,
    )
  })
})

describe('ct-stream logs --probe', () => {
  it('asks each log for its head', async () => {
    const { code, stdout, stderr } = await run('--probe', '--state', 'usable')
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/STREAMED {2}SIZE {2}HEAD AGE {2,}MMD$/)
    expect(lines[1]).toMatch(/^Example .* yes +300 +\d+ s +1 d$/)
    expect(lines[2]).toMatch(/^Willow & Co .* yes +300 +\d+ s +1 m$/)
  })

  it('shows what is wrong with a log, and goes on', async () => {
    logs.classic.fault({ on: 'get-sth', status: 503 })
    logs.tiled.fault({ on: 'checkpoint', flipBit: { in: 'signature' } })
    const [classic, old, tiled] = await json('--probe')
    expect(classic).toMatchObject({ head: null, error: { code: 'CT_HTTP_STATUS' } })
    expect(tiled).toMatchObject({ head: null, error: { code: 'CT_HEAD_SIGNATURE' } })
    expect(old).toMatchObject({ head: { treeSize: 0, mmdMs: null }, error: null })
    const { stdout } = await run('--probe')
    expect(stdout.split('\n')[0]).toMatch(/PROBLEM$/)
    expect(stdout).toMatch(/ - +- {2}.*503.* \(CT_HTTP_STATUS\)\n/)
  })

  it('shows heads that are not of their time', async () => {
    const minute = 60_000
    const ages = { fresh: 0, stale: 3 * minute, ahead: -60 * minute }
    const made = await Promise.all(
      Object.keys(ages).map((description) => createTestLog({ description, operator: 'Times', mmd: 60 })),
    )
    const [, stale, ahead] = made
    stale?.publishAt(Date.now() - ages.stale)
    ahead?.publishAt(Date.now() - ages.ahead)
    const files = { 'list.json': JSON.stringify(createTestLogList(made, { timestamp: new Date() })) }
    const probe = (...argv: string[]) =>
      runWith(['logs', '--no-checkpoint', '--log-list', 'list.json', '--probe', ...argv], { files })
    const { stdout } = await probe()
    expect(stdout).toMatch(/Times +fresh .* \d+ s +1 m *\n/)
    expect(stdout).toMatch(
      /Times +stale .* 3 m +1 m .*signed 18\d s ago, the maximum merge delay is 60 s \(CT_HEAD_STALE\)\n/,
    )
    expect(stdout).toMatch(/Times +ahead .* 0 s +1 m .*36\d\d s ahead of this machine's clock \(CT_HEAD_FUTURE\)\n/)
    const records = JSON.parse((await probe('--json')).stdout) as { head: object; error: { code: string } | null }[]
    expect(records.map(({ head, error }) => [head !== null, error?.code])).toEqual([
      [true, undefined],
      [true, 'CT_HEAD_STALE'],
      [true, 'CT_HEAD_FUTURE'],
    ])
    await Promise.all(made.map((log) => log.close()))
  })

  it('has the root hash of the head for programs', async () => {
    const [, , tiled] = await json('--probe')
    const { treeSize, timestamp, rootHash } = logs.tiled.head
    expect(tiled?.head).toMatchObject({
      mmdMs: 60_000,
      treeSize,
      timestamp: new Date(timestamp).toISOString(),
      rootHash: Buffer.from(rootHash).toString('base64'),
    })
  })

  it('ends at a signal', async () => {
    const stop = new AbortController()
    logs.classic.fault({ on: 'get-sth', hang: true })
    const running = runWith(['logs', '--no-checkpoint', '--log-list', 'list.json', '--probe'], {
      files: { 'list.json': listOfThree() },
      changes: { stop: stop.signal },
    })
    while (logs.tiled.requestCount('checkpoint') === 0) await new Promise((done) => setImmediate(done))
    stop.abort()
    expect(await running).toEqual({ code: 1, stdout: '', stderr: 'ct-stream: interrupted\n' })
  })
})

describe('a list that is fetched', () => {
  let server: Loopback
  let folder = ''
  let answer: { status: number; body: string }
  const conditions: unknown[] = []
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ct-stream-logs-'))
    server = await loopback((request, response) => {
      conditions.push(request.headers['if-none-match'])
      response.writeHead(answer.status, { etag: '"1"' }).end(answer.body)
    })
  })
  afterAll(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is taken from the checkpoint file when it cannot be fetched, and nothing is written there', async () => {
    const [url, path] = [`${server.url}/list.json`, join(folder, 'ct-stream.db')]
    const body = new TextEncoder().encode(logs.list)
    const store = new SqliteCheckpointStore(path)
    await store.open()
    store.putList({ url, body, etag: '"0"', lastModified: undefined, fetchedAt: impatientClock.now() })
    answer = { status: 503, body: '' }
    // While a stream has the file.
    const argv = ['logs', '--log-list', url, '--checkpoint', path, '--json']
    const failed = await runWith(argv)
    expect(failed.code).toBe(0)
    expect(JSON.parse(failed.stdout)).toHaveLength(2)
    expect(failed.stderr).toMatch(/^warn: log list not renewed list="http.*503/)
    expect(conditions.slice(-3)).toEqual(['"0"', '"0"', '"0"'])

    answer = { status: 304, body: '' }
    expect(await runWith(argv)).toMatchObject({ code: 0, stderr: '', stdout: failed.stdout })
    answer = { status: 200, body: JSON.stringify(createTestLogList([logs.tiled], { timestamp: new Date() })) }
    const renewed = await runWith(argv)
    expect([JSON.parse(renewed.stdout).length, renewed.stderr]).toEqual([1, ''])
    expect(store.list(url)).toMatchObject({ body, etag: '"0"' })
    store.close()

    answer = { status: 503, body: '' }
    expect((await runWith(['logs', '--log-list', url, '--no-checkpoint'])).code).toBe(1)
  })

  it('is fetched all the same when the checkpoint file is of no use', async () => {
    answer = { status: 200, body: logs.list }
    const argv = ['logs', '--log-list', `${server.url}/list.json`, '--json', '--checkpoint', folder]
    const { code, stdout, stderr } = await runWith(argv)
    expect(stderr).toMatch(/^warn: no log list from the checkpoint file error=".* is a directory[^\n]*\n$/)
    expect([code, JSON.parse(stdout).length]).toEqual([0, 2])
  })
})
