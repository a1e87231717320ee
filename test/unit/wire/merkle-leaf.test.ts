import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMerkleLeaf, encodeMerkleLeaf, leafKind, leafTimestamp } from '../../../src/wire/merkle-leaf.js'
import { parseMerkleLeaf } from '../../support/wire.js'
import { code, hex, precertSample, sha256Hex, toHex, x509Sample } from './samples.js'

const x509Leaf = {
  version: 0,
  leafType: 0,
  timestamp: x509Sample.timestamp,
  entry: { kind: 'x509', certificate: x509Sample.certificate },
  extensions: x509Sample.extensions,
} as const
const precertLeaf = {
  version: 0,
  leafType: 0,
  timestamp: precertSample.timestamp,
  entry: {
    kind: 'precert',
    issuerKeyHash: precertSample.issuerKeyHash,
    tbsCertificate: precertSample.tbsCertificate,
  },
  extensions: precertSample.extensions,
} as const

describe('parseMerkleLeaf', () => {
  it('reads both entry types to the last byte, and writes them again', () => {
    expect(parseMerkleLeaf(x509Sample.leafInput)).toEqual(x509Leaf)
    expect(parseMerkleLeaf(precertSample.leafInput)).toEqual(precertLeaf)
    expect(toHex(encodeMerkleLeaf(x509Leaf))).toBe(toHex(x509Sample.leafInput))
    expect(toHex(encodeMerkleLeaf(precertLeaf))).toBe(toHex(precertSample.leafInput))
    expect(sha256Hex(Uint8Array.of(0), x509Sample.leafInput)).toBe(x509Sample.leafHash)
    expect(sha256Hex(Uint8Array.of(0), precertSample.leafInput)).toBe(precertSample.leafHash)
  })

  it('gives plain views of the leaf, also of a Buffer', () => {
    const { entry } = parseMerkleLeaf(Buffer.from(x509Sample.leafInput))
    if (entry.kind !== 'x509') throw new Error('not an x509 entry')
    expect(Object.getPrototypeOf(entry.certificate)).toBe(Uint8Array.prototype)
    const leafInput = x509Sample.leafInput.slice()
    expect((parseMerkleLeaf(leafInput).entry as { certificate: Uint8Array }).certificate.buffer).toBe(leafInput.buffer)
  })

  it('round-trips any leaf', () => {
    const bytes = (max: number, min = 0) => fc.uint8Array({ minLength: min, maxLength: max })
    const entry = fc.oneof(
      fc.record({ kind: fc.constant('x509' as const), certificate: bytes(70_000, 1) }),
      fc.record({ kind: fc.constant('precert' as const), issuerKeyHash: bytes(32, 32), tbsCertificate: bytes(300, 1) }),
    )
    fc.assert(
      fc.property(fc.maxSafeNat(), entry, bytes(300), (timestamp, entry, extensions) => {
        const leafInput = encodeMerkleLeaf({ timestamp, entry, extensions })
        expect(parseMerkleLeaf(leafInput)).toEqual({ version: 0, leafType: 0, timestamp, entry, extensions })
        expect(leafTimestamp(leafInput)).toBe(timestamp)
        expect(leafKind(leafInput)).toBe(entry.kind)
      }),
    )
  })

  it('refuses every truncation and any trailing byte', () => {
    for (const { leafInput } of [x509Sample, precertSample]) {
      for (let length = 0; length < leafInput.length; length++) {
        const cut = leafInput.slice(0, length)
        expect(code(() => parseMerkleLeaf(cut))).toBe('CT_LEAF_MALFORMED')
        expect(decodeMerkleLeaf(cut).kind).toBe('malformed')
      }
      expect(code(() => parseMerkleLeaf(new Uint8Array([...leafInput, 0])))).toBe('CT_LEAF_MALFORMED')
    }
  })

  it('tells an unknown version, leaf type and entry type from a malformed leaf', () => {
    const changed = (at: number, value: number) => {
      const leafInput = x509Sample.leafInput.slice()
      leafInput[at] = value
      return leafInput
    }
    expect(decodeMerkleLeaf(changed(0, 1))).toEqual({ kind: 'unknown', field: 'version', value: 1 })
    expect(decodeMerkleLeaf(changed(1, 7))).toEqual({ kind: 'unknown', field: 'leafType', value: 7 })
    expect(decodeMerkleLeaf(changed(10, 0x80))).toEqual({ kind: 'unknown', field: 'entryType', value: 0x8000 })
    expect(decodeMerkleLeaf(changed(11, 2))).toEqual({ kind: 'unknown', field: 'entryType', value: 2 })
    for (const at of [0, 1, 10]) {
      expect(code(() => parseMerkleLeaf(changed(at, 9)))).toBe('CT_LEAF_MALFORMED')
      expect(leafKind(changed(at, 9))).toBeUndefined()
    }
    // A certificate of no bytes, and a timestamp that is no safe integer.
    expect(decodeMerkleLeaf(hex('00000000019b71b44c0000000000000000')).kind).toBe('malformed')
    expect(decodeMerkleLeaf(changed(2, 0x80)).kind).toBe('malformed')
    expect(leafTimestamp(changed(2, 0x80))).toBeUndefined()
    expect(leafTimestamp(changed(0, 1))).toBeUndefined()
    expect(leafTimestamp(x509Sample.leafInput.slice(0, 9))).toBeUndefined()
  })

  it('never throws a foreign error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const prefixed = new Uint8Array([...x509Sample.leafInput.slice(0, 12), ...bytes])
        for (const leaf of [bytes, prefixed]) {
          expect(['leaf', 'unknown', 'malformed']).toContain(decodeMerkleLeaf(leaf).kind)
          expect(['no error', 'CT_LEAF_MALFORMED']).toContain(code(() => parseMerkleLeaf(leaf)))
        }
      }),
      { numRuns: 500 },
    )
  })
})
