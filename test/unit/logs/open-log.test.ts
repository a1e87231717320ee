import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { HybridClient } from '../../../src/logs/hybrid.js'
import { openLog } from '../../../src/logs/open-log.js'
import { Rfc6962Client } from '../../../src/logs/rfc6962.js'
import { StaticCtClient } from '../../../src/logs/static-ct.js'
import type { LogSpec } from '../../../src/types/log.js'
import { ctError } from '../http/errors.js'
import { Recorded } from './recorded.js'

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spki = publicKey.export({ format: 'der', type: 'spki' })
const key = spki.toString('base64')
const transport = new Recorded({})
const rfc6962: LogSpec = { kind: 'rfc6962', url: 'https://ct.example/log', key }
const staticCt: LogSpec = {
  kind: 'static-ct',
  monitoringUrl: 'https://mon.example/log',
  submissionUrl: 'https://log.example/',
  key,
}

describe('openLog', () => {
  it('makes the client for the spec, with a description of the log', async () => {
    const client = openLog(rfc6962, { transport })
    expect(client).toBeInstanceOf(Rfc6962Client)
    expect(client.log).toEqual({
      id: createHash('sha256').update(spki).digest('base64'),
      description: 'https://ct.example/log/',
      operator: 'ct.example',
      kind: 'rfc6962',
      url: 'https://ct.example/log/',
    })
    expect(openLog({ ...rfc6962, tiles: 'https://tiles.example' }, { transport })).toBeInstanceOf(HybridClient)

    const named = openLog({ ...staticCt, description: 'My log', operator: 'Me', mmd: 60 }, { transport })
    expect(named).toBeInstanceOf(StaticCtClient)
    expect(named.log).toMatchObject({ description: 'My log', operator: 'Me', url: 'https://mon.example/log/' })
  })

  it.each(['https://ct.example/log', 'https://ct.example/log/', 'https://ct.example/log//'])(
    'joins paths to %s with one slash',
    async (url) => {
      const asked = new Recorded({})
      await ctError(openLog({ kind: 'rfc6962', url, key }, { transport: asked }).head({ fresh: true }))
      await ctError(
        openLog({ kind: 'static-ct', monitoringUrl: url, submissionUrl: url, key }, { transport: asked }).head(),
      )
      expect(asked.asked).toEqual(['https://ct.example/log/ct/v1/get-sth', 'https://ct.example/log/checkpoint'])
      expect(asked.options.map((options) => options.fresh)).toEqual([true, undefined])
    },
  )

  it.each([
    'http://localhost:1234',
    'http://127.0.0.1:80',
    'http://127.8.9.10',
    'http://[::1]:8080',
    'http://a.localhost',
  ])('accepts http for %s', (url) => {
    expect(openLog({ ...rfc6962, url }, { transport }).log.url).toBe(`${url}/`)
  })

  it('accepts http of other hosts when allowed to', () => {
    const url = 'http://log.internal/'
    expect(() => openLog({ ...rfc6962, url }, { transport })).toThrow(/option `log.url` must be an https URL/)
    expect(openLog({ ...rfc6962, url }, { transport, allowHttp: true }).log.url).toBe(url)
  })

  it.each([
    ['no spec', undefined],
    ['an unknown kind', { ...rfc6962, kind: 'rfc9162' }],
    ['a field of the other kind', { ...rfc6962, monitoringUrl: 'https://mon.example/' }],
    ['a misspelled field', { ...rfc6962, descripton: 'x' }],
    ['no URL', { kind: 'rfc6962', key }],
    ['a relative URL', { ...rfc6962, url: 'ct.example/log' }],
    ['another scheme', { ...rfc6962, url: 'ftp://ct.example/' }],
    ['a query', { ...rfc6962, url: 'https://ct.example/?a=b' }],
    ['a fragment', { ...rfc6962, url: 'https://ct.example/#a' }],
    ['credentials', { ...rfc6962, url: 'https://user:secret@ct.example/' }],
    ['a host that only looks like loopback', { ...rfc6962, url: 'http://127.0.0.1.example/' }],
    ['white space', { ...rfc6962, url: ' https://ct.example/' }],
    ['no submission URL', { kind: 'static-ct', monitoringUrl: 'https://mon.example/', key }],
    ['no key', { kind: 'rfc6962', url: 'https://ct.example/' }],
    ['a key that is not base64', { ...rfc6962, key: 'not a key' }],
    ['a key that is none', { ...rfc6962, key: 'AAAA' }],
    ['a description that is no text', { ...rfc6962, description: 1 }],
    ['no merge delay', { ...rfc6962, mmd: 0 }],
    ['a merge delay that is no whole number of seconds', { ...rfc6962, mmd: 1.5 }],
    ['a merge delay above a year', { ...rfc6962, mmd: 366 * 86_400 + 1 }],
    ['tiles that are no URL', { ...rfc6962, tiles: '/tiles' }],
  ])('refuses %s', (_, spec) => {
    expect(() => openLog(spec as LogSpec, { transport })).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', name: 'CtStreamError' }),
    )
  })

  it('refuses issuers by fingerprint for a log that does not serve them', async () => {
    const error = await ctError(openLog(rfc6962, { transport }).issuer(new Uint8Array(32)))
    expect(error.code).toBe('CT_OPTION_INVALID')
  })
})
