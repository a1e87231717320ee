import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'
import { quietController } from '../../../../src/util/abort.js'
import { systemClock } from '../../../../src/util/clock.js'
import { range } from '../../../support/follow.js'
import { type EmbeddedLogs, embeddedLogs, runWith } from '../embedded.js'
import { sink } from '../sample-io.js'

const at = Date.UTC(2026, 10, 24, 12)
let logs: EmbeddedLogs
let folder = ''
let path = ''
let count = 0
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-gaps-'))
  logs = await embeddedLogs()
})
afterAll(async () => {
  await logs.close()
  rmSync(folder, { recursive: true, force: true })
})

type Span = readonly [from: number, to: number | undefined]

/** A file in which the classic and the tiled log have these gaps. */
async function record(classic: readonly Span[], tiled: readonly Span[] = []): Promise<void> {
  const store = new SqliteCheckpointStore(path)
  await store.open()
  for (const [log, kind, spans] of [
    [logs.classic, 'rfc6962', classic],
    [logs.tiled, 'static-ct', tiled],
  ] as const)
    for (const [start, end] of spans) {
      const { logId: id, description, operator, url } = log
      store.addGap({ log: { id, description, operator, kind, url }, start, end, reason: 'it was gone', recordedAt: at })
    }
  store.close()
}

beforeEach(() => {
  path = join(folder, `${count++}.db`)
})
afterEach(() => {
  logs.classic.clearFaults()
  logs.tiled.clearFaults()
})

const changes = { clock: systemClock }
const run = (...argv: string[]) =>
  runWith(['gaps', '--checkpoint', path, '--log-list', 'list.json', ...argv], {
    files: { 'list.json': logs.list },
    changes,
  })
const open = async () => {
  const { stdout } = await run('--json')
  return (JSON.parse(stdout) as { log: { kind: string }; start: number; end: number | null }[]).map(
    ({ log, start, end }) => [log.kind, start, end],
  )
}
/** `[kind of log, index]` of every line. */
const printed = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { log: { kind: string }; index: number })

