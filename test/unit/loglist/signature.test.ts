import { createHash, createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CHROME_LIST_KEY } from '../../../src/loglist/chrome-key.js'
import { signatureUrl, verifyListSignature } from '../../../src/loglist/signature.js'
import { describeReal, realBytes, realText } from '../../real-data.js'
import { chromeAllLists, chromeLists } from './lists.js'

const url = 'https://www.gstatic.com/ct/log_list/v3/log_list.json'
const signed = [...chromeAllLists, ...chromeLists]
const sigOf = (path: string) => realBytes(path.replace(/\.json$/, '.sig'))

describe('CHROME_LIST_KEY', () => {
  it('is the key with the published SHA-256', () => {
    const der = Buffer.from(CHROME_LIST_KEY, 'base64')
    expect(createHash('sha256').update(der).digest('hex')).toBe(
      'f1d8b68e50210d8e73d9a3e97f571773c52d7f28c0b1a71beee81d8562e6fd85',
    )
    expect(createPublicKey({ key: der, format: 'der', type: 'spki' }).asymmetricKeyDetails?.modulusLength).toBe(4096)
  })
})

describeReal('verifyListSignature on signed lists', () => {
  it('has the key Google publishes', () => {
    const pem = realText('crtsh+ctloglists/files/gstatic/log_list_pubkey.pem')
    expect(createPublicKey(pem).export({ format: 'der', type: 'spki' }).toString('base64')).toBe(CHROME_LIST_KEY)
  })

  it('has the 35 signed lists to look at', () => expect(signed).toHaveLength(35))

  it.each(signed)('%s verifies, and no bit of it can be flipped', (path) => {
    const [body, signature] = [realBytes(path), sigOf(path)]
    expect(() => verifyListSignature(body, signature, url)).not.toThrow()
    for (const at of [0, body.length >> 1, body.length - 1]) {
      const flipped = Buffer.from(body)
      flipped[at] = (flipped[at] as number) ^ 1
      expect(() => verifyListSignature(flipped, signature, url)).toThrow(
        expect.objectContaining({ code: 'CT_LIST_SIGNATURE', retryable: true, url }),
      )
    }
    for (const at of [0, 255, 511]) {
      const flipped = Buffer.from(signature)
      flipped[at] = (flipped[at] as number) ^ 0x80
      expect(() => verifyListSignature(body, flipped, url)).toThrow(
        expect.objectContaining({ code: 'CT_LIST_SIGNATURE' }),
      )
    }
  })

  it('refuses the signature of the day before', () => {
    const [body, other] = [realBytes(chromeAllLists.at(-1) as string), sigOf(chromeAllLists.at(-2) as string)]
    expect(() => verifyListSignature(body, other, url)).toThrow(/does not verify/)
  })
})

describe('verifyListSignature', () => {
  it.each([
    ['nothing', new Uint8Array(), /is 0 bytes/],
    ['an HTML page', Buffer.from('<html>404</html>'), /is 16 bytes/],
    ['one byte too many', new Uint8Array(513), /is 513 bytes/],
    ['zeros', new Uint8Array(512), /does not verify/],
    ['a number above the modulus', new Uint8Array(512).fill(255), /does not verify/],
  ])('refuses %s', (_, signature, message) => {
    expect(() => verifyListSignature(new Uint8Array(3), signature, url)).toThrow(
      expect.objectContaining({ code: 'CT_LIST_SIGNATURE', message: expect.stringMatching(message) }),
    )
  })
})

describe('signatureUrl', () => {
  it('is beside the list where Google serves it, and nowhere else', () => {
    expect(signatureUrl(url)).toBe('https://www.gstatic.com/ct/log_list/v3/log_list.sig')
    expect(signatureUrl('https://www.gstatic.com/ct/log_list/v3/all_logs_list.json')).toMatch(/all_logs_list\.sig$/)
    expect(signatureUrl('https://valid.apple.com/ct/log_list/current_log_list.json')).toBeUndefined()
    expect(signatureUrl('https://www.gstatic.com.evil.net/ct/log_list/v3/log_list.json')).toBeUndefined()
  })
})
