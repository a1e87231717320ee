import { describe, expect, it } from 'vitest'
import { subscriptionOf } from '../../../src/server/subscription.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'

const ws = (path: string) => subscriptionOf(new URL(path, 'ws://server.test'), 'websocket')
const sse = (path: string, last?: string) => subscriptionOf(new URL(path, 'http://server.test'), 'sse', last)
const [certificate] = madeCertificates(1, { log: logNamed('Argon 2026') }) as [CtCertificate]
const [name] = certificate.dnsNames as [string]

describe('what a client asks for', () => {
  it("is one of CertStream's paths, with or without a slash at the end", () => {
    for (const [path, format] of [
      ['/', 'certstream-lite'],
      ['/full-stream', 'certstream-full'],
      ['/full-stream/', 'certstream-full'],
      ['/domains-only/', 'certstream-domains'],
    ] as const) {
      expect(ws(path)?.selection).toMatchObject({ format, framing: 'websocket', matches: undefined })
      expect(sse(path)).toBeUndefined()
    }
    for (const path of ['/full-stream//', '/x', '/v2', '/v2/sse', '/__proto__', '/constructor', '/v2/stream/x'])
      expect(ws(path), path).toBeUndefined()
  })

  it('may have unknown parameters on those paths, as old clients send them, which have no effect', () => {
    expect(ws('/?domain=example.com&x=1')?.selection.matches).toBeUndefined()
  })

  it('is a format, and filters with the same meaning as those of the stream', () => {
    const matches = (query: string) => ws(`/v2/stream?${query}`)?.selection.matches?.(certificate)
    expect(ws('/v2/stream')?.selection).toMatchObject({ format: 'lite', matches: undefined })
    expect(ws('/v2/stream?format=domains')?.selection.format).toBe('domains')
    expect(matches(`domain=${name}`)).toBe(true)
    expect(matches(`domain=other.example&domain==${name}`)).toBe(true)
    expect(matches('domain=other.example')).toBe(false)
    expect(matches('kind=certificate')).toBe(true)
    expect(matches('kind=precertificate')).toBe(false)
    expect(matches('log=argon')).toBe(true)
    expect(matches('log=xenon&kind=certificate')).toBe(false)
    expect(matches(`issuer=${encodeURIComponent(certificate.issuer.commonName as string)}`)).toBe(true)
    expect(matches('issuer=nobody')).toBe(false)
  })

  it('looks at a log once for each of its filters, however many entries come and however many names are given', () => {
    const names = Array.from({ length: 999 }, (_, i) => `log=nothing-${i}`).join('&')
    for (const [wanted, isWanted] of [
      ['log=argon', true],
      ['log=xenon', false],
    ] as const) {
      let looks = 0
      const log = {
        ...logNamed('Argon 2026'),
        get description() {
          looks++
          return 'Argon 2026'
        },
      }
      const { matches, once } = ws(`/v2/stream?dedupe=issuance&${names}&${wanted}`)?.selection ?? {}
      const verdicts = new Set(madeCertificates(20, { log }).map((one) => matches?.(one)))
      for (let number = 1; number <= 20; number++) verdicts.add(once?.({ number, kind: 'certificate', log }))
      expect([...verdicts]).toEqual([isWanted])
      expect(looks).toBe(2)
    }
  })

  it('is the same for all clients that write the same filters in any order', () => {
    const key = (query: string) => ws(`/v2/stream?${query}`)?.selection.key
    expect(key('domain=a.example&domain=b.example&kind=certificate')).toBe(
      key('kind=certificate&domain=b.example&domain=a.example&domain=a.example'),
    )
    expect(key('domain=a.example')).not.toBe(key('issuer=a.example'))
    expect(key('')).not.toBe(ws('/')?.selection.key)
    expect(sse('/v2/sse')?.selection.key).not.toBe(key(''))
  })

  it('resumes after a message; the id that a browser remembers overrides the one in the URL', () => {
    expect(ws('/full-stream?after=0123456789-42')?.after).toEqual({ series: '0123456789', number: 42 })
    expect(sse('/v2/sse?after=0123456789-42', '0123456789-50')?.after?.number).toBe(50)
    expect(sse('/v2/sse?after=0123456789-42', '')?.after?.number).toBe(42)
    expect(ws('/v2/stream?after=')?.after).toBeUndefined()
  })

  it('is refused with the reason if it is wrong', () => {
    for (const [path, message] of [
      ['/?after=12', /after must be the id of a message/],
      ['/?heartbeat=0', /heartbeat/],
      ['/?heartbeat=3601', /heartbeat/],
      ['/v2/stream?format=xml', /format must be one of/],
      ['/v2/stream?domains=example.com', /unknown parameter "domains"/],
      ['/v2/stream?domain=a b', /filter\.domains\[0\]/],
      ['/v2/stream?kind=x', /filter\.kinds\[0\]/],
      [
        `/v2/stream?${'domain=a.example&'.repeat(1)}${Array.from({ length: 1001 }, (_, i) => `log=${i}`).join('&')}`,
        /no more than 1000/,
      ],
    ] as const)
      expect(() => ws(path), path.slice(0, 60)).toThrow(message)
  })
})
