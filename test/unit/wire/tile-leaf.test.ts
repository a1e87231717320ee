import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { encodeMerkleLeaf } from '../../../src/wire/merkle-leaf.js'
import { leafIndexOf } from '../../../src/wire/tile-extensions.js'
import { parseDataTile, TileLeafExtra } from '../../../src/wire/tile-leaf.js'
import { describeReal, hasRealData, realBytes, realText } from '../../real-data.js'
import { encodeLeafIndex, encodeTileLeaf, parseMerkleLeaf } from '../../support/wire.js'
import { code, hex, precertSample, sha256Hex, toHex, utf8, x509Sample } from './samples.js'

const issuerFingerprint = hex(sha256Hex(x509Sample.issuer))
const both = new Uint8Array([...x509Sample.tileLeaf, ...precertSample.tileLeaf])

describe('parseDataTile', () => {
  it('reads leaves, hashes and extra data', () => {
    const batch = parseDataTile(both, 512, 2)
    expect([batch.start, batch.length]).toEqual([512, 2])
    expect(toHex(batch.leafInput(0))).toBe(toHex(x509Sample.leafInput))
    expect(toHex(batch.leafInput(1))).toBe(toHex(precertSample.leafInput))
    expect(toHex(batch.leafHashes())).toBe(x509Sample.leafHash + precertSample.leafHash)
    const chain = { kind: 'fingerprints', fingerprints: [issuerFingerprint] }
    expect(batch.entry(0).index).toBe(512)
    expect(batch.entry(0).extra.preCertificate()).toBeUndefined()
    expect(batch.entry(0).extra.chain()).toEqual(chain)
    expect(batch.entry(1).extra.preCertificate()).toEqual(precertSample.preCertificate)
    expect(batch.entry(1).extra.chain()).toEqual(chain)
  })

  it('gives entries that share no memory with the tile', () => {
    const tile = both.slice()
    const batch = parseDataTile(tile, 0, 2)
    const entry = batch.only(1, 2).entry(0)
    tile.fill(0)
    expect(entry.index).toBe(1)
    expect(entry.extra.preCertificate()).toEqual(precertSample.preCertificate)
    expect(toHex(entry.leafInput)).toBe(toHex(precertSample.leafInput))
    expect(entry.extra.preCertificate()?.buffer.byteLength).toBeLessThan(both.length)
  })

  it('refuses every truncation, trailing bytes, another width and an unknown entry type', () => {
    const changed = both.slice()
    changed[9] = 2
    const refused = [
      ...Array.from({ length: both.length }, (_, length) => [both.slice(0, length), 2] as const),
      [new Uint8Array([...both, 0]), 2] as const,
      [both, 1] as const,
      [both, 3] as const,
      [both, 256] as const,
      [changed, 2] as const,
      [utf8('<html>not a tile</html>'), 256] as const,
    ]
    for (const [tile, width] of refused) {
      try {
        parseDataTile(tile, 0, width)
        expect.unreachable()
      } catch (error) {
        if (!CtStreamError.is(error)) throw error
        expect([error.code, error.retryable]).toEqual(['CT_RESPONSE_MALFORMED', true])
        expect(error.message).toMatch(/in entry \d+ of \d+/)
      }
    }
  })

  it('round-trips any entries', () => {
    const bytes = (max: number, min = 0) => fc.uint8Array({ minLength: min, maxLength: max })
    const entry = fc.oneof(
      fc.record({ kind: fc.constant('x509' as const), certificate: bytes(40, 1) }),
      fc.record({ kind: fc.constant('precert' as const), issuerKeyHash: bytes(32, 32), tbsCertificate: bytes(40, 1) }),
    )
    const leaf = fc.record({ timestamp: fc.maxSafeNat(), entry, extensions: bytes(20) })
    const fingerprints = fc.array(bytes(32, 32), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(fc.tuple(leaf, bytes(40, 1), fingerprints), { minLength: 1, maxLength: 20 }), (items) => {
        const parts = items.map(([leaf, preCertificate, fingerprints]) =>
          encodeTileLeaf({
            leafInput: encodeMerkleLeaf(leaf),
            preCertificate: leaf.entry.kind === 'precert' ? preCertificate : undefined,
            fingerprints,
          }),
        )
        const batch = parseDataTile(new Uint8Array(Buffer.concat(parts)), 0, items.length)
        items.forEach(([leaf, preCertificate, fingerprints], i) => {
          expect(toHex(batch.leafInput(i))).toBe(toHex(encodeMerkleLeaf(leaf)))
          const { extra } = batch.entry(i)
          expect(extra.preCertificate()).toEqual(leaf.entry.kind === 'precert' ? preCertificate : undefined)
          for (const least of [0, 1, 7, 10_000])
            expect(extra.preCertificateStart?.(least)).toEqual(extra.preCertificate()?.subarray(0, least))
          expect(extra.chain()).toEqual({ kind: 'fingerprints', fingerprints })
        })
      }),
    )
  })

  it('lets a chain of more than 16 fail when it is asked for', () => {
    const chainOf = (count: number) => {
      const fingerprints = Array.from({ length: count }, () => new Uint8Array(32))
      return parseDataTile(encodeTileLeaf({ leafInput: x509Sample.leafInput, fingerprints }), 0, 1).entry(0).extra
    }
    expect(chainOf(16).chain()).toMatchObject({ fingerprints: { length: 16 } })
    expect(code(() => chainOf(2047).chain())).toBe('CT_LEAF_MALFORMED')
  })

  it('lets a chain that is no row of fingerprints fail when it is asked for', () => {
    const tile = new Uint8Array([
      ...encodeTileLeaf({ leafInput: x509Sample.leafInput, fingerprints: [new Uint8Array(31)] }),
    ])
    const batch = parseDataTile(tile, 0, 1)
    expect(code(() => batch.entry(0).extra.chain())).toBe('CT_LEAF_MALFORMED')
  })

  it('never throws a foreign error, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 120 }),
        fc.nat(120),
        fc.nat(255),
        fc.boolean(),
        (bytes, at, value, random) => {
          const tile = random ? bytes : Object.assign(both.slice(), { [at]: value })
          expect(['no error', 'CT_RESPONSE_MALFORMED']).toContain(code(() => parseDataTile(tile, 0, 2)))
          const extra = new TileLeafExtra(Buffer.from(bytes).toString('latin1'), true)
          for (const ask of [() => extra.chain(), () => extra.preCertificate()])
            expect(['no error', 'CT_LEAF_MALFORMED']).toContain(code(ask))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('leaf_index', () => {
  it('is read and written', () => {
    expect(leafIndexOf(x509Sample.extensions)).toBe(1234567)
    expect(toHex(encodeLeafIndex(1234567))).toBe(toHex(x509Sample.extensions))
    for (const index of [0, 255, 2 ** 32 - 1, 2 ** 32, 2 ** 40 - 1])
      expect(leafIndexOf(encodeLeafIndex(index))).toBe(index)
    expect(code(() => encodeLeafIndex(2 ** 40))).toBe('CT_OPTION_INVALID')
  })

  it('may be missing, and stand among unknown extensions', () => {
    expect(leafIndexOf(hex(''))).toBeUndefined()
    expect(leafIndexOf(hex('070001ff'))).toBeUndefined()
    expect(leafIndexOf(hex('070001ff000005000000000509000000'.slice(0, 30)))).toBe(5)
  })

  it('is refused when the list is broken', () => {
    for (const bytes of [
      '00',
      '0000',
      '000005',
      '00000500000000',
      '0000040000000000',
      '0000050000000005000005000000000500'.slice(0, 32),
      '0700000700000000',
    ])
      expect([bytes, code(() => leafIndexOf(hex(bytes)))]).toEqual([bytes, 'CT_LEAF_MALFORMED'])
  })
})

describeReal('real data tiles of navigli2025h2', () => {
  const folder = ['FiloSottile+sunlight', 'testdata', 'navigli2025h2', 'tile']
  const index = () =>
    realText('INDEX-entries.jsonl')
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { file: string; i: number; leaf_hash: string; timestamp: number; cert_sha256: string },
      )

  it('hash to the level-0 tiles, and hold what INDEX-entries.jsonl says', () => {
    expect(hasRealData).toBe(true)
    let checked = 0
    for (const [n, name] of ['000', '001', '002'].entries()) {
      const batch = parseDataTile(new Uint8Array(realBytes(...folder, 'data', name)), n * 256, 256)
      expect(toHex(batch.leafHashes())).toBe(toHex(realBytes(...folder, '0', name)))
      for (const row of index().filter((row) => row.file === [...folder, 'data', name].join('/'))) {
        const { leafInput, extra, index } = batch.entry(row.i)
        const leaf = parseMerkleLeaf(leafInput)
        expect([leaf.timestamp, leafIndexOf(leaf.extensions)]).toEqual([row.timestamp, index])
        expect(sha256Hex(extra.preCertificate() ?? hex(''))).toBe(row.cert_sha256)
        checked++
      }
    }
    expect(checked).toBe(768)
  })

  it('name issuers whose certificates hash to the fingerprints', () => {
    const batch = parseDataTile(new Uint8Array(realBytes(...folder, 'data', '000')), 0, 256)
    const names = new Set<string>()
    for (let i = 0; i < 256; i++) {
      const chain = batch.entry(i).extra.chain()
      if (chain.kind !== 'fingerprints') throw new Error('not fingerprints')
      for (const fingerprint of chain.fingerprints) names.add(toHex(fingerprint))
    }
    expect(names.size).toBe(5)
    for (const name of names)
      expect(sha256Hex(realBytes('FiloSottile+sunlight', 'derived', 'navigli2025h2', 'issuer', name))).toBe(name)
  })
})
