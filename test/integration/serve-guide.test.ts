import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { createTestLog, issueCertificates } from '../../src/testing/index.js'
import { BuiltCommand } from '../support/built-command.js'
import { closing } from '../support/closing.js'
import { EventClient, SocketClient } from '../support/server-clients.js'

const guide = join(import.meta.dirname, '..', '..', 'examples', 'serve')
const place = mkdtempSync(join(tmpdir(), 'ct-stream-guide-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** `ct-stream serve` with the config file of the guide, for an embedded log. */
async function serve() {
  const log = closing(await createTestLog({ entries: [...issueCertificates(20, { seed: 'guide' })] }))
  copyFileSync(join(guide, 'config.json'), join(place, 'config.json'))
  const flags = [
    '--log',
    log.url,
    '--key',
    log.key,
    '--start',
    'beginning',
    '--no-checkpoint',
    '--no-keep',
    '--port',
    '0',
  ]
  const command = new BuiltCommand(
    ['serve', '--config', 'config.json', '--max-clients-per-address', '2', ...flags],
    place,
  )
  return { command, url: await command.says('stdout', /serves at (\S+)\n/) }
}

/** The guide's configuration with addresses of this machine, and without TLS. */
const proxies = {
  nginx(port: number, server: string) {
    const site = readFileSync(join(guide, 'nginx.conf'), 'utf8')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port}`)
      .replace(/^ *ssl_.*$/gm, '')
      .replace('127.0.0.1:8080;', `${new URL(server).host};`)
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${place}/${name};`,
    )
    const main = `daemon off; master_process off; pid ${place}/nginx.pid; error_log stderr; events {} http { access_log off; ${paths.join(' ')} ${site} }`
    writeFileSync(join(place, 'nginx.conf'), main)
    return ['nginx', '-p', place, '-c', join(place, 'nginx.conf')]
  },
  caddy(port: number, server: string) {
    const site = readFileSync(join(guide, 'Caddyfile'), 'utf8')
      .replace('certstream.example.org {', `http://127.0.0.1:${port} {`)
      .replaceAll('127.0.0.1:8080', new URL(server).host)
    writeFileSync(join(place, 'Caddyfile'), `{\n\tadmin off\n}\n${site}`)
    return ['caddy', 'run', '--adapter', 'caddyfile', '--config', join(place, 'Caddyfile')]
  },
}
/** Where `test/ci/monitoring.sh` could install it, its test is not skipped. */
const hasSystemd =
  process.env.CT_STREAM_TEST_REQUIRE_SYSTEMD === '1' || spawnSync('systemd-analyze', ['--version']).error === undefined
const isThere = (name: string) => spawnSync(name, ['-h']).error === undefined

describe('the guide', () => {
  it('has a config file that serve accepts', async () => {
    const { command, url } = await serve()
    expect((await fetch(`${url}healthz`)).status).toBe(200)
    expect(await command.stop()).toBe(0)
    expect(command.stderr).not.toContain('unknown')
  })

  it.skipIf(!hasSystemd)('has a unit file that systemd verifies', () => {
    const unit = readFileSync(join(guide, 'ct-stream.service'), 'utf8')
    const file = join(place, 'ct-stream.service')
    const verify = (text: string) => {
      // The program must be there; whose it is does not matter.
      writeFileSync(file, text.replace('/usr/bin/ct-stream', process.execPath))
      const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
        encoding: 'utf8',
      })
      return { status, said: stdout + stderr }
    }
    expect(verify(unit)).toEqual({ status: 0, said: '' })
    expect(verify(unit.replace('NoNewPrivileges', 'NoNewPrivilege')).said).toContain('Unknown key')
  })

  for (const [name, configured] of Object.entries(proxies))
    it.skipIf(!isThere(name))(
      `has a configuration of ${name} that passes on WebSockets, events and addresses`,
      async () => {
        const { command, url } = await serve()
        const port = await freePort()
        const [program = '', ...argv] = configured(port, url)
        const proxy = spawn(program, argv, { env: { ...process.env, HOME: place }, stdio: 'ignore' })
        onTestFinished(() => void proxy.kill('SIGKILL'))
        const front = `http://127.0.0.1:${port}/`
        await expect
          .poll(
            () =>
              fetch(`${front}healthz`).then(
                ({ status }) => status,
                () => 0,
              ),
            { timeout: 30_000 },
          )
          .toBe(200)
        // Of another address than the proxy, which is trusted to say so.
        const localAddress = '127.0.0.2'
        const [first, second] = ['v2/stream', 'full-stream'].map((path) =>
          closing(new SocketClient(`${front}${path}?after=0123456789-1`, { localAddress })),
        ) as [SocketClient, SocketClient]
        const events = closing(new EventClient(`${front}v2/sse?after=0123456789-1`))
        await Promise.all([first.have(2), second.have(2), events.have(2)])
        // What one claims to be counts for nothing: there are two of this address already.
        const headers = { 'x-forwarded-for': '192.0.2.7' }
        const third = closing(new SocketClient(`${front}v2/stream`, { localAddress, headers }))
        expect(await Promise.race([third.refused, third.opened])).toBe(429)
        for (const path of ['api/v1/status', 'api', 'metrics']) expect((await fetch(front + path)).status).toBe(404)
        const ended = new Promise((resolve) => proxy.once('close', resolve))
        proxy.kill('SIGKILL')
        await Promise.all([first.close(), second.close(), events.close(), ended])
        expect(await command.stop()).toBe(0)
      },
    )
})
