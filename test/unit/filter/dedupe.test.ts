import { beforeAll, describe, expect, it } from 'vitest'
import { certificateKey, Delivered, issuanceKey } from '../../../src/filter/dedupe.js'
import { toHex } from '../../../src/util/bytes.js'
import { describeReal } from '../../real-data.js'
import { type RealEntry, realEntries } from '../decode/real-entries.js'
import { certificateOf, leafOf } from './made-leaf.js'

describe('keys', () => {
  it('do not depend on the timestamp and extensions, which differ from log to log', () => {
    const leaf = leafOf({ names: ['a.example'] })
    const later = leaf.slice()
    later[9] = (later[9] as number) + 1
    const extended = Buffer.concat([leaf.subarray(0, leaf.length - 2), Buffer.of(0, 8, 0, 0, 5, 0, 0, 0, 0, 7)])
    for (const keyOf of [certificateKey, issuanceKey]) {
      expect(keyOf(later)).toEqual(keyOf(leaf))
      expect(keyOf(extended)).toEqual(keyOf(leaf))
      expect(keyOf(leafOf({ names: ['b.example'] }))).not.toEqual(keyOf(leaf))
    }
  })

  it('tell a certificate from a precertificate, or do not, as asked', () => {
    const [certificate, precertificate] = [leafOf({}), leafOf({ kind: 'precertificate' })]
    expect(certificateKey(certificate)).not.toEqual(certificateKey(precertificate))
    expect(issuanceKey(certificate)).toEqual(issuanceKey(precertificate))
  })

  it('are none for what cannot be told apart from others', () => {
    const noLeaf = Uint8Array.of(0, 0, 1)
    const noDer = leafOf({})
    noDer[15] = 0x31
    expect(certificateKey(noLeaf)).toBeUndefined()
    expect(issuanceKey(noLeaf)).toBeUndefined()
    expect(issuanceKey(noDer)).toBeUndefined()
    expect(certificateKey(noDer)).toHaveLength(32)
  })
})

describe('Delivered', () => {
  it('forgets after its time, and what is one too many', () => {
    let now = 0
    const delivered = new Delivered({ by: 'issuance', ttlMs: 1000, maxEntries: 2 }, () => now, Math.random)
    const [a, b, c] = ['a', 'b', 'c'].map((name) => delivered.key(leafOf({ names: [name] })))
    expect(delivered.has(a)).toBe(false)
    delivered.add(a)
    now = 999
    expect(delivered.has(a)).toBe(true)
    delivered.add(a)
    now = 1000
    expect(delivered.has(a)).toBe(false)
    for (const key of [a, b, c]) delivered.add(key)
    expect([a, b, c].map((key) => delivered.has(key))).toEqual([false, true, true])
    delivered.add(undefined)
    expect(delivered.has(undefined)).toBe(false)
  })
})

describeReal('real entries', () => {
  let entries: RealEntry[] = []
  beforeAll(() => {
    entries = realEntries()
  })

  it('have a key each, which does not change when they are logged again', () => {
    const keys = new Set<string>()
    for (const { raw } of entries) {
      const key = toHex(certificateKey(raw.leafInput) as Uint8Array)
      keys.add(key)
      const again = raw.leafInput.slice()
      again.set([1, 2, 3], 7)
      expect(toHex(certificateKey(again) as Uint8Array)).toBe(key)
    }
    // No two certificates of the index are the same.
    expect(new Set(entries.map(({ row }) => row.cert_sha256)).size).toBe(entries.length)
    expect(keys.size).toBe(entries.length)
  })

  it('have their issuanceId as the key, and pairs share it', () => {
    const kinds = new Map<string, Set<string>>()
    for (const { raw } of entries) {
      const { issuanceId = '', kind } = certificateOf(raw.leafInput)
      expect(toHex(issuanceKey(raw.leafInput) as Uint8Array)).toBe(issuanceId)
      kinds.set(issuanceId, (kinds.get(issuanceId) ?? new Set()).add(kind))
    }
    expect([...kinds.values()].filter(({ size }) => size === 2).length).toBeGreaterThan(0)
  })
})
