import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64Extra, parseExtraData, Rfc6962Extra } from '../../../src/wire/extra-data.js'
import { encodeExtraData } from '../../support/wire.js'
import { code, hex, precertSample, toBase64, toHex, x509Sample } from './samples.js'

describe('parseExtraData', () => {
  it('reads both types and writes them again', () => {
    expect(parseExtraData(x509Sample.extraData, 'x509')).toEqual({
      preCertificate: undefined,
      certificates: [x509Sample.issuer],
    })
    expect(parseExtraData(precertSample.extraData, 'precert')).toEqual({
      preCertificate: precertSample.preCertificate,
      certificates: [x509Sample.issuer],
    })
    expect(toHex(encodeExtraData([x509Sample.issuer]))).toBe(toHex(x509Sample.extraData))
    expect(toHex(encodeExtraData([x509Sample.issuer], precertSample.preCertificate))).toBe(
      toHex(precertSample.extraData),
    )
  })

  it('has no chain of more than 16, and a precertificate all the same', () => {
    const chain = (count: number) => toBase64(encodeExtraData(Array(count).fill(hex('3000')), hex('3001')))
    expect(new Rfc6962Extra(chain(16), 'precert').chain()).toMatchObject({ certificates: { length: 16 } })
    const extra = new Rfc6962Extra(chain(2000), 'precert')
    expect(code(() => extra.chain())).toBe('CT_LEAF_MALFORMED')
    expect(extra.preCertificate()).toEqual(hex('3001'))
  })

  it('makes few objects of a chain of millions', () => {
    // Certificates of no bytes: three bytes of length each.
    const bytes = new Uint8Array(3 + 3_000_000)
    bytes.set([0x2d, 0xc6, 0xc0])
    expect(parseExtraData(bytes, 'x509').certificates).toHaveLength(17)
  })

  it('accepts no extra data and an empty chain', () => {
    const nothing = { preCertificate: undefined, certificates: [] }
    expect(parseExtraData(new Uint8Array(0), 'x509')).toEqual(nothing)
    expect(parseExtraData(new Uint8Array(0), 'precert')).toEqual(nothing)
    expect(parseExtraData(hex('000000'), 'x509')).toEqual(nothing)
  })

  it('refuses every truncation, trailing bytes, and one type read as the other', () => {
    for (const [bytes, kind] of [
      [x509Sample.extraData, 'x509'],
      [precertSample.extraData, 'precert'],
    ] as const) {
      // prettier-ignore
      for (let length = 1; length < bytes.length; length++)
        expect(code(() => parseExtraData(bytes.slice(0, length), kind))).toBe('CT_LEAF_MALFORMED')
      expect(code(() => parseExtraData(new Uint8Array([...bytes, 0]), kind))).toBe('CT_LEAF_MALFORMED')
    }
    expect(code(() => parseExtraData(x509Sample.extraData, 'precert'))).toBe('CT_LEAF_MALFORMED')
    expect(code(() => parseExtraData(precertSample.extraData, 'x509'))).toBe('CT_LEAF_MALFORMED')
    // A certificate that claims to be longer than its chain.
    expect(code(() => parseExtraData(hex('0000080000063003020102'), 'x509'))).toBe('CT_LEAF_MALFORMED')
  })

  it('never throws a foreign error, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('x509' as const, 'precert' as const),
        (bytes, kind) => {
          expect(['no error', 'CT_LEAF_MALFORMED']).toContain(code(() => parseExtraData(bytes, kind)))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('Rfc6962Extra', () => {
  it('decodes when asked', () => {
    const extra = new Rfc6962Extra(toBase64(precertSample.extraData), 'precert')
    expect(extra.preCertificate()).toEqual(precertSample.preCertificate)
    expect(extra.chain()).toEqual({ kind: 'certificates', certificates: [x509Sample.issuer] })
    expect(new Rfc6962Extra('', 'precert').chain()).toEqual({ kind: 'certificates', certificates: [] })
  })

  it('fails when asked, not before', () => {
    for (const [text, kind] of [
      ['####', 'x509'],
      ['AAA', 'x509'],
      ['AAAA_w==', 'x509'],
      ['AAAAAA==', 'x509'],
      [toBase64(x509Sample.extraData), undefined],
    ] as const) {
      // prettier-ignore
      const extra = new Rfc6962Extra(text, kind)
      expect(code(() => extra.chain())).toBe('CT_LEAF_MALFORMED')
      expect(code(() => extra.preCertificate())).toBe('CT_LEAF_MALFORMED')
    }
  })
})

describe('extra data out of an answer', () => {
  /** As it stands in an answer, with something before and behind it. */
  const read = (base64: string, kind: 'x509' | 'precert') => {
    const leafInput = new Uint8Array(12)
    if (kind === 'precert') leafInput[11] = 1
    const text = Buffer.from(`"extra_data":"${base64}"}`, 'latin1')
    const from = text.indexOf(':"') + 2
    return base64Extra(text, from, from + base64.length, leafInput)
  }
  const certificate = fc.uint8Array({ minLength: 1, maxLength: 200 })
  const kinds = fc.constantFrom('x509' as const, 'precert' as const)

  it('is the same whether its chain was met before or not, behind precertificates of any length', () => {
    fc.assert(
      fc.property(
        fc.array(certificate, { maxLength: 3 }),
        fc.array(certificate, { minLength: 4 }),
        (chain, precerts) => {
          for (const precertificate of [...precerts, ...precerts]) {
            const extra = read(toBase64(encodeExtraData(chain, precertificate)), 'precert')
            expect(extra.preCertificate()).toEqual(precertificate)
            const start = precertificate.subarray(0, 30)
            expect(Uint8Array.from(extra.preCertificateStart(30) ?? []).subarray(0, start.length)).toEqual(start)
            expect(extra.chain()).toEqual({ kind: 'certificates', certificates: chain })
          }
          const extra = read(toBase64(encodeExtraData(chain)), 'x509')
          expect(extra.chain()).toEqual({ kind: 'certificates', certificates: chain })
        },
      ),
      { numRuns: 200 },
    )
  })

  it('is all there, whatever the log sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 100 }), kinds, (text, kind) => {
        const extra = read(text, kind)
        expect(extra.startOf(Number.POSITIVE_INFINITY)).toBe(text)
        expect(extra.byteLength).toBe(text.length)
        const whole = new Rfc6962Extra(text, kind)
        for (const part of ['chain', 'preCertificate'] as const)
          expect(code(() => extra[part]())).toBe(code(() => whole[part]()))
      }),
      { numRuns: 500 },
    )
  })
})
