import type { Worker } from 'node:worker_threads'
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { watchlist } from '../../src/modules/watchlist.js'
import { createServer } from '../../src/server/index.js'
import { ctStream } from '../../src/stream/ct-stream.js'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'
import type { Finding } from '../../src/types/finding.js'
import { systemClock } from '../../src/util/clock.js'
import { type Message, SocketClient } from '../support/server-clients.js'
import { runWith } from '../unit/cli/embedded.js'
import { sink } from '../unit/cli/sample-io.js'

// Modules in a thread through every door but `runModules` and `ct-stream --module`, which have tests of their own. The program of the threads is that
// of the built package; the rest runs in this process, which sees its threads.

const RULES = {
  own: ['example.com'],
  brands: [{ name: 'PayPal', tokens: ['paypal'], domains: ['paypal.com'] }],
  lookalikeEveryMs: 0,
}
const NAMES = ['mail.example.com', 'paypa1-login.top', 'nothing.example.net']
const PAIRS = 60
/** One of each pair, for two names of three. */
const FINDINGS = 40

let made = 0
const onWorker = (_: Worker) => void made++
process.on('worker', onWorker)
afterEach(() => {
  made = 0
})

let log: TestLog
beforeAll(async () => {
  const pairs = Array.from({ length: PAIRS }, (_, i) => ({
    dnsNames: [`${i}.${NAMES[i % 3]}`],
    kind: 'pair' as const,
  }))
  log = await createTestLog({ kind: 'rfc6962', entries: issueCertificates(pairs) })
  return () => log.close()
})

/** In any order. */
const comparable = (findings: readonly Finding[]) =>
  findings.map(({ id, kind, certificate }) => `${id} ${kind} ${certificate.dnsNames[0]}`).toSorted()

/** What a client of `/v2/stream` is sent by a server that begins to read when the client is there. */
async function sentFindings(serve: () => Promise<string>): Promise<Finding[]> {
  const { clear } = log.fault({ on: 'get-entries', status: 503 })
  const client = new SocketClient(`${await serve()}v2/stream?findings=only`)
  onTestFinished(() => void client.close())
  await client.opened
  clear()
  const messages = (await client.have(FINDINGS)) as (Message & { readonly finding: Finding })[]
  return messages.map(({ finding }) => finding)
}

const flags = () => ['--log', log.url, '--key', log.key, '--no-checkpoint', '--start', 'beginning']

const doors: Readonly<Record<string, (threads: number) => Promise<readonly Finding[]>>> = {
  async 'createServer({ moduleThreads })'(moduleThreads) {
    const source = ctStream({ logs: [log.spec], start: 'beginning', checkpoint: false, acknowledge: 'manual' })
    const modules = [watchlist.with(RULES)]
    const server = createServer({ source, port: 0, keep: false, modules, moduleThreads })
    onTestFinished(() => server.close())
    return sentFindings(async () => (await server.listen()).url)
  },
  async 'ct-stream serve --module-threads'(threads) {
    const [stop, stdout] = [new AbortController(), sink()]
    onTestFinished(() => stop.abort())
    const module = [
      '--module',
      `ct-stream/modules/watchlist:${JSON.stringify(RULES)}`,
      '--module-threads',
      `${threads}`,
    ]
    let over: ReturnType<typeof runWith> | undefined
    const findings = await sentFindings(async () => {
      over = runWith(['serve', '--port', '0', '--no-keep', ...flags(), ...module], {
        changes: { clock: systemClock, stop: stop.signal, stdout: stdout.stream },
      })
      await expect.poll(stdout.text, { timeout: 30_000 }).toMatch(/^ct-stream serves at /)
      return /(\S+)\n/.exec(stdout.text())?.[1] ?? ''
    })
    stop.abort()
    expect((await over)?.code).toBe(0)
    return findings
  },
  async 'ct-stream watch --module-threads'(threads) {
    const argv = ['watch', 'example.com', '--brand', 'PayPal', '--end', 'head', '--module-threads', `${threads}`]
    const { code, stdout, stderr } = await runWith([...argv, ...flags(), '--quiet'], {
      changes: { clock: systemClock },
    })
    expect([code, stderr]).toEqual([0, ''])
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  },
}

describe('modules find the same with and without a thread', () => {
  it.each(Object.keys(doors))('%s', async (name) => {
    const door = doors[name] as (typeof doors)[string]
    const plain = await door(0)
    // Those that read pages, with CT_STREAM_WORKERS.
    const others = made
    made = 0
    expect(plain.length).toBeGreaterThan(20)
    const threaded = await door(1)
    expect(made).toBe(others + 1)
    expect(comparable(threaded)).toEqual(comparable(plain))
  })
})
