import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { storeEntry, tileLeaf } from '../../../src/testing/stored-entry.js'
import { hashLeaf } from '../../../src/testing/tree.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

// Made with another implementation; the "certificates" are DER stubs of five bytes.
const chain = [bytes('3003020102')]
const FINGERPRINTS = '0020714f7108ae1387dc72ec6b79a0c0f8e596205dbc8159d2c538493ba664ed26a9'

describe('storeEntry', () => {
  it('writes an x509 entry as both protocols do', () => {
    const entry = storeEntry({ der: bytes('3003020101'), chain }, 1767139200000, 1234567)
    expect(hex(entry.leafInput())).toBe('00000000019b71b44c00000000000530030201010008000005000012d687')
    expect(hex(hashLeaf(entry.leafInput()))).toBe('528c061932145b0be85c677d80a6e30061f54b4b4082efab5cacac79e05a2b1a')
    expect(hex(tileLeaf(entry))).toBe(`0000019b71b44c00000000000530030201010008000005000012d687${FINGERPRINTS}`)
    expect(hex(entry.extraData())).toBe('0000080000053003020102')
  })

  const PRECERT_LEAF =
    '00000000019b71b44c0100016feecc8c16c5551d9feb3eb5f77e2da773bf68bd9ef9c52927ceb2c86e56892b00000530030201030008000005000012d687'
  const PRECERT_EXTRA = '00000530030201040000080000053003020102'

  it('writes a precert entry as both protocols do', () => {
    const precertificate = {
      kind: 'precertificate',
      der: bytes('3003020104'),
      tbs: bytes('3003020103'),
      issuerKeyHash: createHash('sha256').update('spki').digest(),
      chain,
    } as const
    const entry = storeEntry(precertificate, 1767139200001, 1234567)
    expect(hex(entry.leafInput())).toBe(PRECERT_LEAF)
    expect(hex(hashLeaf(entry.leafInput()))).toBe('8b702ce7539529740139e6db27635dfcf15e6da76644426e9fd09f8701494f61')
    expect(hex(tileLeaf(entry))).toBe(`${PRECERT_LEAF.slice(4)}0000053003020104${FINGERPRINTS}`)
    expect(hex(entry.extraData())).toBe(PRECERT_EXTRA)
    expect(hex(storeEntry(precertificate, 1767139200001, undefined).leafInput())).toMatch(/30030201030000$/)
  })

  it('keeps raw entries byte for byte and takes their extra data apart for tiles', () => {
    const entry = storeEntry({ leafInput: bytes(PRECERT_LEAF), extraData: bytes(PRECERT_EXTRA) }, 5, 7)
    expect(hex(entry.leafInput())).toBe(PRECERT_LEAF)
    expect(hex(entry.extraData())).toBe(PRECERT_EXTRA)
    expect(entry.timestamp).toBe(1767139200001)
    expect(hex(tileLeaf(entry))).toBe(`${PRECERT_LEAF.slice(4)}0000053003020104${FINGERPRINTS}`)
    expect(entry.chain.map(hex)).toEqual(['3003020102'])
  })

  it.each(['', '0000', '000009000005300302', '00000800000930030201', '0000010a', '000008000005300302010200'])(
    'keeps a raw x509 entry with odd extra data "%s", but cannot put it into a tile',
    (extra) => {
      const leafInput = bytes('00000000019b71b44c00000000000530030201010000')
      const entry = storeEntry({ leafInput, extraData: bytes(extra) }, 5, undefined)
      expect(hex(entry.extraData())).toBe(extra)
      expect(() => entry.tileExtra()).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
    },
  )
})
