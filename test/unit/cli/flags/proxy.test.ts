import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { proxySettings } from '../../../../src/cli/flags/proxy.js'
import { Values } from '../../../../src/cli/flags/values.js'
import { runCli } from '../../../../src/cli/run.js'
import { createTestLog, issueCertificates } from '../../../../src/testing/index.js'
import { tunnelProxy } from '../../../support/tunnel-proxy.js'
import { domains, testServer } from '../../certstream/server.js'
import { sampleIo } from '../sample-io.js'

const proxy = await tunnelProxy()
const { tunnels, url: proxyUrl } = proxy
const log = await createTestLog({ kind: 'rfc6962' })
/** Gives a list of names, and takes findings. */
const taken: string[] = []
const others = createServer((request, response) => {
  if (request.method === 'GET') response.end('listed.example\n')
  else request.on('data', (data) => taken.push(String(data))).on('end', () => response.end())
})
let othersUrl = ''

beforeAll(async () => {
  log.add([...issueCertificates(3)])
  log.publish()
  await new Promise<void>((done) => others.listen(0, '127.0.0.1', done))
  othersUrl = `http://127.0.0.1:${(others.address() as AddressInfo).port}/`
})
afterAll(async () => {
  proxy.close()
  others.close()
  await log.close()
})

const clock = { now: Date.now, sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)) }

async function run(argv: string[], env: Record<string, string> = {}) {
  tunnels.length = 0
  const named = ['--log', log.url, '--key', log.key, '--template', '{index}']
  const { io, stdout, stderr } = sampleIo([...argv, ...named], { env })
  const status = await runCli({ ...io, clock }, commands)
  return { status, stdout: stdout(), stderr: stderr(), tunnels: tunnels.length }
}

describe('a proxy', () => {
  const backfill = ['--start', 'beginning', '--end', 'head', '--no-checkpoint']

  it.each([
    ['--proxy', () => run(['get', '2', '--proxy', proxyUrl])],
    ['HTTP_PROXY', () => run(['get', '2'], { HTTP_PROXY: proxyUrl })],
    ['CT_STREAM_PROXY', () => run(['get', '2'], { CT_STREAM_PROXY: proxyUrl })],
  ])('is asked: %s', async (_, go) => {
    const { status, stdout, tunnels } = await go()
    expect([status, stdout]).toEqual([0, '2\n'])
    expect(tunnels).toBeGreaterThan(0)
  })

  it('is asked by a stream', async () => {
    const { status, stdout, tunnels } = await run([...backfill, '--proxy', proxyUrl])
    expect([status, stdout]).toEqual([0, '0\n1\n2\n'])
    expect(tunnels).toBeGreaterThan(0)
  })

  it('is asked for the lists and webhooks of a watch, and of modules', async () => {
    log.add(issueCertificates({ dnsNames: ['www.listed.example'] }))
    log.publish()
    const listUrl = `${othersUrl}list.txt`
    // Another host for the proxy: connections to one are used again.
    const hookUrl = `${othersUrl.replace('127.0.0.1', 'localhost')}hook`
    const places = [listUrl, hookUrl].map((url) => new URL(url).host)
    const named = ['--log', log.url, '--key', log.key, ...backfill]
    const list = ['--list', listUrl, '--webhook', hookUrl]
    const modules = [`watchlist:{"lists":{"own":["${listUrl}"]}}`, `webhook:{"url":"${hookUrl}"}`]
    for (const argv of [['watch', ...list], modules.flatMap((module) => ['--module', module])]) {
      tunnels.length = 0
      taken.length = 0
      const { io, stderr } = sampleIo([...argv, ...named, '--proxy', proxyUrl])
      expect([await runCli({ ...io, clock }, commands), stderr()]).toEqual([0, expect.any(String)])
      expect(taken.join()).toContain('www.listed.example')
      expect(tunnels).toEqual(expect.arrayContaining(places))
    }
    tunnels.length = 0
    const { io, stdout } = sampleIo(['watch', 'explain', 'www.listed.example', ...list.slice(0, 2)], {
      env: { HTTP_PROXY: proxyUrl },
    })
    expect([await runCli(io, commands), stdout()]).toEqual([0, expect.stringContaining('an alert')])
    expect(tunnels).toEqual(places.slice(0, 1))
  })

  it.each([
    ['what is shown', [], 'www.example.com'],
    ['watch', ['watch', 'example.com'], 'www.example.com'],
    ['stats', ['stats', '--json'], '"certificates":2'],
  ])('is asked for a CertStream server: %s', async (_, argv, expected) => {
    const server = await testServer((client) => {
      for (const name of ['www.example.com', 'www.other.example']) client.send(domains(name))
    })
    const environments: Record<string, string>[] = [
      { HTTP_PROXY: proxyUrl },
      { HTTP_PROXY: proxyUrl, NO_PROXY: '127.0.0.1' },
    ]
    for (const env of environments) {
      tunnels.length = 0
      const { io, stdout } = sampleIo([...argv, '--source', server.url, '--limit', '2'], { env })
      expect([await runCli({ ...io, clock }, commands), stdout()]).toEqual([0, expect.stringContaining(expected)])
      expect(tunnels).toEqual('NO_PROXY' in env ? [] : [new URL(server.url).host])
    }
  })

  it('is not used for hosts in NO_PROXY, or where none is set', async () => {
    const near = { HTTP_PROXY: proxyUrl, NO_PROXY: 'localhost,127.0.0.1' }
    expect(await run(['get', '2'], near)).toMatchObject({ status: 0, stdout: '2\n', tunnels: 0 })
    expect(await run(['get', '2'])).toMatchObject({ status: 0, stdout: '2\n', tunnels: 0 })
  })

  it.each([
    [['--proxy', 'socks5://user:secret@p.example'], {}, '--proxy must be an http or https URL'],
    [['--proxy', 'http://user:secret%@p.example'], {}, 'with %25 for a "%" in user or password'],
    [[], { HTTPS_PROXY: 'p.example:3128' }, 'HTTPS_PROXY must be an http or https URL'],
  ])('that is none is refused without being shown: %j %j', async (argv, env, message) => {
    for (const command of [['get', '2'], backfill]) {
      const { status, stderr } = await run([...command, ...argv], env as Record<string, string>)
      expect(status).toBe(2)
      expect(stderr).toContain(message)
      expect(stderr).not.toContain('secret')
    }
  })

  it('named by flag takes the place of those of the environment', () => {
    const values = (given: Record<string, string>) =>
      new Values(new Map(Object.entries(given).map(([name, value]) => [name, { value, from: `--${name}` }])))
    const env = { https_proxy: 'http://a/', HTTPS_PROXY: 'http://b/', HTTP_PROXY: 'http://c/', no_proxy: 'x' }
    expect(proxySettings(values({}), env)).toEqual({ httpProxy: 'http://c/', httpsProxy: 'http://a/', noProxy: 'x' })
    const d = 'http://d/'
    expect(proxySettings(values({ proxy: d }), env)).toEqual({ httpProxy: d, httpsProxy: d, noProxy: 'x' })
    expect(proxySettings(values({}), {})).toEqual({ httpProxy: undefined, httpsProxy: undefined, noProxy: undefined })
  })
})
