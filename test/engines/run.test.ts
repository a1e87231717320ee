import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { ClusterView } from '../../src/cluster/view.js'
import { searchCertificates } from '../../src/sinks/postgres.js'
import { createTestLogList, type TestLog } from '../../src/testing/index.js'
import { ApiClient } from '../support/api-client.js'
import { BuiltCommand } from '../support/built-command.js'
import { freePort } from '../support/free-port.js'
import { ListServer } from '../support/list-server.js'
import { grow, logOf } from '../support/logs.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

const LEASE_MS = 2000

describe.skipIf(noPostgres)('ct-stream run', () => {
  let db: TestDatabase
  let logs: TestLog[]
  beforeEach(async () => {
    db = await testDatabase()
    // Whole tiles: for the rest of one a collector waits, until it is full.
    logs = await Promise.all([logOf(256, { operator: 'one' }), logOf(256, { operator: 'two', kind: 'static-ct' })])
  })
  afterEach(() => db.remove())

  const start = (...argv: string[]) => {
    const named = logs.flatMap(({ spec }) =>
      spec.kind === 'static-ct'
        ? ['--log', spec.monitoringUrl, '--key', spec.key, '--submission-url', spec.submissionUrl]
        : ['--log', spec.url, '--key', spec.key, '--submission-url', '-'],
    )
    const url = `${db.url}&entries=all`
    return new BuiltCommand(
      [
        'run',
        '--db',
        url,
        ...named,
        '--start',
        'beginning',
        '--port',
        '0',
        '--lease',
        `${LEASE_MS / 1000}s`,
        '--shard-by',
        'log',
        ...argv,
      ],
      import.meta.dirname,
    )
  }
  const urlOf = (command: BuiltCommand) => command.says('stdout', /^ct-stream runs .* at (\S+)\n/)

  /** How long it takes until everything is in the database, milliseconds. */
  const untilRead = async (atMostMs: number) => {
    const began = performance.now()
    for (;;) {
      const entries = await db.entries().catch(() => new Map<string, number[]>())
      if (logs.every(({ logId, size }) => entries.get(logId)?.length === size)) return performance.now() - began
      if (performance.now() - began > atMostMs) throw new Error(`not read in ${atMostMs} ms`)
      await wait(25)
    }
  }

  /** The members that have shards, as long as they have them. */
  const owners = async () => {
    const rows = await db.query<{ owner: string | null }>('SELECT DISTINCT owner FROM shard')
    return rows.map(({ owner }) => owner?.split(' ')[0]).sort()
  }

  /** How long it takes until these have all shards, milliseconds. */
  const untilOwnedBy = async (...members: string[]) => {
    const began = performance.now()
    while ((await owners()).join() !== members.join()) {
      if (performance.now() - began > 30_000) throw new Error(`not owned by ${members}, but by ${await owners()}`)
      await wait(10)
    }
    return performance.now() - began
  }

  it('is taken over within a lease and five seconds when it is killed', async () => {
    const first = start('--member', 'first', '--role', 'collector')
    await urlOf(first)
    await untilRead(20_000)
    const second = start('--member', 'second', '--role', 'collector')
    await untilOwnedBy('first', 'second')
    await first.stop('SIGKILL')
    for (const log of logs) grow(log, 256)
    expect(await untilOwnedBy('second')).toBeLessThan(LEASE_MS + 5000)
    await untilRead(30_000)
    expect(await second.stop()).toBe(0)
  })

  it('hands over within two seconds when it is told to end, and says how it is', async () => {
    const first = start('--member', 'first', '--role', 'collector')
    const url = await urlOf(first)
    await untilRead(20_000)
    expect((await fetch(`${url}healthz`)).status).toBe(200)
    expect((await fetch(`${url}readyz`)).status).toBe(200)
    expect(await (await fetch(`${url}metrics`)).text()).toMatch(/ct_stream_log_entries_total\{.*\} 256/)
    const second = start('--member', 'second', '--role', 'collector')
    await untilOwnedBy('first', 'second')
    const [ended, ms] = await Promise.all([first.stop(), untilOwnedBy('second')])
    expect(ended).toBe(0)
    expect(ms).toBeLessThan(2000)
    expect(await second.stop()).toBe(0)
    expect(await owners()).toEqual([undefined])
  })

  it('answers from the database with entries that any process has written', async () => {
    const collector = start('--member', 'first', '--role', 'collector')
    await urlOf(collector)
    const server = start('--member', 'second', '--role', 'api', '--read-token', 'reader-secret')
    const url = await urlOf(server)
    await untilRead(20_000)
    const api = await ApiClient.open(url, { Authorization: 'Bearer reader-secret' })
    const { body: shards } = await api.ask<{ items: { owner: string; logs: { id: string; position: number }[] }[] }>(
      '/shards',
    )
    expect(shards.items.map(({ owner, logs: [log] }) => [owner.split(' ')[0], log])).toEqual(
      logs
        .map(({ logId, size }) => ['first', expect.objectContaining({ id: logId, position: size, verifiedSize: size })])
        .sort(([, a], [, b]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    )
    expect((await api.ask('/members')).body).toMatchObject({ items: [{ shards: 2 }] })
    expect((await api.ask('/gaps')).body).toEqual({ items: [], next: null })
    // Page by page it is the same as what a walk through all certificates finds.
    const [row] = await db.query<{ rev: string }>('SELECT rev FROM name ORDER BY rev LIMIT 1')
    const domain = row?.rev.split('.').slice(0, 2).reverse().join('.') ?? ''
    const wanted = await searchCertificates(db.url, domain)
    const found: string[] = []
    for (let after = ''; ; ) {
      const query = `?name=${domain}&limit=3${after}`
      const { body } = await api.ask<{ items: { id: string }[]; next: string | null }>('/certificates', { query })
      found.push(...body.items.map(({ id }) => id))
      if (body.next === null) break
      after = `&after=${body.next}`
    }
    expect(found).toEqual(wanted.map(({ sha256 }) => sha256))
    expect(found.length).toBeGreaterThan(0)
    expect([await collector.stop(), await server.stop()]).toEqual([0, 0])
  })

  it('gives modules every entry that collectors have written, also after a kill', async () => {
    const found = join(mkdtempSync(join(tmpdir(), 'ct-stream-run-')), 'found.jsonl')
    onTestFinished(() => rmSync(dirname(found), { recursive: true, force: true }))
    const module = join(dirname(found), 'each.mjs')
    writeFileSync(
      module,
      `import { appendFileSync } from 'node:fs'
       import { defineModule } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'dist', 'modules.js'))}
       const onCertificate = (c) => appendFileSync(${JSON.stringify(found)}, c.log.id + ' ' + c.index + '\\n')
       export default defineModule({ name: 'each', acknowledge: true, onCertificate })`,
    )
    const seen = () => (existsSync(found) ? readFileSync(found, 'utf8').trim().split('\n') : [])
    const untilSeen = async (count: number) => {
      while (new Set(seen()).size < count) await wait(25)
    }
    const first = start('--member', 'first', '--module', module)
    const url = await urlOf(first)
    await untilSeen(512)
    expect(await (await fetch(`${url}metrics`)).text()).toMatch(/ct_stream_queue_delivered_entries_total 512/)
    await first.stop('SIGKILL')
    for (const log of logs) grow(log, 256)
    const second = start('--member', 'second', '--role', 'collector,processor', '--module', module)
    await untilSeen(1024)
    expect(await second.stop()).toBe(0)
    expect(new Set(seen()).size).toBe(1024)
    const bare = new BuiltCommand(['run', '--role', 'processor', '--db', db.url], import.meta.dirname)
    expect([await bare.closed, bare.stderr]).toEqual([2, expect.stringContaining('processor needs --module')])
  })

  it('listens while it waits for the description of a log, and reads the log as soon as that is there', async () => {
    const [log] = (logs = [await logOf(256)]) as [TestLog]
    const port = await freePort()
    const named = ['--log', `http://127.0.0.1:${port}/log.v3.json`, '--start', 'beginning', '--port', '0']
    const waiting = new BuiltCommand(['run', '--db', `${db.url}&entries=all`, ...named], import.meta.dirname)
    const url = await urlOf(waiting)
    expect(await waiting.says('stderr', /^warn: (trying again: \[GET\] "http:\S+\/log\.v3\.json")/m)).toBeDefined()
    const status = async (path: string) => (await fetch(`${url}${path}`)).status
    expect([await status('healthz'), await status('readyz')]).toEqual([200, 503])
    const server = createServer((_, response) => response.end(JSON.stringify({ key: log.key, url: log.url })))
    onTestFinished(() => void server.close())
    server.listen(port, '127.0.0.1')
    await untilRead(60_000)
    expect(await waiting.stop()).toBe(0)
  })

  it('releases its shards, and tears modules down, when a module ends it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-run-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const module = (name: string, body: string) => {
      const file = join(folder, `${name}.mjs`)
      writeFileSync(
        file,
        `import { writeFileSync } from 'node:fs'
         import { defineModule } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'dist', 'modules.js'))}
         export default defineModule({ name: ${JSON.stringify(name)}, ${body} })`,
      )
      return ['--module', file]
    }
    const marker = join(folder, 'torn-down')
    const failing = module(
      'failing',
      `limits: { onError: 'stop-stream' }, onCertificate() { throw new Error('enough') }`,
    )
    const other = module('other', `onCertificate() {}, teardown() { writeFileSync(${JSON.stringify(marker)}, '') }`)
    const command = start('--member', 'first', ...failing, ...other)
    expect([await command.closed, command.stderr]).toEqual([1, expect.stringContaining('CT_MODULE_FAILED')])
    expect(existsSync(marker)).toBe(true)
    expect(await db.query('SELECT name FROM shard WHERE owner IS NOT NULL')).toEqual([])
    expect(await db.query('SELECT name FROM member')).toEqual([])
  })

  it('goes on with what one process read alone, also of a log that has left the lists', async () => {
    const list = await ListServer.open(createTestLogList(logs))
    onTestFinished(() => list.close())
    const common = ['--log-list', list.url, '--start', 'beginning']
    const alone = new BuiltCommand([...common, '--sink', `${db.url}&entries=all`], import.meta.dirname)
    await untilRead(20_000)
    await alone.stop()
    for (const log of logs) grow(log, 256)
    list.content = createTestLogList(logs.slice(1))
    const run = ['run', '--role', 'collector', '--db', `${db.url}&entries=all`, '--port', '0', '--lease', '2s']
    const cluster = new BuiltCommand([...run, ...common, '--member', 'first'], import.meta.dirname)
    await untilRead(30_000)
    const view = new ClusterView(db.url)
    const shards = await view.shards()
    await view.close()
    expect(shards.map(({ name, owner, logs }) => [name, owner?.split(' ')[0], logs.length])).toEqual([
      ['one', 'first', 1],
      ['two', 'first', 1],
    ])
    expect(await cluster.stop()).toBe(0)
  }, 60_000)

  it('waits for a log list that cannot be fetched, of several', async () => {
    const lists = await Promise.all(logs.map((log) => ListServer.open(createTestLogList([log]))))
    onTestFinished(async () => void (await Promise.all(lists.map((list) => list.close()))))
    const [first, second] = lists as [ListServer, ListServer]
    const content = first.content
    first.content = 404
    const named = ['--log-list', first.url, '--log-list', second.url, '--log-name', logs[0]?.logId ?? '']
    const waiting = new BuiltCommand(
      ['run', '--role', 'collector', '--db', `${db.url}&entries=all`, ...named, '--start', 'beginning', '--port', '0'],
      import.meta.dirname,
    )
    await urlOf(waiting)
    expect(await waiting.says('stderr', /^warn: trying again: the (log list) "http:\S+" is missing/m)).toBeDefined()
    // It has not joined: the database may have no schema yet.
    expect(await db.query('SELECT name FROM member').catch(() => [])).toEqual([])
    first.content = content
    while ((await db.entries().catch(() => new Map())).get(logs[0]?.logId ?? '')?.length !== 256) await wait(25)
    expect(await waiting.stop()).toBe(0)
  })

  it('waits for a database that is not running yet, and refuses a URL that is not a database', async () => {
    const nowhere = new BuiltCommand(['run', '--db', 'postgres://127.0.0.1:1/x', '--port', '0'], import.meta.dirname)
    const url = await urlOf(nowhere)
    expect(await nowhere.says('stderr', /^warn: (trying again: )/m)).toBeDefined()
    expect((await fetch(`${url}healthz`)).status).toBe(200)
    expect((await fetch(`${url}readyz`)).status).toBe(503)
    expect(await nowhere.stop()).toBe(0)
    const wrong = new BuiltCommand(['run', '--db', 'mysql://u:secret@h/x', '--port', '0'], import.meta.dirname)
    expect([await wrong.closed, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('--db: no sink has URLs that begin with mysql'),
    ])
    expect(wrong.stderr).not.toContain('secret')
  })
})
