import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import { unreadNamesOf } from '../../../src/decode/decode-entry.js'
import type { EntryFilter } from '../../../src/filter/entry-filter.js'
import { filterOption } from '../../../src/filter/filter-option.js'
import { contextPrimitive, octetString, oid, printable, sequence, tlv } from '../../../src/testing/der-writer.js'
import type { Filter } from '../../../src/types/filter.js'
import { describeReal } from '../../real-data.js'
import { type RealEntry, realEntries } from '../decode/real-entries.js'
import { hiddenNames, oddButRead } from './hidden-names.js'
import { certificateOf, type LeafParts, leafOf } from './made-leaf.js'

const filterOf = (filter: Filter): EntryFilter => filterOption('filter', filter) as EntryFilter

/** What becomes of a leaf; the first step must not say no where the second says yes. */
function passes(filter: EntryFilter, leafInput: Uint8Array): boolean {
  const may = filter.mayMatch(leafInput)
  const does = filter.matches(certificateOf(leafInput))
  if (does && !may)
    throw new Error(`an entry that is wanted would be missed: ${Buffer.from(leafInput).toString('hex')}`)
  return does
}

const made = (parts: LeafParts) => leafOf(parts)
const unparsable = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9)
/** A leaf whose certificate is not DER. */
const noDer = (() => {
  const leaf = made({ names: ['a.example'] })
  leaf[15] = 0x31
  return leaf
})()

describe('domains', () => {
  it.each<[string | RegExp, LeafParts, boolean]>([
    ['example.com', { names: ['www.example.com'] }, true],
    ['example.com', { names: ['other.test', 'WWW.EXAMPLE.COM.'] }, true],
    ['example.com', { names: ['other.test'] }, false],
    ['example.com', { kind: 'precertificate', names: ['*.example.com'] }, true],
    ['example.com', { kind: 'precertificate', names: ['*.example.org'] }, false],
    ['=www.example.com', { names: ['*.example.com'] }, true],
    ['example.com', { names: [] }, false],
    // What the decoder makes of names that are not written as they should be.
    ['example.com', { names: ['https://www.example.com/path'] }, true],
    ['example.com', { names: ['example.com\0.evil.test'] }, true],
    ['evil.test', { names: ['example.com\0.evil.test'] }, true],
    ['example.com', { names: ['example.com:443'] }, true],
    ['example.com', { names: [' example.com '] }, true],
    ['bücher.example', { names: [Buffer.from('www.bücher.example')] }, true],
    ['bücher.example', { names: [Buffer.from('www.bücher.example', 'latin1')] }, true],
    ['bücher.example', { names: ['www.xn--bcher-kva.example'] }, true],
    // Common names.
    ['example.com', { commonNames: ['www.example.com'] }, true],
    ['example.com', { commonNames: ['Example.COM'] }, true],
    ['example.com', { commonNames: ['An example.com'] }, false],
    ['example.com', { commonNames: ['other.test', 'example.com'] }, true],
    ['example.com', { commonNames: [tlv(0x1e, Buffer.from('example.com', 'utf16le').swap16())] }, true],
    ['example.com', { commonNames: [printable('www.example.com')], names: ['other.test'] }, true],
    // Regular expressions.
    [/^www\.ex/, { names: ['www.example.com'] }, true],
    [/^www\.ex/, { names: ['ww.example.com'] }, false],
    [/EXAMPLE/, { names: ['www.EXAMPLE.com'] }, false],
    [/EXAMPLE/i, { commonNames: ['www.example.com'] }, true],
  ])('%s of %j: %s', (pattern, parts, expected) => {
    expect(passes(filterOf({ domains: [pattern] }), made(parts))).toBe(expected)
  })

  it('is not misled by the state of a regular expression', () => {
    const pattern = /example/g
    const filter = filterOf({ domains: [pattern] })
    for (let i = 0; i < 5; i++) expect(passes(filter, made({ names: ['www.example.com'] }))).toBe(true)
    expect(pattern.lastIndex).toBe(0)
  })

  it('reads every list of extensions', () => {
    const listOf = (name: string) =>
      sequence(sequence(oid('2.5.29.17'), octetString(sequence(contextPrimitive(2, Buffer.from(name))))))
    const [wanted, other] = [listOf('example.com'), listOf('other.test')]
    const filter = filterOf({ domains: ['example.com'] })
    expect(passes(filter, made({ extensions: wanted, moreExtensions: other }))).toBe(true)
    expect(passes(filter, made({ extensions: other, moreExtensions: wanted }))).toBe(true)
    expect(passes(filter, made({ extensions: other, moreExtensions: other }))).toBe(false)
  })

  it('lets pass what has names that nobody can read for sure', () => {
    const filter = filterOf({ domains: ['example.com'] })
    const cases: LeafParts[] = [
      { sanValue: sequence(Buffer.of(0x82, 0x20, 0x61)) },
      { sanValue: Buffer.of(0x04, 0) },
      { sanValue: Buffer.concat([sequence(), Buffer.of(0)]) },
      { extensions: sequence(octetString(Buffer.of(1))) },
      { extensions: sequence(sequence(oid('2.5.29.15'))) },
      { extensions: sequence(Buffer.of(0x30, 0x7f)) },
      { commonNames: [Buffer.of(0x0c, 0x40)] },
    ]
    for (const parts of cases) expect([parts, passes(filter, made(parts))]).toEqual([parts, true])
    expect(passes(filter, unparsable)).toBe(true)
    expect(passes(filter, noDer)).toBe(true)
  })

  it.each(hiddenNames)('lets pass a name that OpenSSL reads: %s', (_, parts) => {
    const leaf = made(parts)
    expect(new X509Certificate(certificateOf(leaf).der as Uint8Array).checkHost('example.com')).toBe('example.com')
    const unread = ['der-malformed', 'extension-malformed', 'trailing-data']
    expect(certificateOf(leaf).problems.some(({ code }) => unread.includes(code))).toBe(true)
    for (const domain of ['example.com', 'other.test', /^other/])
      for (const kind of ['certificate', 'precertificate'] as const)
        expect(passes(filterOf({ domains: [domain] }), made({ ...parts, kind }))).toBe(true)
  })

  it.each(oddButRead)('refuses what can be read and has other names: %s', (_, parts) => {
    expect(passes(filterOf({ domains: ['example.com'] }), made(parts))).toBe(false)
  })
})

