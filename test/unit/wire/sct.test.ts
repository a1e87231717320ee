import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { parseDigitallySigned } from '../../../src/wire/digitally-signed.js'
import { LogKey } from '../../../src/wire/head-signature.js'
import { encodeMerkleLeaf } from '../../../src/wire/merkle-leaf.js'
import { type DecodedSct, isSctBy, parseSctList, type Sct, sctSignatureInput } from '../../../src/wire/sct.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import { encodeDigitallySigned, encodeSct, encodeSctList } from '../../support/wire.js'
import { base64, code, hex, precertSample, testKey, toHex, x509Sample } from './samples.js'

const bytes = (max: number, min = 0) => fc.uint8Array({ minLength: min, maxLength: max })
const anySct = fc.record({
  version: fc.constant(0 as const),
  logId: bytes(32, 32),
  timestamp: fc.maxSafeNat(),
  extensions: bytes(20),
  signature: bytes(72).map((signature) =>
    encodeDigitallySigned({ hashAlgorithm: 4, signatureAlgorithm: 3, signature }),
  ),
})

/** One SCT, as a list of it alone. */
const decodeSct = (sct: Uint8Array) => parseSctList(encodeSctList([sct]))[0] as DecodedSct
function parseSct(bytes: Uint8Array): Sct {
  const found = decodeSct(bytes)
  if (found.kind === 'sct') return found.sct
  throw new CtStreamError('CT_LEAF_MALFORMED', found.kind === 'unknown' ? 'another version' : found.reason)
}

describe('SCTs', () => {
  it('round-trip, alone and in a list', () => {
    fc.assert(
      fc.property(fc.array(anySct, { maxLength: 4 }), (scts) => {
        for (const sct of scts) expect(parseSct(encodeSct(sct))).toEqual(sct)
        expect(parseSctList(encodeSctList(scts.map(encodeSct)))).toEqual(scts.map((sct) => ({ kind: 'sct', sct })))
      }),
    )
  })

  it('sign the bytes of their Merkle leaf', () => {
    const entry = { kind: 'x509', certificate: x509Sample.certificate } as const
    expect(toHex(sctSignatureInput(x509Sample, entry))).toBe(toHex(x509Sample.leafInput))
    const { issuerKeyHash, tbsCertificate } = precertSample
    const precert = { kind: 'precert', issuerKeyHash, tbsCertificate } as const
    expect(toHex(sctSignatureInput(precertSample, precert))).toBe(toHex(precertSample.leafInput))
  })

  it('are believed of the right log and entry only', () => {
    const { key, digitallySign } = testKey()
    const entry = { kind: 'x509', certificate: hex('3003020101') } as const
    const unsigned = { version: 0 as const, logId: key.logId, timestamp: 5, extensions: hex('') }
    const sct = { ...unsigned, signature: digitallySign(encodeMerkleLeaf({ ...unsigned, entry })) }
    expect(isSctBy(sct, key, entry)).toBe(true)
    expect(isSctBy({ ...sct, timestamp: 6 }, key, entry)).toBe(false)
    expect(isSctBy({ ...sct, extensions: hex('00') }, key, entry)).toBe(false)
    expect(isSctBy({ ...sct, logId: new Uint8Array(32) }, key, entry)).toBe(false)
    expect(isSctBy(sct, key, { kind: 'x509', certificate: hex('3003020102') })).toBe(false)
  })

  it('fail alone in a list; a broken list fails as a whole', () => {
    const good = encodeSct({
      logId: new Uint8Array(32),
      timestamp: 5,
      extensions: hex(''),
      signature: hex('0403000100'),
    })
    const [first, second, third] = parseSctList(encodeSctList([hex('01ffff'), good.slice(0, -1), good]))
    expect(first).toEqual({ kind: 'unknown', version: 1, bytes: hex('01ffff') })
    expect(second?.kind).toBe('malformed')
    expect(third?.kind).toBe('sct')
    const list = encodeSctList([good])
    for (let length = 0; length < list.length; length++)
      expect(code(() => parseSctList(list.slice(0, length)))).toBe('CT_LEAF_MALFORMED')
    expect(code(() => parseSctList(new Uint8Array([...list, 0])))).toBe('CT_LEAF_MALFORMED')
    for (let length = 0; length < good.length; length++)
      expect(code(() => parseSct(good.slice(0, length)))).toBe('CT_LEAF_MALFORMED')
    expect(code(() => parseSct(new Uint8Array([...good, 0])))).toBe('CT_LEAF_MALFORMED')
  })

  it('are read up to a bound; the rest counts as one malformed SCT', () => {
    const list = parseSctList(encodeSctList(Array<Uint8Array>(20_000).fill(hex('00'))))
    expect(list).toHaveLength(1_001)
    expect(list.at(-1)).toMatchObject({ kind: 'malformed', reason: expect.stringContaining('more than 1000') })
    expect(parseSctList(encodeSctList(Array<Uint8Array>(1_000).fill(hex('01'))))).toHaveLength(1_000)
  })

  it('never throw a foreign error, whatever the bytes', () => {
    fc.assert(
      fc.property(bytes(80), (input) => {
        expect(['sct', 'unknown', 'malformed']).toContain(decodeSct(input).kind)
        expect(['no error', 'CT_LEAF_MALFORMED']).toContain(code(() => parseSctList(input)))
      }),
      { numRuns: 500 },
    )
  })
})

