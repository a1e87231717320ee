import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { loadModules } from '../../src/modules/index.js'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'
import type { Finding } from '../../src/types/finding.js'

// `ct-stream watch` as it is shipped, in a process of its own, against a log in this one.
const ROUNDS = Number(process.env.CT_STREAM_TEST_CRASHES ?? 2)
const root = join(import.meta.dirname, '..', '..')
const place = mkdtempSync(join(tmpdir(), 'ct-stream-watching-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

function start(argv: readonly string[], cwd = place) {
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...argv], { cwd, env })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, ended }
}

/** Takes findings of a webhook; `onRequest` is called with how many requests there were, before each is answered. */
async function receiver(onRequest: (count: number) => void = () => {}) {
  const findings: Finding[] = []
  let count = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      findings.push(...JSON.parse(Buffer.concat(chunks).toString()).findings)
      onRequest(++count)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { findings, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

const flagsOf = ({ url, key }: TestLog) => ['--log', url, '--key', key, '--start', 'beginning']
const findingsIn = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Finding)
const idsOf = (findings: readonly Finding[]) => findings.map(({ id }) => id).sort()

async function logOf(names: readonly string[]): Promise<TestLog> {
  const requests = names.map((name) => ({ dnsNames: [name], kind: 'pair' as const }))
  const log = await createTestLog({ kind: 'rfc6962', entries: issueCertificates(requests) })
  onTestFinished(() => log.close())
  return log
}

describe('ct-stream watch, as a process', () => {
  it('alerts for a certificate that is issued while it runs, and ends with status 0', async () => {
    const log = await logOf(['www.example.com'])
    let child: ChildProcess | undefined
    const { url, findings } = await receiver((count) => {
      if (count === 2) child?.kill('SIGTERM')
      if (count > 1) return
      log.add(issueCertificates({ dnsNames: ['examp1e-login.top'] }))
      log.publish()
    })
    const run = start(['watch', 'example.com', '--webhook', url, ...flagsOf(log), '--no-checkpoint'])
    child = run.child
    const { code, stdout, stderr } = await run.ended
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^info: watching example\.com and all below, .*; alerts go to --webhook\n/)
    expect(findings.map(({ kind, certificate }) => [kind, ...certificate.dnsNames])).toEqual([
      ['new-name', 'www.example.com'],
      ['lookalike', 'examp1e-login.top'],
    ])
  })

  it('shows an alert with --demo, and ends', async () => {
    const { code, stdout } = await start(['watch', 'example.com', '--demo']).ended
    expect(code).toBe(0)
    expect(findingsIn(stdout).map(({ kind }) => kind)).toEqual(['new-name', 'lookalike'])
  })

  it('refuses a misspelled domain on one line', async () => {
    const { code, stdout, stderr } = await start(['watch', 'example.cmo']).ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toBe(
      'ct-stream: "example.cmo": there is no .cmo on the public internet, did you mean example.com?\n',
    )
  })

  it('writes a config file with --init that does the same, for its owner only, and never over another one', async () => {
    const log = await logOf(['www.example.com', 'examp1e-login.top', 'nothing.example.net'])
    const cwd = mkdtempSync(join(place, 'init-'))
    const range = [...flagsOf(log), '--end', 'head', '--no-checkpoint']
    const watched = await start(['watch', 'example.com', ...range], cwd).ended
    const init = ['watch', 'example.com', '--jsonl', join(cwd, 'alerts.jsonl'), '--module-threads', '1', '--init']
    expect((await start(init, cwd).ended).stdout).toMatch(/^wrote ct-stream\.config\.json/)
    const file = join(cwd, 'ct-stream.config.json')
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
    const configured = await start(['--config', 'ct-stream.config.json', ...range], cwd).ended
    expect([configured.code, configured.stderr.replace(/^warn: \[watchlist\].*\n/, '')]).toEqual([0, ''])
    expect(idsOf(findingsIn(configured.stdout))).toEqual(idsOf(findingsIn(watched.stdout)))
    expect(findingsIn(configured.stdout)).toHaveLength(2)
    expect(idsOf(findingsIn(readFileSync(join(cwd, 'alerts.jsonl'), 'utf8')))).toHaveLength(2)
    const again = await start(init, cwd).ended
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/there is a ct-stream\.config\.json already/)])
  })

  it.each([
    {
      'log-list': ['lists/all.json'],
      ...{ operator: ['Example'], start: '2h', 'merge-delay': '10m', checkpoint: 'positions.db' },
      ...{
        verify: 'signatures-only',
        'on-misbehaviour': 'continue-unverified',
        contact: 'me@example.com',
        'allow-http': true,
      },
      ...{ 'metrics-port': '9464', 'module-threads': '1', 'log-level': 'info', 'log-format': 'json', quiet: true },
      format: 'json',
    },
    { source: 'wss://certstream.example/full-stream', 'metrics-port': '9464', 'metrics-host': '0.0.0.0' },
  ])('writes all flags of the stream into the config file of --init', async (flags) => {
    const cwd = mkdtempSync(join(place, 'init-'))
    const argv = Object.entries(flags).flatMap(([name, value]) =>
      value === true ? [`--${name}`] : [value].flat().map((one) => `--${name}=${one}`),
    )
    const { code, stderr } = await start(['watch', 'example.com', '--init', ...argv], cwd).ended
    expect([code, stderr]).toEqual([0, ''])
    const { modules, ...written } = JSON.parse(readFileSync(join(cwd, 'ct-stream.config.json'), 'utf8'))
    expect(written).toEqual(flags)
    expect(modules).toHaveLength(1)
  })

  it('uses modules that a program with this package can load by name', async () => {
    const names = ['ct-stream/modules/watchlist', 'ct-stream/outputs/command', 'ct-stream/outputs/smtp']
    const loaded = await loadModules(names, { from: root })
    expect(loaded.map(({ module }) => module.name)).toEqual(['watchlist', 'command', 'smtp'])
  })

  it(`loses no finding when it is killed ${ROUNDS} times, and repeats have the same ids`, {
    timeout: 900_000,
  }, async () => {
    const names = Array.from({ length: 1500 }, (_, i) => (i % 3 === 0 ? `h${i}.example.net` : `h${i}.example.com`))
    const log = await logOf(names)
    const range = [...flagsOf(log), '--end', 'head']
    const whole = await start(['watch', 'example.com', ...range, '--no-checkpoint']).ended
    const expected = idsOf(findingsIn(whole.stdout))
    expect(expected).toHaveLength(1000)

    let child: ChildProcess | undefined
    let requestsLeft = 0
    const { url, findings } = await receiver(() => {
      if (--requestsLeft === 0) child?.kill('SIGKILL')
    })
    const checkpoint = join(place, 'killed.db')
    let kills = 0
    for (let round = 0; ; round++) {
      expect(round).toBeLessThanOrEqual(ROUNDS)
      // Before the answer to one of the first requests: what it was told of is not acknowledged.
      requestsLeft = round < ROUNDS ? 1 + (round % 3) : Number.POSITIVE_INFINITY
      const run = start(['watch', 'example.com', '--webhook', url, ...range, '--checkpoint', checkpoint])
      child = run.child
      const { code } = await run.ended
      if (code === 0) break
      expect(code).toBe(null)
      kills++
    }
    expect(kills).toBeGreaterThan(0)
    expect([...new Set(idsOf(findings))]).toEqual(expected)
    expect(findings.length).toBeGreaterThan(expected.length)
  })
})
