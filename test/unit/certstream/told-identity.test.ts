import { describe, expect, it } from 'vitest'
import { cacheKey } from '../../../src/modules/cache-key.js'
import { findingKey } from '../../../src/modules/finding.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'
import { certificateOf } from './decoded.js'

const issuer = { O: 'Acme CA', aggregated: '/O=Acme CA' }
const told = (leaf: object, data: object = {}) =>
  certificateOf(
    JSON.stringify({
      message_type: 'certificate_update',
      data: { leaf_cert: { all_domains: ['a.example.com'], issuer, ...leaf }, ...data },
    }),
  )
const names = (data: readonly string[], cursor: string) =>
  certificateOf(JSON.stringify({ message_type: 'dns_entries', data, cursor }))

describe('certificates that a server tells of without their bytes', () => {
  it.each<[string, ReturnType<typeof told>[]]>([
    ['serial numbers', [told({ serial_number: '0A' }), told({ serial_number: '0B' })]],
    ['issuers', [told({ serial_number: '0A' }), told({ serial_number: '0A', issuer: { O: 'Another CA' } })]],
    ['fingerprints', [told({ sha256: '11'.repeat(32) }), told({ sha256: '22'.repeat(32) })]],
    ['older fingerprints', [told({ fingerprint: '11'.repeat(20) }), told({ fingerprint: '22'.repeat(20) })]],
    ['places in a log', [told({}, { cert_index: 1 }), told({}, { cert_index: 2 })]],
    ['names', [names(['a.example.com'], ''), names(['b.example.com'], '')]],
    ['cursors', [names(['a.example.com'], '1'), names(['a.example.com'], '2')]],
  ])('are others for their %s', (_, [one, other]) => {
    if (one === undefined || other === undefined) throw new Error('two are compared')
    const watchlist = Watchlist.of({ own: ['example.com'] })
    const idsOf = (certificate: typeof one) => watchlist.concerns(certificate).map(({ id }) => id)
    expect(idsOf(one)).toHaveLength(1)
    expect(idsOf(one)).not.toEqual(idsOf(other))
    const keys = [one, other].map((each) => Buffer.from(findingKey('watchlist', each, 'own names')).toString('hex'))
    expect(new Set(keys).size).toBe(2)
    for (const by of ['certificate', 'issuance'] as const) {
      const [first, second] = [one, other].map((each) => Buffer.from(cacheKey(each, by)))
      expect(first).toHaveLength(32)
      expect(first).not.toEqual(second)
    }
  })

  it('are the same issuance as a precertificate and as its certificate', () => {
    const leaf = { serial_number: '0A', sha256: '11'.repeat(32) }
    const both = [
      told(leaf, { update_type: 'PrecertLogEntry', cert_index: 1 }),
      told({ ...leaf, sha256: '22'.repeat(32) }, { update_type: 'X509LogEntry', cert_index: 9 }),
    ]
    expect(both.map(({ kind }) => kind)).toEqual(['precertificate', 'certificate'])
    const [one, other] = both.map((each) => findingKey('watchlist', each, 'own names'))
    expect(one).toEqual(other)
  })
})
