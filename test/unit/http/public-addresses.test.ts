import { isIP, type LookupFunction } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { FetchTransport } from '../../../src/http/fetch-transport.js'
import { checkPublicUrl, isPublicAddress, publicLookup } from '../../../src/http/public-addresses.js'
import { UndiciTransport } from '../../../src/http/undici-transport.js'
import { ctError } from './errors.js'

// One address of each block of IANA's special-purpose registries, its first and last one where it is easily missed.
const NOT_PUBLIC = `
  0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.255 169.254.169.254
  172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1
  224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
  :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::ffff:0:127.0.0.1
  64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::c0a8:101 64:ff9b:1::1 64:ff9b:1::8.8.8.8
  100::1 100:0:0:1::1 2001::1 2001:2::1 2001:10::1 2001:20::1 2001:1ff:ffff::1 2001:db8::1 2002:7f00:1::1 2002:808:808::1
  3fff::1 3fff:fff::1 5f00::1 4000::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 2606:4700::1%1 febf::1 fec0::1 ff02::1 ff0e::1
`
const PUBLIC = `
  1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
  172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
  2000::1 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450:4001::1 3ffe::1 3fff:1000::1
  ::ffff:1.1.1.1 64:ff9b::1.1.1.1 64:ff9b::808:808
`
const words = (text: string) => text.trim().split(/\s+/)

describe('an address', () => {
  it.each(words(NOT_PUBLIC))('%s is not public', (address) => {
    expect(isIP(address)).not.toBe(0)
    expect(isPublicAddress(address)).toBe(false)
  })

  it.each(words(PUBLIC))('%s is public', (address) => {
    expect(isIP(address)).not.toBe(0)
    expect(isPublicAddress(address)).toBe(true)
  })

  it('is one', () => {
    for (const text of ['', 'localhost', '1.1.1', '1.1.1.1.1', '[::1]', '0x7f.1'])
      expect(isPublicAddress(text)).toBe(false)
  })
})

/** Every way in which a URL writes a loopback address, and ports on which no log is. */
const REFUSED = [
  ...['https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0177.0.0.1/'],
  ...['https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/', 'https://[64:ff9b::7f00:1]/'],
  ...['https://0/', 'https://169.254.169.254/', 'https://log.test-ca.org:22/', 'https://log.test-ca.org:8443/'],
  ...[
    'https://log.test-ca.org:0/',
    'http://log.test-ca.org/',
    'http://log.test-ca.org:8080/',
    'https://127.0.0.1.:443/',
  ],
]

describe('a URL', () => {
  it.each(REFUSED)('%s leads nowhere public', (url) => {
    expect(() => checkPublicUrl(new URL(url))).toThrow()
  })

  it.each([
    'https://log.test-ca.org/',
    'https://log.test-ca.org:443/x',
    'https://1.1.1.1/',
    'http://log.test-ca.org:443/',
  ])('%s may lead somewhere', (url) => {
    checkPublicUrl(new URL(url))
  })
})

/** Resolves every name to the next of these answers, the last one again and again. */
function resolver(...answers: string[][]) {
  const asked: string[] = []
  const lookup: LookupFunction = (hostname, options, callback) => {
    asked.push(hostname)
    const found = (answers[Math.min(asked.length, answers.length) - 1] ?? []).map((address) => ({
      address,
      family: isIP(address),
    }))
    // As the system's: later, and in the form asked for.
    setImmediate(() => {
      if (options.all) callback(null, found)
      else callback(null, found[0]?.address ?? '', found[0]?.family)
    })
  }
  return { lookup, asked }
}

const resolved = (lookup: LookupFunction, all: boolean): Promise<unknown> =>
  new Promise((resolve, reject) => {
    lookup('log.test-ca.org', { all }, (error, address) => (error ? reject(error) : resolve(address)))
  })

