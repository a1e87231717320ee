import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CliIo } from '../../../../src/cli/io.js'
import { systemClock } from '../../../../src/util/clock.js'
import { domains, testServer } from '../../certstream/server.js'
import { runWith } from '../embedded.js'

const run = (argv: readonly string[], changes: Partial<CliIo> = {}) =>
  runWith(argv, { changes: { clock: systemClock, ...changes } })
const update = (name: string, cert_index: number) =>
  JSON.stringify({
    message_type: 'certificate_update',
    data: {
      leaf_cert: { all_domains: [name], issuer: { O: 'Acme' }, not_after: 1_800_000_000 },
      cert_index,
      source: { url: 'https://log.example/2027h1', name: 'a log', timestamp: 1_790_000_000 },
    },
  })

describe('ct-stream --source', () => {
  it('writes what the server sends in the same formats, and says that nobody has proven it', async () => {
    const server = await testServer((client) => {
      for (let i = 0; i < 4; i++) client.send(update(`${i}.example`, i))
    })
    const json = await run(['--source', server.url, '--limit', '2'])
    expect(json.code).toBe(0)
    const lines = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ dnsNames, verified, index }) => [dnsNames, verified, index])).toEqual([
      [['0.example'], false, 0],
      [['1.example'], false, 1],
    ])
    expect(lines[0]).toMatchObject({
      log: { url: 'https://log.example/2027h1/', description: 'a log', operator: 'log.example' },
    })
    expect(json.stderr).toMatch(/^warn: nobody has proven what a server sends url="ws:\/\/127[^\n]* verified=false\n$/)
    const text = await run(['--source', server.url, '--limit', '1', '--format', 'text', '--quiet'])
    expect(text).toMatchObject({ stdout: '2026-09-21T14:13:20Z  cert  0.example  Acme  a log #0\n', stderr: '' })
    const message = JSON.parse((await run(['--source', server.url, '-n', '1', '--format', 'certstream', '-q'])).stdout)
    expect(message.data).toMatchObject({ leaf_cert: { all_domains: ['0.example'], as_der: null }, chain: [] })
  })

  it('answers Prometheus where that is asked for, and no longer than it runs', async () => {
    const server = await testServer((client) => client.send(domains('a.test')))
    const { code, stderr } = await run([
      '--source',
      server.url,
      '-n',
      '1',
      '--format',
      'domains',
      '--metrics-port',
      '0',
      '--log-level',
      'info',
    ])
    expect([code, stderr]).toEqual([0, expect.stringContaining('metrics url=')])
    const url = /metrics url="?(http:\/\/[^"\s]+)/.exec(stderr)?.[1] ?? ''
    expect(url).toMatch(/\/metrics$/)
    await expect(fetch(url)).rejects.toThrow()
  })

  it('filters', async () => {
    const server = await testServer((client) => {
      for (const name of ['a.test', 'b.example', 'c.example']) client.send(domains(name))
    })
    const { stdout } = await run([
      '--source',
      server.url,
      '--domain',
      'example',
      '--format',
      'domains',
      '-n',
      '2',
      '-q',
    ])
    expect(stdout).toBe('b.example\nc.example\n')
  })

  it('gives certificates to modules', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-source-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const module = join(folder, 'names.mjs')
    writeFileSync(
      module,
      `const module = { name: 'names', with: (options, use) => ({ ...use, module, options }),
         onCertificate: (cert, { emit }) => emit({ kind: 'seen', subject: cert.dnsNames[0], reason: 'is there' }) }
       Object.defineProperty(module, Symbol.for('ct-stream.module'), { value: true })
       export default module`,
    )
    const server = await testServer((client) => {
      for (const name of ['a.example', 'b.example']) client.send(domains(name))
    })
    const { stdout, stderr, code } = await run([
      '--source',
      server.url,
      '-n',
      '2',
      '--module',
      module,
      '-q',
      '--format',
      'json',
    ])
    expect([code, stderr]).toEqual([0, ''])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).subject),
    ).toEqual(['a.example', 'b.example'])
  })

  it('ends with status 0 when it is asked to, and with 1 when the server refuses', async () => {
    const stop = new AbortController()
    const server = await testServer((client) => {
      client.send(domains('a.example'))
      stop.abort()
    })
    expect((await run(['--source', server.url, '-q'], { stop: stop.signal })).code).toBe(0)
    server.refuseWith = 403
    const refused = await run(['--source', server.url])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/403 instead of a WebSocket/) })
  })

  it.each([
    [['--source', 'wss://a.example', '--operator', 'x'], /--source and --operator exclude each other/],
    [['--source', 'wss://a.example', '--checkpoint', 'x'], /--source and --checkpoint exclude each other/],
    [['--source', 'https://a.example'], /--source must be a wss: URL/],
    [['--source', 'ws://a.example'], /--source must be a wss: URL: ws: .* with --allow-http/],
  ])('refuses %j', async (argv, message) => {
    const { code, stderr } = await run(argv)
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})
