import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.js'
import { serve } from '../../../src/cli/commands/serve.js'
import { runCli } from '../../../src/cli/run.js'
import { serveRequest } from '../../../src/cli/serve-request.js'
import { sampleIo } from './sample-io.js'

/** What the flags of `ct-stream serve` come to. */
async function request(argv: string, options: { env?: Record<string, string>; files?: Record<string, string> } = {}) {
  let asked: object | undefined
  const command: Command = {
    ...serve,
    run: async (context) => {
      const { clock: _, ...rest } = await serveRequest(context)
      asked = rest
    },
  }
  const { io, stderr } = sampleIo(['serve', ...argv.split(' ').filter((word) => word !== '')], options)
  const status = await runCli(io, [command])
  return status === 0 ? asked : stderr()
}

describe('flags as options of createServer()', () => {
  it.each<[string, object]>([
    ['', { keep: { file: 'ct-stream-kept.db' } }],
    ['--checkpoint state/a.db', { keep: { file: join('state', 'ct-stream-kept.db') } }],
    [
      '--no-checkpoint --keep k.db --keep-for 90m --keep-mib 5',
      { keep: { file: 'k.db', forMs: 5_400_000, maxBytes: 5_242_880 } },
    ],
    [
      '--no-keep --host :: --port 0 --allow-origin * --trusted-proxy 10.0.0.0/8 --trusted-proxy ::1 --max-clients 5',
      { keep: false, host: '::', port: 0, allowedOrigins: ['*'], trustedProxies: ['10.0.0.0/8', '::1'], maxClients: 5 },
    ],
    [
      '--no-keep --token one-secret --token two-secret --max-clients-per-address 2',
      { keep: false, tokens: ['one-secret', 'two-secret'], maxClientsPerAddress: 2 },
    ],
  ])('%j', async (argv, expected) => {
    expect(await request(argv)).toEqual(expected)
  })

  it('takes a secret from a variable, and a certificate from files', async () => {
    const files = { 'a.pem': 'CERT', 'k.pem': 'KEY' }
    const asked = await request('--no-keep --tls-cert a.pem --tls-key k.pem', {
      files,
      env: { CT_STREAM_TOKEN: 'one-secret' },
    })
    const bytes = (text: string) => new TextEncoder().encode(text)
    expect(asked).toEqual({ keep: false, tokens: ['one-secret'], tls: { cert: bytes('CERT'), key: bytes('KEY') } })
  })

  it.each<[string, string]>([
    ['--port x', '--port must be an integer from 0 to 65535, got "x"'],
    ['--keep-for 366d', '--keep-for must be a duration from 1s to 365d, such as 1h, got "366d"'],
    ['--keep-mib 0', '--keep-mib must be an integer from 1 to 1073741824, got "0"'],
    ['--tls-key k.pem', '--tls-key needs --tls-cert and --tls-key'],
    ['--tls-key k.pem --tls-cert no.pem', "--tls-cert cannot be read: ENOENT: no such file, open 'no.pem'"],
  ])('%s is refused', async (argv, message) => {
    expect(await request(argv)).toBe(`ct-stream: ${message}\n`)
  })

  it('lets a config file that was only found keep entries nowhere but in its own directory', async () => {
    const holding = (keep: string) => ({ files: { 'ct-stream.config.json': JSON.stringify({ keep }) } })
    expect(await request('', holding('k.db'))).toEqual({ keep: { file: 'k.db' } })
    expect(await request('', holding('../k.db'))).toMatch(
      /^ct-stream: keep in ct-stream\.config\.json is outside the working directory/,
    )
  })
})