describe('a look-up', () => {
  it('keeps the public addresses of a name, in both forms', async () => {
    const { lookup } = resolver(['10.0.0.1', '1.1.1.1', '::1', '2606:4700::1'])
    const [first, second] = [
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ]
    expect(await resolved(publicLookup(lookup), true)).toEqual([first, second])
    expect(await resolved(publicLookup(lookup), false)).toBe('1.1.1.1')
  })

  it.each([[['127.0.0.1']], [['fd00::1', '10.0.0.1']], [['64:ff9b::a00:1']], [[]]])(
    'fails for %j',
    async (addresses) => {
      const { lookup } = resolver(addresses)
      for (const all of [true, false])
        await expect(resolved(publicLookup(lookup), all)).rejects.toThrow(
          /^log\.test-ca\.org resolves to .+, which is not/,
        )
    },
  )

  it('fails with the error of the look-up', async () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    const lookup: LookupFunction = (_hostname, _options, callback) => callback(error, [])
    await expect(resolved(publicLookup(lookup), true)).rejects.toBe(error)
  })
})

describe('the transport', () => {
  const open: UndiciTransport[] = []
  afterEach(async () => {
    for (const transport of open.splice(0)) await transport.close()
  })
  const transportWith = (lookup: LookupFunction) => {
    const transport = new UndiciTransport({ lookup, timeouts: { connectMs: 5_000 } })
    open.push(transport)
    return transport
  }
  const url = 'https://log.test-ca.org/ct/v1/get-sth'

  it.each([false, true])('connects to no private address of a name (fresh: %s)', async (fresh) => {
    const { lookup, asked } = resolver(['127.0.0.1', '::1'])
    const error = await ctError(transportWith(lookup).get(url, { publicOnly: true, fresh }))
    expect(error).toMatchObject({ code: 'CT_ADDRESS_REFUSED', retryable: false, url })
    expect(error.message).toBe(
      `[GET] "${url}" : log.test-ca.org resolves to 127.0.0.1, ::1, which is not a public address: a log list that was fetched ` +
        'must not lead into private networks: if the log belongs there, name it by hand, or its list as a file',
    )
    expect(asked).toEqual(['log.test-ca.org'])
  })

  it('checks the address of every connection', async () => {
    // What a name resolved to when it was first looked at says nothing.
    const { lookup, asked } = resolver(['127.0.0.1'])
    const transport = transportWith(lookup)
    for (let i = 0; i < 3; i++)
      expect((await ctError(transport.get(url, { publicOnly: true }))).code).toBe('CT_ADDRESS_REFUSED')
    expect(asked.length).toBe(3)
  })

  it('uses no connection of those that may go anywhere', async () => {
    // Nobody listens there: that it is tried is seen by how it fails.
    const { lookup } = resolver(['127.255.255.254'])
    const transport = transportWith(lookup)
    const codes = []
    for (const publicOnly of [false, true, false])
      codes.push((await ctError(transport.get('https://log.test-ca.org/', { publicOnly }))).code)
    expect(codes).toEqual(['CT_HTTP_NETWORK', 'CT_ADDRESS_REFUSED', 'CT_HTTP_NETWORK'])
  })

  it.each(REFUSED)('does not ask %s', async (refused) => {
    const { lookup, asked } = resolver(['1.1.1.1'])
    const error = await ctError(transportWith(lookup).get(refused, { publicOnly: true }))
    expect(error).toMatchObject({ code: 'CT_ADDRESS_REFUSED', retryable: false })
    expect(asked).toEqual([])
  })

  it.each(REFUSED)('of a caller is not given %s', async (refused) => {
    const never = () => expect.fail('asked')
    const dispatcher = { dispatch: never } as never
    for (const transport of [new FetchTransport(never), new UndiciTransport({ dispatcher })])
      expect((await ctError(transport.get(refused, { publicOnly: true }))).code).toBe('CT_ADDRESS_REFUSED')
  })
})
