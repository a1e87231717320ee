import { describe, expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/index.js'
import { Issuer, IssuerPool } from '../../../src/server/issuer.js'
import { messageOf } from '../../../src/server/messages.js'
import { packPage, unpackPage } from '../../../src/server/page-codec.js'
import { certificateOf, type ServedEntry, servedEntry } from '../../../src/server/served-entry.js'
import { issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { describeReal } from '../../real-data.js'
import { certificateOf as decoded } from '../certstream/decoded.js'
import { certificateEntry, context, extraOf, precertEntry } from '../decode/entries.js'
import { realEntries } from '../decode/real-entries.js'

const id = 'a"\\-7'

/** What a server says, as objects of the library: its messages are these, written faster. */
const asObjects = {
  full: (certificate: CtCertificate) => ({
    id,
    ...certificate.toJSON(),
    der: certificate.toCertStream('full').data.leaf_cert.as_der,
    chain: certificate.toCertStream('full').data.chain?.map(({ as_der }) => as_der),
  }),
  certstream: (certificate: CtCertificate) => ({ id, ...certificate.toCertStream('full') }),
  'certstream-full': (certificate: CtCertificate) => ({ ...certificate.toCertStream('full'), cursor: id }),
  'certstream-lite': (certificate: CtCertificate) => ({ ...certificate.toCertStream('lite'), cursor: id }),
}

describeReal('messages of real entries', () => {
  const pool = new IssuerPool()
  const served = realEntries().map(({ raw, isTile }) =>
    decodeEntry(raw, { ...context, seenAt: isTile ? 7 : undefined }),
  )
  const entries = Promise.all(
    served.map(async (certificate) => {
      const issuers = await certificate.chain().catch(() => undefined)
      return servedEntry(certificate, issuers, (der) => pool.of(der))
    }),
  )
  const messages = async (write: (certificate: CtCertificate, entry: ServedEntry) => string) =>
    (await entries).map((entry) => write(certificateOf(entry, id), entry))

  it.each(Object.keys(asObjects) as (keyof typeof asObjects)[])(
    'are byte for byte what the library has: %s',
    async (format) => {
      const ours = await messages((certificate, { issuers }) => `${messageOf(format, certificate, id, issuers ?? [])}`)
      const expected = await messages((certificate) => JSON.stringify(asObjects[format](certificate)))
      expect(ours).toEqual(expected)
      // Chains of several, of one and of none among them.
      const lengths = new Set((await entries).map(({ issuers }) => issuers?.length))
      expect([...lengths]).toEqual(expect.arrayContaining([undefined, 1, 2]))
    },
  )

  it('share the bytes of their issuers', async () => {
    const issuers = (await entries).flatMap((entry) => entry.issuers ?? [])
    const distinct = new Set(issuers.map(({ base64 }) => base64))
    expect(new Set(issuers).size).toBe(distinct.size)
    expect(distinct.size).toBeLessThan(issuers.length / 2)
  })
})

describe('an entry that cannot be read', () => {
  const der = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
  const [issuer, submitted] = Array.from(issueCertificates(2, { sign: false }), ({ der }) => new Uint8Array(der)) as [
    Uint8Array,
    Uint8Array,
  ]
  const cases: [string, CtCertificate][] = [
    ['a precertificate that can', precertEntry(der('3003020101'), submitted, undefined, issuer)],
    ['a precertificate that cannot', precertEntry(der('0500'), der('04020000'), undefined, issuer)],
    ['no precertificate', precertEntry(der('0500'), undefined, undefined, issuer)],
    ['a certificate that cannot', certificateEntry(der('3003020101'), extraOf(undefined, issuer))],
    ['a certificate that is no DER', certificateEntry(der('ffff'), extraOf(undefined, issuer))],
  ]

  it.each(cases)(
    'is sent with its bytes and problems, at once and from the file, where it has %s',
    async (_, entry) => {
      expect(entry.kind).toBe('unparsable')
      const served = servedEntry(entry, await entry.chain())
      const [kept] = await unpackPage(await packPage([served]))
      for (const one of [served, kept as ServedEntry]) {
        const again = certificateOf(one, entry.cursor)
        expect({ ...again.toJSON(), der: again.der }).toEqual({ ...entry.toJSON(), der: entry.der })
        const { as_der } = entry.toCertStream('full').data.leaf_cert
        const message = `${messageOf('full', certificateOf(one, id), id, one.issuers ?? [])}`
        expect(JSON.parse(message)).toMatchObject({ der: as_der, leafInput: expect.any(String) })
        // Of the client that reads it.
        const received = decoded(message)
        expect({ ...received.toJSON(), der: received.der, chain: await received.chain() }).toEqual({
          ...{ ...entry.toJSON(), cursor: id },
          ...{ der: entry.der, chain: [issuer] },
        })
      }
    },
  )
})

it('issuers are kept up to a length that real ones do not exceed, and until they were not seen for long', () => {
  const pool = new IssuerPool()
  const long = new Uint8Array(20_000)
  expect(pool.of(long)).not.toBe(pool.of(long))
  const first = pool.of(Uint8Array.of(1))
  expect(pool.of(Uint8Array.of(1))).toBe(first)
  for (let i = 0; i < 256; i++) pool.of(Uint8Array.of(2, i))
  expect(pool.of(Uint8Array.of(1))).not.toBe(first)
  // Junk has a place in the chain, too.
  expect(JSON.parse(new Issuer(Uint8Array.of(1)).certStream)).toMatchObject({ as_der: 'AQ==', all_domains: [] })
})
