import { once } from 'node:events'
import { connect } from 'node:tls'
import { expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.js'
import { serve } from '../../../src/cli/commands/serve.js'
import { runCli } from '../../../src/cli/run.js'
import { renewTls, tlsFiles } from '../../../src/cli/tls-files.js'
import { createServer } from '../../../src/server/index.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { renewedPair, selfSigned } from '../../support/untrusted-server.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { sampleIo } from './sample-io.js'

/** A server whose certificate is in files, looked after as by `ct-stream serve`. */
async function serving() {
  const files: Record<string, string> = { 'c.pem': selfSigned.cert, 'k.pem': selfSigned.key }
  const clock = new VirtualClock()
  const over = new AbortController()
  const said: string[] = []
  const say = (message: string, fields?: Record<string, unknown>) =>
    said.push([message, (fields?.error as Error | undefined)?.message].filter(Boolean).join(': '))
  const logger = { debug: say, info: say, warn: say, error: say }
  let done: Promise<void> = Promise.resolve()
  let port = 0
  const command: Command = {
    ...serve,
    run: async (context) => {
      const begun = await tlsFiles(context)
      const source = new PageSource([], { staysOpen: true })
      const server = closing(createServer({ source, port: 0, keep: false, ...(begun && { tls: begun }) }))
      port = (await server.listen()).port
      done = renewTls({ context, server, begun, logger, stop: over.signal })
    },
  }
  const { io } = sampleIo(['serve', '--tls-cert', 'c.pem', '--tls-key', 'k.pem'], { files, changes: { clock } })
  expect(await runCli(io, [command])).toBe(0)
  const open = async () => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    return closing({ socket, close: async () => void socket.destroy() }).socket
  }
  const named = async () => (await open()).getPeerCertificate().subject.CN
  return { files, clock, over, said, done, open, named }
}

it('a renewed certificate is served within a minute, and open connections stay', async () => {
  const { files, clock, over, said, done, open, named } = await serving()
  const before = await open()
  expect(await named()).toBe('untrusted.example')
  Object.assign(files, { 'c.pem': renewedPair.cert, 'k.pem': renewedPair.key })
  await clock.pass(60_000)
  expect(await named()).toBe('renewed.example')
  expect(before.destroyed).toBe(false)
  await clock.pass(600_000)
  expect(said).toEqual(['the renewed certificate and key are taken up'])
  over.abort()
  await done
  expect(clock.sleeping).toBe(0)
})

it.each<[string, string | undefined, RegExp]>([
  ['of another key', renewedPair.cert, /mismatch/],
  ['that is empty', '', /no start line|PEM/],
  ['that is not there', undefined, /cannot be read/],
])('a certificate %s is reported once and not taken up, until the key fits', async (_, cert, reason) => {
  const { files, clock, said, named } = await serving()
  if (cert === undefined) delete files['c.pem']
  else files['c.pem'] = cert
  await clock.pass(600_000)
  expect(await named()).toBe('untrusted.example')
  expect(said).toEqual([expect.stringMatching(reason)])
  Object.assign(files, { 'c.pem': renewedPair.cert, 'k.pem': renewedPair.key })
  await clock.pass(60_000)
  expect(await named()).toBe('renewed.example')
})

it('a server without TLS has no certificate to change', () => {
  const server = closing(createServer({ source: new PageSource([]), keep: false }))
  expect(() => server.setTls(renewedPair)).toThrow(/without option `tls`/)
})
