import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CliIo } from '../../../../src/cli/io.js'
import { systemClock } from '../../../../src/util/clock.js'
import { type EmbeddedLogs, embeddedLogs, runWith } from '../embedded.js'
import { sink } from '../sample-io.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-cli-'))
const list = join(folder, 'list.json')
let logs: EmbeddedLogs
beforeAll(async () => {
  logs = await embeddedLogs()
  writeFileSync(list, logs.list)
})
afterAll(async () => {
  await logs.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => logs.tiled.clearFaults())

/** Time as it is: the wait for issuers must not be over at once. */
const run = (argv: readonly string[], changes: Partial<CliIo> = {}) =>
  runWith(['--log-list', list, '--no-checkpoint', ...argv], { changes: { clock: systemClock, ...changes } })
const tiled = () => {
  const { monitoringUrl, submissionUrl, key } = logs.tiled
  const argv = ['--log', monitoringUrl, '--submission-url', submissionUrl, '--key', key, '--no-checkpoint']
  return runWith([...argv, '--start', 'beginning', '--end', 'head', '--format', 'certstream'], {
    changes: { clock: systemClock },
  })
}
const chainsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { data: { cert_index: number; chain: unknown[] } }).data)

describe('ct-stream --format certstream', () => {
  it('has the chain of every entry of a static-ct log', async () => {
    const { code, stdout, stderr } = await tiled()
    expect([code, stderr]).toEqual([0, ''])
    const messages = chainsOf(stdout)
    expect(messages.map(({ cert_index }) => cert_index)).toEqual(Array.from({ length: 300 }, (_, i) => i))
    for (const { chain } of messages) expect(chain.length).toBeGreaterThan(0)
  })

  it('loses no line when the issuers are not served, and says so once', async () => {
    logs.tiled.fault({ on: 'issuer', status: 404 })
    const { code, stdout, stderr } = await tiled()
    expect(code).toBe(0)
    const messages = chainsOf(stdout)
    expect(messages).toHaveLength(300)
    for (const { chain } of messages) expect(chain).toEqual([])
    expect(stderr).toMatch(/^warn: chain not fetched log="http[^\n]*" index=\d+ error="[^\n]*404[^\n]*"\n$/)
  })
})

