import { beforeAll, describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { issuanceKey, SeenEntries } from '../../../src/filter/dedupe.js'
import type { EntryExtra, RawEntry } from '../../../src/types/entries.js'
import type { DedupeBy } from '../../../src/types/filter.js'
import { toHex } from '../../../src/util/bytes.js'
import { describeReal } from '../../real-data.js'
import { type RealEntry, realEntries } from '../decode/real-entries.js'
import { certificateOf, leafOf } from './made-leaf.js'

/** What a log sends beside a leaf. */
const extraOf = (preCertificate: () => Uint8Array | undefined): EntryExtra => ({
  preCertificate,
  chain: () => ({ kind: 'certificates', certificates: [] }),
})
const none = () => extraOf(() => undefined)
const sent = (text: string) => () => extraOf(() => Buffer.from(text))
const malformed = () =>
  extraOf(() => {
    throw new CtStreamError('CT_LEAF_MALFORMED', 'cut short')
  })

const by = (by: DedupeBy, options: { ttlMs?: number; maxEntries?: number; now?: () => number } = {}) => {
  const { ttlMs = 1000, maxEntries = 100, now = () => 0 } = options
  return new SeenEntries({ by, ttlMs, maxEntries }, now, Math.random)
}

describe('keys', () => {
  it('do not depend on the timestamp and extensions, which differ from log to log', () => {
    const leaf = leafOf({ names: ['a.example'] })
    const later = leaf.slice()
    later[9] = (later[9] as number) + 1
    const extended = Buffer.concat([leaf.subarray(0, leaf.length - 2), Buffer.of(0, 8, 0, 0, 5, 0, 0, 0, 0, 7)])
    for (const delivered of [by('certificate'), by('issuance')]) {
      expect(delivered.keys(later, none)).toEqual(delivered.keys(leaf, none))
      expect(delivered.keys(extended, none)).toEqual(delivered.keys(leaf, none))
      expect(delivered.keys(leafOf({ names: ['b.example'] }), none)).not.toEqual(delivered.keys(leaf, none))
    }
  })

  it('are none for what cannot be told apart from others', () => {
    const noLeaf = Uint8Array.of(0, 0, 1)
    const noDer = leafOf({})
    noDer[15] = 0x31
    expect(by('certificate').keys(noLeaf, none)).toBeUndefined()
    expect(by('issuance').keys(noLeaf, none)).toBeUndefined()
    expect(by('issuance').keys(noDer, none)).toMatchObject({ kind: 'x509', issuance: undefined })
    expect(by('certificate').keys(noDer, none)?.own).toHaveLength(32)
  })
})

describe('SeenEntries', () => {
  const certificate = leafOf({})
  const resigned = certificate.slice()
  resigned[resigned.length - 3] = (resigned.at(-3) as number) ^ 1
  const precertificate = leafOf({ kind: 'precertificate' })
  type Entry = readonly [leafInput: Uint8Array, extra: () => EntryExtra]
  const [plain, other]: Entry[] = [
    [certificate, none],
    [resigned, none],
  ] as Entry[]
  const entries = {
    certificate: plain as Entry,
    resigned: other as Entry,
    precertificate: [precertificate, sent('signed')] as Entry,
    'made-up': [precertificate, sent('made up')] as Entry,
    bare: [precertificate, none] as Entry,
    malformed: [precertificate, malformed] as Entry,
  }

  // Delivered before, and what of all is dropped for it.
  it.each<[DedupeBy, keyof typeof entries, (keyof typeof entries)[]]>([
    ['certificate', 'certificate', ['certificate']],
    ['certificate', 'resigned', ['resigned']],
    ['certificate', 'precertificate', ['precertificate']],
    ['certificate', 'made-up', ['made-up']],
    ['certificate', 'bare', ['bare', 'malformed']],
    ['issuance', 'certificate', ['certificate']],
    ['issuance', 'resigned', ['resigned']],
    ['issuance', 'precertificate', ['certificate', 'resigned', 'precertificate']],
    ['issuance', 'made-up', ['certificate', 'resigned', 'made-up']],
    ['issuance', 'malformed', ['certificate', 'resigned', 'bare', 'malformed']],
  ])('by %s: for the %s drops %j', (way, before, expected) => {
    const delivered = by(way)
    delivered.add(delivered.keys(...entries[before]))
    const dropped = Object.entries(entries).filter(([, entry]) => delivered.has(delivered.keys(...entry)))
    expect(dropped.map(([name]) => name)).toEqual(expected)
  })

  it('does not hide what is wrong in the program behind a log', () => {
    const broken = () => {
      throw new TypeError('mine')
    }
    expect(() => by('certificate').keys(precertificate, () => extraOf(broken))).toThrow('mine')
  })

  it('forgets after its time, and what is one too many', () => {
    let now = 0
    const delivered = by('issuance', { maxEntries: 2, now: () => now })
    const [a, b, c] = ['a', 'b', 'c'].map((name) => delivered.keys(leafOf({ names: [name] }), none))
    expect(delivered.has(a)).toBe(false)
    delivered.add(a)
    now = 999
    expect(delivered.has(a)).toBe(true)
    delivered.add(a)
    now = 1000
    expect(delivered.has(a)).toBe(false)
    for (const keys of [a, b, c]) delivered.add(keys)
    expect([a, b, c].map((keys) => delivered.has(keys))).toEqual([false, true, true])
    delivered.add(undefined)
    expect(delivered.has(undefined)).toBe(false)
  })
})

describeReal('real entries', () => {
  let entries: RealEntry[] = []
  beforeAll(() => {
    entries = realEntries()
  })

  const delivered = by('certificate')
  const keyOf = ({ leafInput, extra }: RawEntry) => toHex(delivered.keys(leafInput, () => extra)?.own ?? leafInput)

  it('have a key each, which does not change when they are logged again', () => {
    const keys = new Set<string>()
    for (const { raw } of entries) {
      const key = keyOf(raw)
      keys.add(key)
      const again = raw.leafInput.slice()
      again.set([1, 2, 3], 7)
      expect(keyOf({ ...raw, leafInput: again })).toBe(key)
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