describeReal('real SCTs', () => {
  const rustls = (name: string) => new Uint8Array(realBytes('rustls+sct.rs', 'src', 'testdata', name))

  it('verify: Pilot over google.com, Argon2018, and the vectors of the RFC authors', () => {
    const pilot = new LogKey(
      realJson<{ log: { key: string } }>(
        'google+certificate-transparency-go',
        'extracted',
        'sth-logclient-3721782.json',
      ).log.key,
    )
    const google = { kind: 'x509', certificate: rustls('google-cert.bin') } as const
    expect(isSctBy(parseSct(rustls('google-sct0.bin')), pilot, google)).toBe(true)
    expect(isSctBy(parseSct(rustls('google-sct1.bin')), pilot, google)).toBe(false)

    const argon = realJson<{ log: { key: string }; sct_b64: string }>(
      'fotisl+ctutils',
      'extracted',
      'sct-argon2018.json',
    )
    const certificate = new Uint8Array(realBytes('fotisl+ctutils', 'test', 'cert.der'))
    expect(isSctBy(parseSct(base64(argon.sct_b64)), new LogKey(argon.log.key), { kind: 'x509', certificate })).toBe(
      true,
    )

    const vectors = realJson<Record<string, string> & { sct_timestamp: number }>(
      'google+certificate-transparency-go',
      'extracted',
      'signature-vectors.json',
    )
    const entry = { kind: 'x509', certificate: hex(vectors.cert_der_hex ?? '') } as const
    const data = sctSignatureInput({ timestamp: vectors.sct_timestamp, extensions: hex('') }, entry)
    const key = (pem = '') => new LogKey(pem.replace(/-----[A-Z ]+-----|\n/g, ''))
    const [ec, rsa] = [key(vectors.ec256_public_key_pem), key(vectors.rsa_public_key_pem)]
    expect(toHex(ec.logId)).toBe(vectors.key_id_ec_hex)
    expect(ec.problemWith(hex(vectors.sct_signature_ec_hex ?? ''), data)).toBeUndefined()
    expect(rsa.problemWith(hex(vectors.sct_signature_rsa_hex ?? ''), data)).toBeUndefined()
    expect(rsa.problemWith(hex(vectors.sct_signature_ec_hex ?? ''), data)).toMatch(/signature algorithm 3/)
  })

  it('of rustls parse, but one of another version and one with junk behind it', () => {
    const results = [
      'basic',
      'future',
      'wrongtime',
      'wrongid',
      'wrongext',
      'wrongcert',
      'badsigalg',
      'junk',
      'version',
      'short',
    ].map((name) => [name, decodeSct(rustls(`ecdsa_p256-${name}-sct.bin`)).kind])
    expect(Object.fromEntries(results)).toEqual({
      basic: 'sct',
      future: 'sct',
      wrongtime: 'sct',
      wrongid: 'sct',
      wrongext: 'sct',
      wrongcert: 'sct',
      badsigalg: 'sct',
      junk: 'malformed',
      version: 'unknown',
      short: 'sct',
    }) // prettier-ignore
    expect(
      parseDigitallySigned(parseSct(rustls('ecdsa_p256-badsigalg-sct.bin')).signature, 'CT_LEAF_MALFORMED')
        .signatureAlgorithm,
    ).toBe(2)
  })
})
