import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { jsonText } from '../../../src/decode/decode-entry.js'
import { isoTime } from '../../../src/decode/iso-time.js'
import { describeReal } from '../../real-data.js'
import { buildCertificate, dnsName, extension, sequence, subjectAltName, tlv } from '../x509/build.js'
import { certificateEntry, context, rawOf } from './entries.js'
import { realEntries } from './real-entries.js'

const certificate = buildCertificate({
  extensions: [
    subjectAltName(dnsName('www.example.com'), tlv(0x82, 'a"\\\u0001\u007f'), tlv(0x87, Uint8Array.of(1, 2, 3, 4))),
    extension('2.5.29.15', Uint8Array.of(3, 2, 5, 0xa0), true),
    extension(
      '2.5.29.37',
      sequence(tlv(0x06, Uint8Array.of(43, 6, 1, 5, 5, 7, 3, 1)), tlv(0x06, Uint8Array.of(42, 3))),
    ),
    extension('2.5.29.32', sequence(sequence(tlv(0x06, Uint8Array.of(42, 3))))),
  ],
})

describe('the text of a record', () => {
  it('is what JSON.stringify makes of the record, whatever the bytes are', () => {
    const property = fc.property(damages, (changes) => {
      const entry = certificateEntry(damaged(certificate, changes))
      expect(jsonText(entry)).toBe(JSON.stringify(entry))
    })
    fc.assert(property, { numRuns: 2000 })
  })

  it('is of the certificate that is given, not of the one it was made from', () => {
    const entry = certificateEntry(certificate)
    const changed = Object.create(entry, { timestamp: { value: undefined } }) as typeof entry
    expect(jsonText(changed)).toBe(JSON.stringify(changed))
    const other = Object.create(entry, { toJSON: { value: () => ({ mine: true }) } }) as typeof entry
    expect(jsonText(other)).toBe('{"mine":true}')
  })

  it('does not depend on what was decoded before', async () => {
    const variants = fc.sample(damages, { numRuns: 1500, seed: 1 }).map((changes) => damaged(certificate, changes))
    const all = [certificate, ...variants, certificate]
    const texts = async (order: (list: Uint8Array[]) => Uint8Array[]) => {
      // Other memories, which are empty.
      vi.resetModules()
      const { decodeEntry, jsonText: textOf } = await import('../../../src/decode/decode-entry.js')
      const found = new Map<Uint8Array, string>()
      for (const bytes of order([...all]))
        found.set(bytes, textOf(decodeEntry(rawOf({ kind: 'x509', certificate: bytes }), context)))
      return all.map((bytes) => found.get(bytes))
    }
    const forwards = await texts((list) => list)
    expect(await texts((list) => list.reverse())).toEqual(forwards)
    expect(new Set(forwards).size).toBeGreaterThan(1000)
  })

  it('has times as toISOString gives them', () => {
    const time = fc.oneof(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: -8.64e15, max: 8.64e15 }))
    const near = fc.integer({ min: 253_402_300_799_000, max: 253_402_300_801_000 })
    fc.assert(
      fc.property(fc.oneof(time, near, fc.date({ noInvalidDate: true }).map(Number)), (ms) => {
        const date = new Date(ms)
        for (let again = 0; again < 2; again++) expect(isoTime(date)).toBe(date.toISOString())
      }),
      { numRuns: 3000 },
    )
  })
})

describeReal('the texts of real records', () => {
  it('are what JSON.stringify makes of them', async () => {
    const { decodeEntry } = await import('../../../src/decode/decode-entry.js')
    for (const { raw } of realEntries()) {
      const text = jsonText(decodeEntry(raw, context))
      expect(text).toBe(JSON.stringify(decodeEntry(raw, context)))
    }
  })
})

/** Octets replaced, at places from 0 to 1. */
const damages = fc.array(fc.tuple(fc.nat(9999), fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0xff, 0x30, 0))), {
  minLength: 1,
  maxLength: 4,
})

function damaged(bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
  const copy = bytes.slice()
  for (const [place, octet] of changes) copy[Math.floor((place / 10_000) * copy.length)] = octet
  return copy
}
