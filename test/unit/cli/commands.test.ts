import { describe, expect, it } from 'vitest'
import { decodeCommand } from '../../../src/cli/commands/decode.js'
import { type DemoKit, demoCommand } from '../../../src/cli/commands/demo.js'
import { stream } from '../../../src/cli/commands/stream.js'
import { runCli } from '../../../src/cli/run.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { certificate } from './sample-certificate.js'
import { sampleIo, sink } from './sample-io.js'

const leafBase64 = Buffer.from(Uint8Array.from({ length: 60 }, (_, i) => (i < 2 ? 0 : i))).toString('base64')
const der = Uint8Array.from({ length: 300 }, (_, i) => [0x30, 0x82, 0x01, 0x28][i] ?? i % 256)

describe('decode', () => {
  const seen: unknown[] = []
  const command = decodeCommand(async () => ({
    *decodeEntries(batch) {
      for (let i = 0; i < batch.length; i++) yield certificate({ index: batch.start + i })
    },
    decodeCertificate(bytes) {
      seen.push(bytes)
      return certificate({ index: 7 })
    },
  }))

  it('shows a certificate of a file', async () => {
    const { io, stdout, stderr } = sampleIo(['decode', 'a.der'], { files: { 'a.der': der } })
    expect(await runCli(io, [command])).toBe(0)
    expect(stdout()).toMatch(/^\{"kind":"certificate".*"index":7.*\}\n$/)
    expect(stderr()).toBe('')
    expect(seen).toEqual([der])
  })

  it('shows the entries of an answer on stdin', async () => {
    const entry = `{"leaf_input":"${leafBase64}","extra_data":""}`
    const stdin = ['{"entries":[', `${entry},`, Buffer.from(`${entry}]}`)]
    const { io, stdout } = sampleIo(['decode', '-', '--template', '{index}'], { stdin })
    expect(await runCli(io, [command])).toBe(0)
    expect(stdout()).toBe('0\n1\n')
  })

  it('is pretty on a terminal', async () => {
    const { io, stdout } = sampleIo(['decode', 'a.der'], { files: { 'a.der': der }, env: { NO_COLOR: '1' } })
    Object.assign(io.stdout, { isTTY: true })
    await runCli(io, [command])
    expect(stdout()).toMatch(/^certificate 7 of .*\n {2}logged/)
  })

  it.each([
    [['decode', 'no.der'], "ct-stream: ENOENT: no such file, open 'no.der'\n"],
    [['decode', '-'], 'ct-stream: nothing to decode: neither PEM, DER, base64'],
  ])('%j fails with 1', async (argv, message) => {
    const { io, stdout, stderr } = sampleIo(argv)
    expect(await runCli(io, [command])).toBe(1)
    expect(stdout()).toBe('')
    expect(stderr()).toContain(message)
  })
})

describe('demo', () => {
  function kit() {
    const events: string[] = []
    let asked: CtStreamOptions | undefined
    const loaded: DemoKit<string> = {
      async createTestLog({ kind }) {
        const spec = { kind: 'rfc6962', url: `http://127.0.0.1/${kind}/`, key: 'AA==' } as const
        return {
          spec,
          add: () => events.push('add'),
          publish: () => events.push('publish'),
          close: () => events.push(`close ${kind}`),
        }
      },
      *issueCertificates() {
        for (;;) yield 'c'
      },
      ctStream(options) {
        asked = options
        const certificates = [1, 2, 3].map((index) => certificate({ index }))
        return {
          on() {},
          status: () => ({ logs: [], entries: 0, entriesPerSecond: 0, bytes: 0, bufferedBytes: 0, gaps: 0 }),
          acknowledge: () => events.push('acknowledge'),
          close: async () => void events.push('close stream'),
          async *batches() {
            yield certificates
          },
          async *[Symbol.asyncIterator]() {
            yield* certificates
          },
        } as never
      },
    }
    return { command: demoCommand(async () => loaded), events, asked: () => asked }
  }

  it('follows logs of both kinds that grow, keeps nothing, and closes them', async () => {
    const { command, events, asked } = kit()
    const { io, stdout } = sampleIo(['demo', '--limit', '2', '--format', 'template', '--template', '{index}'])
    let naps = 0
    const sleep = (_: number, signal?: AbortSignal) =>
      new Promise<void>((_, fail) => {
        naps += 1
        signal?.addEventListener('abort', () => fail(signal.reason))
      })
    expect(await runCli({ ...io, clock: { now: () => 0, sleep } }, [command])).toBe(0)
    expect(stdout()).toBe('1\n2\n')
    const logs = [{ url: 'http://127.0.0.1/rfc6962/' }, { url: 'http://127.0.0.1/static-ct/' }]
    expect(asked()).toMatchObject({ start: 'beginning', checkpoint: false, logs })
    expect(naps).toBe(1)
    expect(events.slice(0, 2)).toEqual(['add', 'publish'])
    expect(events.filter((event) => event === 'acknowledge')).toHaveLength(2)
    expect(events.slice(-3)).toEqual(['close stream', 'close rfc6962', 'close static-ct'])
  })

  it('is coloured on a terminal, with a status line below that makes room and goes away', async () => {
    const { command } = kit()
    const sleep = (_: number, signal?: AbortSignal) =>
      new Promise<void>((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason)))
    const terminal = sink()
    const tty = Object.assign(terminal.stream, { isTTY: true, columns: 100 })
    const { io } = sampleIo(['demo'], { changes: { stdout: tty, stderr: tty, clock: { now: () => 0, sleep } } })
    expect(await runCli(io, [command])).toBe(0)
    const erase = '\r\u001b[2K'
    const drawn = `${erase}\u001b[2m0/s · 0 entries · 0 logs\u001b[22m`
    const [before, lines, after] = terminal.text().split(`${drawn}${erase}`)
    expect([before, after]).toEqual(['', ''])
    expect(lines?.split('\u001b[32mcert\u001b[39m')).toHaveLength(4)
    expect(lines?.endsWith('\n')).toBe(true)
  })

  it('opens nothing when the flags are wrong', async () => {
    const { command, events } = kit()
    const { io, stderr } = sampleIo(['demo', '--format', 'xml'])
    expect(await runCli(io, [command])).toBe(2)
    expect(stderr()).toContain('--format must be one of')
    expect(events).toEqual([])
  })
})

describe('stream', () => {
  it.each([
    [['--limit', '0'], '--limit must be an integer from 1, got "0"'],
    [['--domains-file', 'no.txt'], "--domains-file cannot be read: ENOENT: no such file, open 'no.txt'"],
    [['--log-level', 'loud'], '--log-level must be one of'],
  ])('%j is bad usage, found before anything is opened', async (argv, message) => {
    const { io, stdout, stderr } = sampleIo([...argv, '--no-checkpoint'])
    expect(await runCli(io, [stream])).toBe(2)
    expect(stdout()).toBe('')
    expect(stderr()).toMatch(/^ct-stream: [^\n]+\n$/)
    expect(stderr()).toContain(message)
  })
})
