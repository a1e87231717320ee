import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDecodeInput } from '../../../src/cli/decode-input.js'
import { CtStreamError } from '../../../src/errors.js'
import { describeReal, realBytes, realData } from '../../real-data.js'

const der = Uint8Array.from({ length: 300 }, (_, i) => [0x30, 0x82, 0x01, 0x28][i] ?? i % 256)
const base64 = Buffer.from(der).toString('base64')
const pem = (label = 'CERTIFICATE') =>
  `-----BEGIN ${label}-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`
const text = (value: string) => new TextEncoder().encode(value)
const certificates = (...all: Uint8Array[]) => ({ kind: 'certificates', certificates: all })
const leaf = Uint8Array.from({ length: 60 }, (_, i) => (i < 2 ? 0 : i))
const leafBase64 = Buffer.from(leaf).toString('base64')

describe('what a file to decode holds', () => {
  it.each([
    ['DER', der],
    ['base64', text(base64)],
    ['base64 over lines', text(`\n${base64.replace(/.{20}/g, '$&\r\n')}\n`)],
    ['PEM', text(pem())],
    ['PEM with text around', text(`subject: a\n${pem()}\nend`)],
    ['old PEM', text(pem('X509 CERTIFICATE'))],
    ['PEM after a key', text(`${pem('PRIVATE KEY')}${pem()}`)],
  ])('a certificate as %s', (_, bytes) => {
    expect(readDecodeInput(bytes)).toEqual(certificates(der))
  })

  it('a chain as PEM', () => {
    expect(readDecodeInput(text(pem() + pem()))).toEqual(certificates(der, der))
  })

  it.each([
    ['binary', leaf],
    ['base64', text(`${leafBase64}\n`)],
    ['one entry', text(`{"leaf_input":"${leafBase64}","extra_data":""}`)],
    ['an answer', text(` {"entries":[{"leaf_input":"${leafBase64}","extra_data":"AA=="}]}\n`)],
  ])('a leaf as %s', (_, bytes) => {
    const input = readDecodeInput(bytes)
    expect(input.kind).toBe('entries')
    if (input.kind !== 'entries') return
    expect(input.batch.length).toBe(1)
    expect(input.batch.leafInput(0)).toEqual(leaf)
  })

  it.each([
    ['nothing', '', 'CT_DER_MALFORMED'],
    ['prose', 'hello world', 'CT_DER_MALFORMED'],
    ['base64 of prose', 'aGVsbG8gd29ybGQh', 'CT_DER_MALFORMED'],
    ['PEM of a key', pem('PRIVATE KEY'), 'CT_DER_MALFORMED'],
    ['PEM that is not base64', '-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----', 'CT_DER_MALFORMED'],
    ['PEM whose last block is cut', pem() + pem().slice(0, -60), 'CT_DER_MALFORMED'],
    ['PEM without the end of its first block', pem().replace(/-----END.*\n/, '') + pem(), 'CT_DER_MALFORMED'],
    ['PEM with a block that has other characters', pem() + pem().replace('\nM', '\n-'), 'CT_DER_MALFORMED'],
    ['other JSON', '{"a":1}', 'CT_RESPONSE_MALFORMED'],
    ['broken JSON', '{"entries":[', 'CT_RESPONSE_MALFORMED'],
  ])('%s is refused', (_, content, code) => {
    expect(() => readDecodeInput(text(content))).toThrowError(expect.objectContaining({ code }))
  })

  it('never fails but with our error', () => {
    const starts = fc.constantFrom('', '{', '{"entries":', '-----BEGIN CERTIFICATE-----', '\0\0', '\x30\x82')
    fc.assert(
      fc.property(starts, fc.uint8Array(), (start, rest) => {
        try {
          readDecodeInput(Uint8Array.from([...Buffer.from(start, 'latin1'), ...rest]))
        } catch (error) {
          if (!CtStreamError.is(error)) throw error
        }
      }),
    )
  })
})

describeReal('real files', () => {
  const files = (readdirSync(realData(), { recursive: true }) as string[]).filter((file) =>
    /\.(pem|der|crt)$/.test(file),
  )
  it(`are certificates unless they are public keys (${files.length})`, () => {
    expect(files.length).toBeGreaterThan(0)
    const others = files.filter((file) => {
      try {
        return readDecodeInput(realBytes(join(file))).kind !== 'certificates'
      } catch {
        return true
      }
    })
    expect(others.filter((file) => !/pub(lic|key)/.test(file))).toEqual([])
  })
})
