import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { besideLeaf } from '../../../src/decode/sent-chain.js'
import { toBase64 } from '../../../src/util/bytes.js'
import { sha256Hex } from '../../../src/util/hash.js'
import { base64Extra, Rfc6962Extra } from '../../../src/wire/extra-data.js'
import { encodeExtraData } from '../../support/wire.js'

/** The bytes of a leaf up to its type. */
const leafOf = (kind: 'x509' | 'precert') => {
  const leaf = new Uint8Array(200)
  leaf[11] = kind === 'precert' ? 1 : 0
  return leaf
}
const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)
const textOf = (chain: readonly Uint8Array[], preCertificate?: Uint8Array) =>
  Buffer.from(toBase64(encodeExtraData(chain, preCertificate)))
/** As pages have it: with a chain that entries share. */
const shared = (text: Buffer, kind: 'x509' | 'precert') => base64Extra(text, 0, text.length, leafOf(kind))
const read = (extra: Rfc6962Extra) => {
  const issuers: string[] = []
  const { preCertificate, fingerprints } = besideLeaf(extra, (fingerprint, der) => {
    expect(Buffer.from(fingerprint).toString('hex')).toBe(sha256Hex(der))
    issuers.push(sha256Hex(der))
  })
  return { preCertificate: sha256Hex(preCertificate), fingerprints: Buffer.from(fingerprints).toString('hex'), issuers }
}

const chains = [[], [filled(1500, 1)], [filled(1500, 1), filled(900, 2)], [filled(1501, 1)], [filled(3, 0)]]

describe('what stands beside a leaf', () => {
  it('is the same of entries that share a chain as of one by itself, in every order', () => {
    const entry = fc.record({
      chain: fc.constantFrom(...chains),
      // The chain begins in one of three places of a group of base64.
      preCertificate: fc.option(
        fc.integer({ min: 0, max: 12 }).map((n) => filled(700 + n, 7 + n)),
        { nil: undefined },
      ),
      /** One of its fields is read before. */
      isRead: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 30 }), (entries) => {
        for (const { chain, preCertificate, isRead } of entries) {
          const kind = preCertificate === undefined ? 'x509' : 'precert'
          const text = textOf(chain, preCertificate)
          const extra = shared(text, kind)
          if (isRead) extra.preCertificate()
          expect(read(extra)).toEqual(read(new Rfc6962Extra(text.toString(), kind)))
          expect(read(extra).issuers).toEqual(chain.map((der) => sha256Hex(der)))
        }
      }),
    )
  })

  it('is the same where the bytes are damaged, whatever was read before', () => {
    const good = chains.flatMap((chain) =>
      [700, 701, 702].map((length) => ({ chain, text: textOf(chain, filled(length, 9)) })),
    )
    for (const { text } of good) read(shared(text, 'precert'))
    const damage = fc.tuple(fc.constantFrom(...good), fc.nat(), fc.constantFrom('A', '/', '=', '!', 'B'))
    fc.assert(
      fc.property(damage, ([{ text }, place, character]) => {
        const other = Buffer.from(text)
        // Lengths at the beginning, and where the chain begins, are the ones that matter.
        const at = place % 3 === 0 ? place % 6 : place % 3 === 1 ? 936 + (place % 16) : place % other.length
        other[Math.min(at, other.length - 1)] = character.charCodeAt(0)
        expect(read(shared(other, 'precert'))).toEqual(read(new Rfc6962Extra(other.toString(), 'precert')))
      }),
      { numRuns: 500 },
    )
  })
})