describe('kinds', () => {
  it.each([
    [['certificate'], [true, false, false, false]],
    [['precertificate'], [false, true, false, false]],
    [['unparsable'], [false, false, true, true]],
    [
      ['certificate', 'unparsable'],
      [true, false, true, true],
    ],
  ] as const)('%j', (kinds, expected) => {
    const leaves = [made({ names: ['a.b'] }), made({ kind: 'precertificate', names: ['a.b'] }), unparsable, noDer]
    const filter = filterOf({ kinds })
    expect(leaves.map((leaf) => passes(filter, leaf))).toEqual(expected)
  })

  it('drops unparsable entries from a watch only when told to', () => {
    const filter = filterOf({ domains: ['example.com'], kinds: ['certificate', 'precertificate'] })
    expect(passes(filter, unparsable)).toBe(false)
    expect(passes(filter, noDer)).toBe(false)
    expect(passes(filter, made({ names: ['example.com'] }))).toBe(true)
  })
})

describe('issuers', () => {
  const issuer = { commonName: 'R13', organization: "Let's Encrypt" }
  it.each<[string | RegExp, boolean]>([
    ['r13', true],
    ['LET’S', false],
    ["let's enc", true],
    ['R133', false],
    [/^CN=R13,O=Let's Encrypt$/, true],
    [/cn=r13/, false],
    [/cn=r13/gi, true],
  ])('%s: %s', (pattern, expected) => {
    const filter = filterOf({ issuers: [pattern] })
    // Twice: the second time it is remembered.
    for (let i = 0; i < 2; i++) expect(passes(filter, made({ issuer }))).toBe(expected)
    expect(filter.mayMatch(made({ issuer }))).toBe(expected)
    expect(passes(filter, made({ issuer: { commonName: 'other' } }))).toBe(false)
  })

  it('lets pass an issuer that cannot be read', () => {
    const leaf = Buffer.from(made({ issuer: { commonName: 'XXXXXXXX' } }))
    leaf[leaf.indexOf('XXXXXXXX') - 1] = 0x60
    expect(passes(filterOf({ issuers: ['nobody'] }), leaf)).toBe(true)
  })

  it('remembers no more issuers than it should', () => {
    const filter = filterOf({ issuers: ['CA 7777'] })
    for (let i = 0; i < 10_000; i++)
      expect(filter.mayMatch(made({ issuer: { commonName: `CA ${i}` } }))).toBe(i === 7777)
  })
})

describe('notAfter', () => {
  const at = new Date('2026-06-01T00:00:00Z')
  it.each([
    ['260531235959Z', true, false],
    ['260601000000Z', false, true],
    ['270601000000Z', false, true],
    // No date: it cannot be judged.
    ['261301000000Z', true, true],
    ['rubbish', true, true],
  ])('%s: before %s, from %s', (notAfter, before, from) => {
    expect(passes(filterOf({ notAfter: { before: at } }), made({ notAfter }))).toBe(before)
    expect(passes(filterOf({ notAfter: { from: at } }), made({ notAfter }))).toBe(from)
    expect(filterOf({ notAfter: { before: at } }).mayMatch(made({ notAfter }))).toBe(before)
  })
})

describe('together', () => {
  const all = { domains: ['example.com'], issuers: ['R13'], notAfter: { before: new Date('2031-01-01') } }
  const leaf = { names: ['example.com'], issuer: { commonName: 'R13' } }
  it('asks for everything', () => {
    const asked: number[] = []
    const filter = filterOf({ ...all, match: ({ index }) => asked.push(index) > 0 })
    expect(passes(filter, made(leaf))).toBe(true)
    expect(passes(filter, made({ ...leaf, names: ['a.b'] }))).toBe(false)
    expect(passes(filter, made({ ...leaf, issuer: {} }))).toBe(false)
    expect(passes(filter, made({ ...leaf, notAfter: '320101000000Z' }))).toBe(false)
    // `match` is asked last, for what passed all else.
    expect(asked).toEqual([0])
    expect(passes(filterOf({ ...all, match: () => false }), made(leaf))).toBe(false)
    expect(passes(filterOf({}), unparsable)).toBe(true)
  })
})

describe('names of any octets', () => {
  const piece = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom('example', 'com', 'www', '.', '.', '*', 'EXAMPLE', 'xn--bcher-kva', 'bücher'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('\0', '/', ':1', 'http://', ' ', '\\', '@', '。', '\u00ad', '\x7f', '1.2.3.4', '%'),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 3, unit: 'binary' }) },
  )
  const octets = fc.oneof(
    fc.array(piece, { maxLength: 7 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc.array(piece, { maxLength: 7 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1')),
  )
  const commonName = fc
    .tuple(fc.constantFrom(0x0c, 0x13, 0x14, 0x16, 0x1a, 0x1c, 0x1e, 0x05), octets, fc.boolean())
    .map(([tag, text, wide]) => tlv(tag, wide ? Buffer.from(text.toString('latin1'), 'utf16le').swap16() : text))
  const filters = [
    ['example.com'],
    ['=example.com', '*.www.com'],
    ['=www.example.com', 'bücher.example'],
    ['com', '=www', 'xn--bcher-kva.com'],
    [/^www/, 'bücher.com'],
  ].map((domains) => filterOf({ domains }))

  it('are never missed', () => {
    let wanted = 0
    fc.assert(
      fc.property(
        fc.array(octets, { maxLength: 3 }),
        fc.array(commonName, { maxLength: 2 }),
        fc.constantFrom('certificate', 'precertificate'),
        (names, commonNames, kind) => {
          const leaf = made({ kind, names, commonNames })
          for (const filter of filters) if (passes(filter, leaf)) wanted++
        },
      ),
      { numRuns: 5000 },
    )
    expect(wanted).toBeGreaterThan(1000)
  })
})

describeReal('real entries', () => {
  let entries: RealEntry[] = []
  let leaves: Uint8Array[] = []
  beforeAll(() => {
    entries = realEntries()
    leaves = entries.map(({ raw }) => raw.leafInput)
  })

  it('are found by each of their names, and by no other', () => {
    // The names are those that python-cryptography reads.
    let checked = 0
    for (const { row, raw } of entries) {
      const plain = row.names
        .map((name) => name.replace(/^(CN|DNS):/, ''))
        .filter((name) => /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*$/i.test(name))
      for (const name of plain.slice(0, 3)) {
        expect([name, passes(filterOf({ domains: [`=${name}`] }), raw.leafInput)]).toEqual([name, true])
        expect([name, passes(filterOf({ domains: [`*.x.${name}`] }), raw.leafInput)]).toEqual([name, false])
        checked++
      }
    }
    expect(checked).toBeGreaterThan(1500)
  })

  it('have names that can all be read', () => {
    const unread = leaves.map((leaf) => unreadNamesOf(certificateOf(leaf))).filter((why) => why !== undefined)
    expect(unread).toEqual([])
  })

  it('are nearly all told apart by their bytes alone', () => {
    const domains = Array.from({ length: 10_000 }, (_, i) => `watched-${i}.example`)
    const filter = filterOf({ domains: [...domains, '=com'] })
    const maybe = leaves.filter((leaf) => filter.mayMatch(leaf))
    const wanted = maybe.filter((leaf) => filter.matches(certificateOf(leaf)))
    expect(leaves.length).toBeGreaterThan(1600)
    expect(maybe.length).toBeLessThan(leaves.length / 50)
    expect(wanted.length).toBeLessThanOrEqual(maybe.length)
  })

  it('are judged the same by every filter, in whatever way they are damaged', () => {
    const filters = [
      filterOf({ domains: ['com', 'net', 'org'] }),
      filterOf({ domains: ['=www.example.com', 'de', /^mail\./] }),
      filterOf({ domains: ['com'], kinds: ['certificate', 'precertificate'] }),
      filterOf({ issuers: ['encrypt', /O=Google/] }),
      filterOf({ kinds: ['certificate'] }),
      filterOf({ kinds: ['unparsable', 'precertificate'], domains: ['io'] }),
      filterOf({ notAfter: { from: new Date('2026-03-01'), before: new Date('2026-09-01') } }),
      filterOf({ issuers: ['a'], notAfter: { from: new Date('2026-03-01') }, domains: ['com'] }),
    ]
    const verdicts = filters.map(() => [0, 0] as [number, number])
    const judge = (leaf: Uint8Array) =>
      filters.forEach((filter, i) => {
        const verdict = verdicts[i] as [number, number]
        verdict[passes(filter, leaf) ? 1 : 0]++
      })
    leaves.forEach(judge)
    const change = fc.record({ at: fc.nat(9999).map((n) => n / 10_000), to: fc.nat(255) })
    fc.assert(
      fc.property(
        fc.constantFrom(...leaves),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(200), { freq: 1 }),
        (leaf, changes, cut) => {
          const damaged = leaf.slice()
          for (const { at, to } of changes) damaged[Math.floor(at * Math.min(damaged.length, 1500))] = to
          judge(cut === null ? damaged : damaged.subarray(0, damaged.length - cut))
        },
      ),
      { numRuns: 5000 },
    )
    // No filter says the same of everything.
    for (const [no, yes] of verdicts) expect(Math.min(no, yes)).toBeGreaterThan(100)
  })

  it('are judged the same with every single octet of their structure changed', () => {
    const filter = filterOf({
      domains: ['no-such-name.example'],
      issuers: ['encrypt', 'google', 'digicert', 'sectigo'],
    })
    const kinds = filterOf({ kinds: ['unparsable'] })
    let passed = 0
    for (const leaf of leaves.filter((leaf, i) => i % 300 === 0 && leaf.length < 1500).slice(0, 4)) {
      for (let at = 0; at < leaf.length; at++) {
        const damaged = leaf.slice()
        for (const to of [0x00, 0x80, 0xff, (leaf[at] as number) + 1]) {
          damaged[at] = to
          if (passes(filter, damaged)) passed++
          passes(kinds, damaged)
        }
      }
    }
    expect(passed).toBeGreaterThan(500)
  })
})
