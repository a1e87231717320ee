import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { draftOf } from '../../../src/modules/concern-draft.js'
import { checkDraft } from '../../../src/modules/finding.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { CertificateJson } from '../../../src/types/certificate-json.js'
import type { ConcerningCertificate } from '../../../src/watchlist/concerns.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

const watchlist = Watchlist.of({
  own: ['example.com', '*.example.org', '=a.example.net', 'ip:0.0.0.0/0'],
  brands: [{ name: 'Example', tokens: ['example'], domains: ['example.com'] }],
  words: ['*a*'],
  patterns: ['[^x]', 'b'],
  issuers: [`key:${'ab'.repeat(32)}`],
  mentions: true,
})

/** Names as they should be, and as nobody expects them. */
const name = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '*',
    '*.com',
    'example.com\0.evil.org',
    'https://a.example.com/',
    'examp1e-login.top',
    '192.0.2.1',
  ),
  fc.domain().map((domain) => `${domain}.example.com`),
  fc.string({ unit: 'binary', maxLength: 300 }),
)

const certificate = fc
  .record({
    kind: fc.constantFrom('certificate', 'precertificate', 'unparsable'),
    dnsNames: fc.array(name, { maxLength: 30 }),
    ipAddresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 3 }),
    emailAddresses: fc.array(name, { maxLength: 3 }),
    uris: fc.array(name, { maxLength: 3 }),
    organization: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  })
  .map(({ organization, ...made }) => ({
    ...made,
    altNames: made.dnsNames.map((value) => ({ kind: 'dNSName', value, raw: Buffer.from(value) })),
    issuer: { organization, toString: () => organization ?? '' },
    issuerKeyHash: new Uint8Array(32),
    issuanceId: 'ab'.repeat(32),
    leafHash: new Uint8Array(32),
  }))

describe('what the watchlist says of a certificate, as a draft of a finding', () => {
  it('is a good one, whatever is in the certificate, and of one certificate no two have one id', () => {
    fc.assert(
      fc.property(certificate, (made) => {
        const cert = made as unknown as ConcerningCertificate & CtCertificate
        const drafts = watchlist.concerns(cert).map(draftOf)
        const findings = drafts.map((draft) => checkDraft('watchlist', draft, cert).finish({} as CertificateJson, 0))
        for (const { reasons } of findings) {
          expect(reasons.length).toBeGreaterThan(0)
          for (const { name, at } of reasons)
            if (name !== undefined && at !== undefined) expect(name.slice(...at).length).toBe(at[1] - at[0])
        }
        expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length)
      }),
    )
  })

  it('has a hundred reasons at most, those of the best matches', () => {
    const dnsNames = Array.from({ length: 10_000 }, (_, i) => `h${i}.example.com`)
    const made = {
      ...fc.sample(certificate, 1)[0],
      kind: 'precertificate',
      dnsNames,
      ipAddresses: [],
      emailAddresses: [],
      uris: [],
    }
    const [concern] = watchlist.concerns(made as unknown as ConcerningCertificate)
    expect(concern && draftOf(concern).reasons).toHaveLength(100)
  })
})