describe('ct-stream before there is a network', () => {
  it.each([
    ['one list', ['--log-list', 'http://127.0.0.1:1/list.json']],
    ['two lists', ['--log-list', 'http://127.0.0.1:1/list.json', '--log-list', 'http://127.0.0.1:1/other.json']],
  ])('waits for %s that cannot be had, and ends well when it is stopped', async (_, lists) => {
    const stop = new AbortController()
    const stderr = sink()
    const clock = { now: () => Date.now(), sleep: async () => {} }
    const run = runWith([...lists, '--no-checkpoint'], { changes: { clock, stop: stop.signal, stderr: stderr.stream } })
    await expect.poll(stderr.text, { timeout: 30_000 }).toMatch(/trying again: no log list at hand: .*attempt=4/)
    stop.abort()
    expect(await run).toMatchObject({ code: 0, stdout: '' })
  })

  it.each([
    ['at its URL', ['--log', 'http://127.0.0.1:1/']],
    ['where it is said to be', ['--log', 'http://127.0.0.1:1/log.v3.json']],
  ])('waits for the description of a log %s, and ends well when it is stopped', async (_, named) => {
    const stop = new AbortController()
    const stderr = sink()
    const clock = { now: () => Date.now(), sleep: async () => {} }
    const run = runWith([...named, '--no-checkpoint'], { changes: { clock, stop: stop.signal, stderr: stderr.stream } })
    await expect
      .poll(stderr.text, { timeout: 30_000 })
      .toMatch(/warn: trying again: \[GET\] "http:\/\/127.0.0.1:1\/log.v3.json" .*attempt=4/)
    stop.abort()
    expect(await run).toMatchObject({ code: 0, stdout: '' })
    expect(stderr.text()).not.toMatch(/attempt=3 |interrupted/)
  })

  it('reads a log as soon as its description is there', async () => {
    let failures = 5
    const { monitoringUrl, submissionUrl, key } = logs.tiled
    const server = createServer((request, response) => {
      if (failures-- > 0) request.destroy()
      else response.end(JSON.stringify({ key, monitoring_url: monitoringUrl, submission_url: submissionUrl }))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log.v3.json`
    const [stop, stdout] = [new AbortController(), sink()]
    const waits: number[] = []
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => {
        if (failures > 0) waits.push(ms)
        return failures >= 0 ? Promise.resolve() : systemClock.sleep(ms, signal)
      },
    }
    const argv = ['--log', url, '--start', 'beginning', '--no-checkpoint', '--template', '{index}']
    const run = runWith(argv, { changes: { clock, stop: stop.signal, stdout: stdout.stream } })
    await expect.poll(stdout.text, { timeout: 30_000 }).toMatch(/^0\n1\n/)
    stop.abort()
    expect((await run).code).toBe(0)
    server.close()
    expect(waits).toHaveLength(4)
  })

  it.each([
    ['--limit', '1'],
    ['--end', 'head'],
  ])('does not wait for the description of a log with %s %s', async (...flag) => {
    const { code, stderr } = await runWith(['--log', 'http://127.0.0.1:1/', '--no-checkpoint', ...flag])
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/ECONNREFUSED.*; with --key this file is not needed \(CT_HTTP_NETWORK\)\n$/),
    ])
  })
})

describe('ct-stream --sink', () => {
  it('answers Prometheus at --metrics-port, also while the engine cannot be reached', async () => {
    const [stop, stderr] = [new AbortController(), sink()]
    const argv = ['--sink', 'postgres://127.0.0.1:1/ct', '--metrics-port', '0', '--log-level', 'info']
    const run = runWith(argv, { changes: { clock: systemClock, stop: stop.signal, stderr: stderr.stream } })
    await expect.poll(stderr.text, { timeout: 30_000 }).toMatch(/the sink is opened again/)
    const [, url = ''] = /metrics url="([^"]+)"/.exec(stderr.text()) ?? []
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('process_cpu')])
    stop.abort()
    expect((await run).code).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
  })
})

describe('ct-stream --start', () => {
  it('says when the checkpoint overrules it, and how to read anew', async () => {
    const { url, key } = logs.classic
    const argv = ['--log', url, '--key', key, '--checkpoint', join(folder, 'start.db'), '--end', 'head']
    const first = await runWith([...argv, '--start', 'beginning', '--format', 'domains'])
    expect([first.code, first.stderr]).toEqual([0, ''])
    const { code, stdout, stderr } = await runWith([...argv, '--start', '7d'])
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(
      /^warn: `start` is ignored for 1 of 1 logs, [^\n]*--no-checkpoint[^\n]* positions="[^\n]*: 300"\n$/,
    )
    expect((await runWith([...argv, '--start', '7d', '--quiet'])).stderr).toBe('')
  })
})

describe('ct-stream with a selection', () => {
  it('reads only the selected logs', async () => {
    const argv = ['--operator', 'example', '--start', 'beginning', '--end', 'head', '--template', '{log.operator}']
    const { code, stdout, stderr } = await run(argv)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe('Example\n'.repeat(300))
  })

  it('leaves a summary on a terminal', async () => {
    const stderr = sink()
    const argv = ['--operator', 'example', '--start', 'beginning', '--end', 'head', '--only', 'certificates']
    const { code } = await run(argv, { stderr: Object.assign(stderr.stream, { isTTY: true }), env: { NO_COLOR: '1' } })
    expect(code).toBe(0)
    expect(stderr.text()).toMatch(/300 entries · \d+ filtered out · 1 log\n$/)
  })

  it('draws no line that lives while what reads its pipe may write to the same terminal', async () => {
    const drawn = async (isPiped: boolean) => {
      const stderr = sink()
      const argv = ['--operator', 'example', '--start', 'beginning', '--end', 'head']
      const changes = { stderr: Object.assign(stderr.stream, { isTTY: true }), isPiped, env: { NO_COLOR: '1' } }
      expect((await run(argv, changes)).code).toBe(0)
      return stderr.text()
    }
    expect(await drawn(true)).toBe('300 entries · 1 log\n')
    expect(await drawn(false)).toContain('\r\u001b[2K')
  })

  it('says when nothing is selected, instead of waiting without a word', async () => {
    const stop = new AbortController()
    const stderr = sink()
    const running = run(['--operator', 'Exampel', '--quiet'], { stop: stop.signal, stderr: stderr.stream })
    while (!stderr.text().includes('fits none')) await new Promise((done) => setImmediate(done))
    stop.abort()
    expect((await running).code).toBe(0)
    expect(stderr.text()).toContain('error: no log has the operator "Exampel"\n')
  })
})
