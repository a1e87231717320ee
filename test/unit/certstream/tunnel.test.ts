import { once } from 'node:events'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { certStream } from '../../../src/certstream/index.js'
import { proxyDispatcher, proxyFor } from '../../../src/http/proxy.js'
import { tunnelProxy } from '../../support/tunnel-proxy.js'
import { selfSigned } from '../../support/untrusted-server.js'
import { domains, testServer } from './server.js'

async function proxied() {
  const proxy = await tunnelProxy()
  onTestFinished(() => proxy.close())
  return proxy
}

/** Why the first connection failed. */
async function failureOf(url: string, proxy: string): Promise<string> {
  const stream = certStream({ url, proxy, connectTimeoutMs: 2000 })
  onTestFinished(() => stream.close())
  const reading = stream[Symbol.asyncIterator]().next()
  const failed = new Promise<string>((resolve) => stream.on('reconnect', ({ error }) => resolve(error.message)))
  const refused = reading.then(
    () => 'it went on',
    (error: Error) => error.message,
  )
  return Promise.race([failed, refused])
}

describe('a CertStream client behind a proxy', () => {
  it('has everything through it, with what the URL says of user and password', async () => {
    const proxy = await proxied()
    const server = await testServer((client) => {
      for (let i = 0; i < 300; i++) client.send(domains(`a${i}.example`))
    })
    const url = new URL(proxy.url)
    url.username = 'me'
    url.password = 'a:b@c'
    const names: string[] = []
    for await (const { dnsNames } of certStream({ url: server.url, proxy: url })) {
      names.push(...dnsNames)
      if (names.length === 300) break
    }
    expect(names[299]).toBe('a299.example')
    expect(proxy.tunnels).toEqual([new URL(server.url).host])
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('me:a:b@c').toString('base64')}`])
  })

  it.each(['me:secret50%', 'me:secret%zz', 'me:secret%ff', '100%:secret'])(
    'refuses what cannot be decoded: %s',
    async (login) => {
      const proxy = `http://${login}@127.0.0.1:1/`
      const open = () => certStream({ url: 'wss://a.example/', proxy })
      const refusal = { code: 'CT_OPTION_INVALID', message: expect.stringMatching(/^(?!.*secret).*%25 for a "%"/) }
      expect(open).toThrow(expect.objectContaining(refusal))
      // The transport to the logs, too.
      await expect(proxyDispatcher({ httpsProxy: proxy })).rejects.toMatchObject(refusal)
    },
  )

  it('speaks TLS with the server, not with the proxy', async () => {
    const proxy = await proxied()
    const server = createSecureServer(selfSigned).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await failureOf(`wss://${host}/`, proxy.url)).toMatch(/self[- ]signed/)
    expect(proxy.tunnels).toEqual([host])
  })

  it('says what the proxy says, and no password', async () => {
    const proxy = await proxied()
    proxy.refuseWith = 407
    const message = await failureOf('ws://127.0.0.1:1/', proxy.url.replace('//', '//me:secret@'))
    expect(message).toContain('the proxy does not connect to 127.0.0.1:1: 407')
    expect(message).not.toContain('secret')
  })

  it('does not wait for ever for a proxy that says nothing', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const gone = new Promise((resolve) =>
      silent.on('connection', (socket) => {
        socket.resume()
        socket.on('error', () => {})
        socket.on('close', resolve)
      }),
    )
    onTestFinished(() => void silent.close())
    const message = await failureOf('ws://127.0.0.1:1/', `http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
    expect(message).toContain('no connection within 2000 ms')
    // Its connection to the proxy is not left behind.
    await gone
  })

  it.each(['socks5://me:secret@p', 'p.example:3128', 7])('refuses what is no proxy, without its text: %s', (proxy) => {
    const open = () => certStream({ url: 'wss://a.example/', proxy: proxy as string })
    expect(open).toThrow(/option `proxy` must be an http or https URL/)
    expect(open).not.toThrow(/secret/)
  })
})

it('a proxy is chosen as curl and undici choose it', () => {
  const both = { httpProxy: 'http://a/', httpsProxy: 'http://b/' }
  const of = (url: string, noProxy?: string) => proxyFor(new URL(url), { ...both, noProxy })
  expect([of('ws://x.example/'), of('wss://x.example/'), of('https://x.example/')]).toEqual([
    ...['http://a/', 'http://b/', 'http://b/'],
  ])
  expect(proxyFor(new URL('wss://x.example/'), { httpProxy: 'http://a/' })).toBe('http://a/')
  expect(proxyFor(new URL('wss://x.example/'), { httpsProxy: '' })).toBeUndefined()
  for (const direct of ['*', 'x.example', 'EXAMPLE', '.example', '*.example', 'a,x.example:443', 'a x.example'])
    expect(of('wss://x.example/', direct), direct).toBeUndefined()
  for (const other of ['', ',', 'y.example', 'ample', 'x.example:80', 'w.x.example'])
    expect(of('wss://x.example/', other), other).toBe('http://b/')
})
