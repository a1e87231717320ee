import { createPublicKey, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noteKeyId, parseSignedNote, signaturesBy } from '../../../src/wire/signed-note.js'
import { describeReal, realJson } from '../../real-data.js'
import { encodeSignedNote } from '../../support/wire.js'
import { code, toHex, utf8 } from './samples.js'

const line = '\u2014 example.org/log AAAAAQID\n'

describe('parseSignedNote', () => {
  it('splits text and signatures at the last empty line', () => {
    const note = parseSignedNote(utf8(`first\n\nsecond\n\n${line}\u2014 other //79AQA=\n`))
    expect(note.text).toBe('first\n\nsecond\n')
    expect(note.signatures.map(({ name, keyId, signature }) => [name, toHex(keyId), toHex(signature)])).toEqual([
      ['example.org/log', '00000001', '0203'],
      ['other', 'fffefd01', '00'],
    ])
  })

  it('passes over garbage among the signatures, but not over other lines', () => {
    const text = 'text\n\n'
    for (const garbage of [
      '\u2014 \n',
      '\u2014 x\n',
      '\u2014 x y z\n',
      '\u2014 x !!!!\n',
      '\u2014 x AAAA\n',
      '\u2014 x AAAAAA==\n',
      '\u2014 a+b AAAAAQID\n',
      '\u2014  AAAAAQID\n',
      '\u2014 a\u00a0b AAAAAQID\n',
    ]) {
      expect(parseSignedNote(utf8(`${text}${garbage}${line}`)).signatures.length).toBe(1)
      expect(code(() => parseSignedNote(utf8(`${text}${garbage}`)))).toBe('CT_RESPONSE_MALFORMED')
    }
    for (const other of ['-- x AAAAAQID\n', 'x\n', ' \n', '\u2014x AAAAAQID\n'])
      expect(code(() => parseSignedNote(utf8(`${text}${line}${other}`)))).toBe('CT_RESPONSE_MALFORMED')
  })

  it('refuses anything but a note', () => {
    const bad = [
      '',
      '\n',
      '\n\n',
      'text',
      'text\n',
      'text\n\n',
      `text\n${line}`,
      `text\n\n${line.trimEnd()}`,
      `text\n\n${line}\n`,
      `te\txt\n\n${line}`,
      `te\u0000xt\n\n${line}`,
      `text\r\n\r\n${line}`,
      `\ufefftext${line}`,
      '<html>\n\n<body>\n',
    ] // prettier-ignore
    for (const text of bad)
      expect([text, code(() => parseSignedNote(utf8(text)))]).toEqual([text, 'CT_RESPONSE_MALFORMED'])
    expect(code(() => parseSignedNote(new Uint8Array([0xff, ...utf8(`text\n\n${line}`)])))).toBe(
      'CT_RESPONSE_MALFORMED',
    )
  })

  it('takes many long signature lines', () => {
    const lines = Array.from({ length: 64 }, (_, i) => `\u2014 witness${i} ${'AAAA'.repeat(1700)}\n`)
    expect(parseSignedNote(utf8(`text\n\n${lines.join('')}`)).signatures.length).toBe(64)
  })

  it('round-trips any note', () => {
    const name = fc.stringMatching(/^[a-z.\u00e9/]{1,12}$/)
    const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max })
    const signature = fc.record({ name, keyId: bytes(4, 4), signature: bytes(1, 50) })
    fc.assert(
      fc.property(
        fc.stringMatching(/^[ -~\n\u00e9\u2014]{0,40}$/),
        fc.array(signature, { minLength: 1, maxLength: 5 }),
        (text, signatures) => {
          const note = { text: `${text}\n`, signatures }
          expect(parseSignedNote(encodeSignedNote(note))).toEqual(note)
        },
      ),
    )
  })

  it('never throws a foreign error, whatever the bytes', () => {
    const piece = fc.constantFrom('\n', '\n\n', '\u2014 ', 'name', ' ', 'AAAAAQID', '=', '\u0001')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(['no error', 'CT_RESPONSE_MALFORMED']).toContain(code(() => parseSignedNote(utf8(pieces.join('')))))
      }),
      { numRuns: 1000 },
    )
  })
})

describeReal('the note vectors of golang.org/x/mod/sumdb/note', () => {
  interface Vectors {
    text: string
    good: { vkey: string; line: string }[]
    bad_notes: string[]
  }
  const vectors = (): Vectors => realJson('golang+mod', 'extracted', 'note-vectors.json')
  /** "name+keyid+base64(type || key)" */
  const parseKey = (vkey: string) => {
    const [, name = '', keyId = '', data = ''] = /^(.*)\+([0-9a-f]{8})\+(.*)$/.exec(vkey) ?? []
    const bytes = Buffer.from(data, 'base64')
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') },
      format: 'jwk',
    })
    return { name, keyId, type: bytes[0] as number, raw: new Uint8Array(bytes.subarray(1)), key }
  }
  const isSigned = (bytes: Uint8Array, vkey: string): boolean => {
    const { name, keyId, key } = parseKey(vkey)
    const note = parseSignedNote(bytes)
    const [found] = signaturesBy(note, name, new Uint8Array(Buffer.from(keyId, 'hex')))
    return found !== undefined && verify(null, Buffer.from(note.text), key, found.signature)
  }

  it('verify over the text this parser finds, under the key ids it computes', () => {
    const { text, good } = vectors()
    const note = utf8(`${text}\n${good.map(({ line }) => line).join('')}`)
    expect(good.length).toBe(2)
    for (const { vkey } of good) {
      const { name, keyId, type, raw } = parseKey(vkey)
      expect(toHex(noteKeyId(name, type, raw))).toBe(keyId)
      expect(isSigned(note, vkey)).toBe(true)
    }
  })

  it('are refused, or found unsigned, where they are bad', () => {
    const { good, bad_notes } = vectors()
    expect(bad_notes.length).toBe(6)
    const results = bad_notes.map((note) => {
      const result = code(() => parseSignedNote(utf8(note)))
      return result === 'no error' ? String(isSigned(utf8(note), good[0]?.vkey ?? '')) : result
    })
    expect(results).toEqual([...Array(5).fill('CT_RESPONSE_MALFORMED'), 'false'])
  })
})
