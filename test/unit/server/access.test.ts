import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClientAddresses, clientKey } from '../../../src/server/client-address.js'
import { Tokens } from '../../../src/server/tokens.js'

describe('the address of a client', () => {
  it('is the address of the connection, whatever headers a stranger sends', () => {
    const addresses = new ClientAddresses(['10.0.0.0/8'])
    expect(addresses.of('198.51.100.1', '203.0.113.9')).toBe('198.51.100.1')
    expect(addresses.of('::ffff:198.51.100.1', undefined)).toBe('198.51.100.1')
    expect(addresses.of(undefined, '203.0.113.9')).toBe('')
  })

  it('is the right-most address in X-Forwarded-For that is not a trusted proxy', () => {
    const addresses = new ClientAddresses(['10.0.0.0/8', '2001:db8::1'])
    expect(addresses.of('10.1.2.3', '192.0.2.66, 203.0.113.9')).toBe('203.0.113.9')
    expect(addresses.of('2001:db8::1', '192.0.2.66, 203.0.113.9, 10.9.9.9')).toBe('203.0.113.9')
    expect(addresses.of('::ffff:10.1.2.3', '203.0.113.9')).toBe('203.0.113.9')
    expect(addresses.of('10.1.2.3', 'nonsense')).toBe('10.1.2.3')
    expect(addresses.of('10.1.2.3', undefined)).toBe('10.1.2.3')
  })

  it.each([
    ['203.0.113.9:50123', '203.0.113.9'],
    ['[2001:db8::9]:443', '2001:db8::9'],
    ['[2001:db8::9]', '2001:db8::9'],
    ['2001:db8::9', '2001:db8::9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
    ['203.0.113.9:1, 10.9.9.9:2', '203.0.113.9'],
  ])('is read with and without the port that some proxies add: %s', (forwarded, expected) => {
    expect(new ClientAddresses(['10.0.0.0/8']).of('10.1.2.3', forwarded)).toBe(expected)
  })

  it('is the address of a trusted proxy that sends what is none, which is told once', () => {
    const told: string[] = []
    const addresses = new ClientAddresses(['10.0.0.0/8'], (hop) => told.push(hop))
    addresses.of('10.1.2.3', undefined)
    addresses.of('10.1.2.3', '10.4.4.4')
    addresses.of('198.51.100.1', 'whatever a stranger sends')
    expect(told).toEqual([])
    for (const hop of ['unknown', '203.0.113.9:', '203.0.113.9:x', '[203.0.113.9', '2001:db8::9]:1', ''])
      expect(addresses.of('10.1.2.3', hop), hop).toBe('10.1.2.3')
    expect(told).toEqual(['unknown'])
  })

  it('counts an IPv6 network as one client', () => {
    expect(clientKey('2001:db8:1:2:3:4:5:6')).toBe(clientKey('2001:DB8:1:2::9'))
    expect(clientKey('2001:db8:1:2::')).not.toBe(clientKey('2001:db8:1:3::'))
    expect(clientKey('::1')).toBe('0:0:0:0')
    expect(clientKey('192.0.2.1')).toBe('192.0.2.1')
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(clientKey(address).split(':')).toHaveLength(4)
      }),
    )
  })

  it('is not computed with a trusted proxy that is no address: the option is refused', () => {
    for (const proxy of ['proxy.example', '10.0.0.0/33', '10.0.0.0/', '::/129', '10.0.0.0/8/8', ''])
      expect(() => new ClientAddresses(['127.0.0.1', proxy]), proxy).toThrow(/trustedProxies\[1\]/)
  })
})

describe('tokens', () => {
  const request = (authorization?: string) => ({ headers: { authorization } }) as IncomingMessage
  const url = (query = '') => new URL(`http://server.test/${query}`)
  const secret = 'a long secret'.replaceAll(' ', '-')

  it('are not needed by a server that has none', () => {
    expect(new Tokens([]).allow(request(), url())).toBe(true)
  })

  it('are accepted in a header or in the URL, and may be configured as hashes', () => {
    const hash = `sha256:${createHash('sha256').update(secret).digest('hex')}`
    for (const given of [secret, hash]) {
      const tokens = new Tokens(['another-token', given])
      expect(tokens.allow(request(`Bearer ${secret}`), url())).toBe(true)
      expect(tokens.allow(request(), url(`?token=${secret}`))).toBe(true)
      for (const wrong of [
        '',
        'Bearer ',
        `Bearer ${secret}x`,
        `Basic ${secret}`,
        `Bearer ${'x'.repeat(5000)}`,
        `Bearer ${hash}`,
      ])
        expect(tokens.allow(request(wrong), url()), wrong).toBe(false)
      expect(tokens.allow(request(), url())).toBe(false)
    }
  })

  it('are refused as an option when they are too weak, without showing them', () => {
    for (const token of ['short', 'with space in it', 'x'.repeat(1025)]) {
      expect(() => new Tokens([token]), token).toThrow(/tokens\[0\]/)
      expect(() => new Tokens([token])).not.toThrow(new RegExp(token))
    }
  })
})