describe('ct-stream gaps', () => {
  it('lists what is missing, since when, and why', async () => {
    await record([[3, 9]], [[290, undefined]])
    const { code, stdout, stderr } = await run()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'LOG | FROM | TO | SINCE | REASON',
      "Example 'Argon2026' log | 3 | 8 | 2026-11-24T12:00:00.000Z | it was gone",
      'Example Willow 2026 | 290 | - | 2026-11-24T12:00:00.000Z | it was gone',
      '',
    ])
    expect(await open()).toEqual([
      ['rfc6962', 3, 9],
      ['static-ct', 290, null],
    ])
  })

  it('says when nothing is', async () => {
    await record([])
    expect(await run()).toMatchObject({ code: 0, stdout: 'nothing is missing\n' })
    expect(await run('--json')).toMatchObject({ code: 0, stdout: '[]\n' })
    expect(await run('--retry')).toMatchObject({ code: 0, stdout: '', stderr: 'ct-stream: nothing is missing\n' })
    const { stderr } = await run('--retry', '--log-format', 'json')
    expect(JSON.parse(stderr)).toMatchObject({ level: 'info', message: 'nothing is missing' })
  })

  it('says what it has fetched as JSON lines for programs', async () => {
    await record([[3, 9]])
    const { code, stderr } = await run('--retry', '--log-format', 'json')
    expect([code, stderr.split('\n').length]).toEqual([0, 2])
    expect(JSON.parse(stderr)).toMatchObject({
      level: 'info',
      message: "delivered: Example 'Argon2026' log: entries from 3 to 8",
    })
  })

  it('fetches, proves and prints it, and settles it', async () => {
    await record(
      [
        [3, 9],
        [20, 280],
      ],
      [[250, undefined]],
    )
    const { code, stdout, stderr } = await run('--retry')
    expect(code).toBe(0)
    const lines = printed(stdout)
    const of = (kind: string) => lines.filter(({ log }) => log.kind === kind).map(({ index }) => index)
    expect(of('rfc6962')).toEqual([...range(3, 9), ...range(20, 280)])
    expect(of('static-ct')).toEqual(range(250, 300))
    expect(stderr).toContain("delivered: Example 'Argon2026' log: entries from 20 to 279")
    expect(await open()).toEqual([])
    // It stays known that it was reported: no later run reports it again.
    const store = new SqliteCheckpointStore(path, { readOnly: true })
    await store.open()
    expect(store.gaps()).toHaveLength(3)
    store.close()
    expect(await run('--retry')).toMatchObject({ code: 0, stdout: '' })
  })

  it('prints and settles all of it, whatever limit and filter a config file holds for other commands', async () => {
    await record([[0, 300]])
    const config = JSON.stringify({ limit: 100, domain: ['nothing.example'], dedupe: 'issuance', end: 'head' })
    const files = { 'list.json': logs.list, 'ct-stream.config.json': config }
    const argv = ['gaps', '--checkpoint', path, '--log-list', 'list.json', '--retry']
    const { code, stdout } = await runWith(argv, { files, changes })
    expect([code, printed(stdout).map(({ index }) => index)]).toEqual([0, range(0, 300)])
    expect(await open()).toEqual([])
  })

  it('settles what was written before the log failed, and goes on there', async () => {
    await record([[0, 300]])
    logs.classic.fault({
      on: 'get-entries',
      when: ({ path }) => Number(/start=(\d+)/.exec(path)?.[1]) >= 256,
      status: 404,
    })
    const first = await run('--retry', '--end-patience', '1')
    expect(first).toMatchObject({ code: 1, stderr: expect.stringContaining('some entries are still missing') })
    const delivered = printed(first.stdout).map(({ index }) => index)
    expect(delivered).toEqual(range(0, delivered.length))
    expect(await open()).toEqual([['rfc6962', delivered.length, 300]])
    logs.classic.clearFaults()
    const second = await run('--retry')
    expect(second.code).toBe(0)
    expect(printed(second.stdout).map(({ index }) => index)).toEqual(range(delivered.length, 300))
    expect(await open()).toEqual([])
  })

  it('settles nothing of entries that are not proven', async () => {
    await record([[0, 200]], [[0, 200]])
    for (const log of [logs.classic, logs.tiled])
      log.fault({ on: ['get-entries', 'data-tile'], flipBit: { in: 'leaf', item: 7, byte: 20 } })
    const { code, stdout } = await run('--retry', '--end-patience', '1')
    expect([code, stdout]).toEqual([1, ''])
    expect(await open()).toEqual([
      ['rfc6962', 0, 200],
      ['static-ct', 0, 200],
    ])
  })

  it('settles nothing that the output did not take', async () => {
    await record([[0, 300]])
    const broken = sink()
    broken.stream._write = (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' }))
    const files = { 'list.json': logs.list }
    const argv = ['gaps', '--checkpoint', path, '--log-list', 'list.json', '--retry']
    const result = await runWith(argv, { files, changes: { ...changes, stdout: broken.stream } })
    expect(result.code).toBe(0)
    expect(await open()).toEqual([['rfc6962', 0, 300]])
    const stop = quietController()
    stop.abort()
    await runWith(argv, { files, changes: { ...changes, stop: stop.signal } })
    expect(await open()).toEqual([['rfc6962', 0, 300]])
  })

  it('was interrupted when it is stopped before the end, and settles what it has printed until then', async () => {
    await record([[0, 300]])
    const [stop, stdout] = [quietController(), sink()]
    const write = stdout.stream._write.bind(stdout.stream)
    stdout.stream._write = (...page) => {
      stop.abort()
      write(...page)
    }
    const argv = ['gaps', '--checkpoint', path, '--log-list', 'list.json', '--retry']
    const files = { 'list.json': logs.list }
    const stopped = await runWith(argv, { files, changes: { ...changes, stdout: stdout.stream, stop: stop.signal } })
    expect(stopped).toMatchObject({ code: 1, stderr: 'ct-stream: interrupted\n' })
    const delivered = printed(stdout.text()).length
    expect(delivered).toBeLessThan(300)
    expect(await open()).toEqual([['rfc6962', delivered, 300]])
  })

  it('does not take a log that has become smaller for one that has delivered', async () => {
    await record([[400, undefined]])
    const { code, stderr } = await run('--retry', '--end-patience', '1')
    expect(code).toBe(1)
    expect(stderr).toContain('entries from 400 (the log has 300 entries)')
    expect(await open()).toEqual([['rfc6962', 400, null]])
  })

  it('asks a log that no list names where the flags say', async () => {
    await record([[0, 10]])
    const { url, key } = logs.classic
    const empty = {
      'list.json': JSON.stringify({ ...JSON.parse(logs.list), operators: [JSON.parse(logs.list).operators[1]] }),
    }
    const argv = ['gaps', '--checkpoint', path, '--retry']
    const unlisted = await runWith([...argv, '--log-list', 'list.json'], { files: empty, changes })
    expect(unlisted).toMatchObject({ code: 1, stderr: expect.stringContaining('name it with --log and --key') })
    const named = await runWith([...argv, '--log', url, '--key', key], { changes })
    expect(named.code).toBe(0)
    expect(printed(named.stdout)).toHaveLength(10)
    expect(await open()).toEqual([])
  })

  it('asks a log of a fetched list at no address that such a list may not lead to', async () => {
    await record([[0, 10]])
    const url = 'https://lists.test-ca.invalid/all.json'
    const store = new SqliteCheckpointStore(path)
    await store.open()
    // Names of private addresses are refused as other ports are, when a connection is made.
    const list = logs.list.replaceAll(logs.classic.url, 'https://log.test-ca.org:22/')
    const body = new TextEncoder().encode(list)
    store.putList({ url, body, etag: undefined, lastModified: undefined, fetchedAt: Date.now() })
    store.close()
    const argv = ['gaps', '--checkpoint', path, '--log-list', url, '--retry', '--end-patience', '1']
    const { code, stdout, stderr } = await runWith(argv)
    expect(stderr).toContain('port 22, not 443')
    expect([code, stdout]).toEqual([1, ''])
    expect(await open()).toEqual([['rfc6962', 0, 10]])
  })

  describe('with modules', () => {
    /** Reports each entry by its index, until it fails at one. */
    const module = (name: string, failsAt = -1) => {
      const file = join(folder, `${name}.mjs`)
      const body = `name: '${name}', acknowledge: true, onCertificate({ index }, { emit }) {
        if (index === ${failsAt}) throw new Error('out of luck')
        emit({ kind: 'seen', subject: String(index), severity: 'high', reason: 'is there' })
      }`
      const text = `const module = { ${body}, with: (options, use) => ({ ...use, module, options }) }
        Object.defineProperty(module, Symbol.for('ct-stream.module'), { value: true })
        export default module`
      writeFileSync(file, text)
      return file
    }
    const withConfig = (config: object, ...argv: string[]) =>
      runWith(['gaps', '--checkpoint', path, '--retry', '--config', 'c.json', ...argv], {
        files: { 'list.json': logs.list, 'c.json': JSON.stringify({ 'log-list': ['list.json'], ...config }) },
        changes,
      })
    const found = (stdout: string) =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { certificate: { index: number } }).certificate.index)

    it('gives missing entries to the modules of the config file, and settles what they have acknowledged', async () => {
      await record([[3, 9]], [[290, undefined]])
      const { code, stdout } = await withConfig({ modules: [module('every')] })
      expect(code).toBe(0)
      expect(found(stdout)).toEqual([...range(3, 9), ...range(290, 300)])
      expect(await open()).toEqual([])
    })

    it('gives them to those of --module', async () => {
      await record([[3, 9]])
      const { code, stdout } = await run('--retry', '--module', module('flagged'))
      expect([code, found(stdout)]).toEqual([0, range(3, 9)])
      expect(await open()).toEqual([])
    })

    it('settles nothing that a module has failed on', async () => {
      await record([[3, 9]])
      const use = { module: module('fails', 6), limits: { onError: 'stop-stream' } }
      const { code, stdout, stderr } = await withConfig({ modules: [use] })
      expect(stderr).toContain('out of luck')
      expect([code, found(stdout)]).toEqual([1, range(3, 6)])
      // They came as one page.
      expect(await open()).toEqual([['rfc6962', 3, 9]])
    })

    it('refuses a sink, which it cannot write to', async () => {
      await record([[3, 9]])
      const refused = await withConfig({ sink: 'amqp://127.0.0.1:1' })
      expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('sink in c.json') })
      expect(await open()).toEqual([['rfc6962', 3, 9]])
      expect((await withConfig({ sink: 'amqp://127.0.0.1:1' }, '--format', 'json')).code).toBe(0)
      expect(await open()).toEqual([])
    })
  })

  it('leaves a file alone that a stream uses', async () => {
    await record([[0, 10]])
    const store = new SqliteCheckpointStore(path)
    await store.open()
    try {
      expect(await run('--retry')).toMatchObject({ code: 1, stderr: expect.stringContaining('CT_CHECKPOINT_CONFLICT') })
      expect((await run()).code).toBe(0)
    } finally {
      store.close()
    }
  })
})
