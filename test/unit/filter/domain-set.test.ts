import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DomainPattern, parseDomainPattern } from '../../../src/filter/domain-pattern.js'
import { DomainSet } from '../../../src/filter/domain-set.js'
import { Look } from '../../../src/filter/name-hashes.js'

const setOf = (...patterns: string[]) => new DomainSet(patterns.map((pattern) => parseDomainPattern('p', pattern)))

describe('DomainSet', () => {
  it.each([
    ['example.com', 'example.com', true],
    ['example.com', 'www.example.com', true],
    ['example.com', 'a.b.c.example.com', true],
    ['example.com', '*.example.com', true],
    ['example.com', '*.www.example.com', true],
    ['example.com', '_x.example.com', true],
    ['example.com', '.example.com', true],
    ['example.com', 'notexample.com', false],
    ['example.com', 'example.com.evil.test', false],
    ['example.com', 'example.co', false],
    ['example.com', 'com', false],
    ['=example.com', 'example.com', true],
    ['=example.com', 'www.example.com', false],
    ['=example.com', '*.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', '*.example.com', true],
    ['*.example.com', 'a.*.example.com', true],
    // A wildcard in a certificate stands for what it covers: one label.
    ['=www.example.com', '*.example.com', true],
    ['www.example.com', '*.example.com', true],
    ['*.www.example.com', '*.example.com', false],
    ['=a.www.example.com', '*.example.com', false],
    ['example.com', '*.com', true],
    ['=example.com', '*.com', true],
    ['*.example.com', '*.com', false],
    ['com', '*', true],
    ['example.com', '*', false],
    // A first label that only holds a star may be any label for a careless client; others are none's.
    ['=www.example.com', 'w*.example.com', true],
    ['=www.example.com', '*w.example.com', true],
    ['=www.example.com', 'www.*.com', false],
    ['=www.example.com', 'x*', false],
  ])('%s and the name %s: %s', (pattern, name, expected) => {
    expect(setOf(pattern).has(name)).toBe(expected)
  })

  const label = fc.constantFrom('a', 'b', 'www', 'com', 'example', 'xn--bcher-kva', '_x')
  const domain = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
  const pattern = fc
    .tuple(fc.constantFrom('', '=', '*.'), domain)
    .map(([prefix, name]) => parseDomainPattern('p', prefix + name))
  const nameLabel = fc.oneof(label, fc.constantFrom('*', 'w*', '', '\\000'))
  const name = fc
    .array(nameLabel, { minLength: 1, maxLength: 6 })
    .map((labels) => labels.join('.'))
    .filter((text) => !text.endsWith('.'))

  it('says of every name what comparing it with every pattern says, and its hashes never miss one', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 20 }), fc.array(name, { maxLength: 20 }), (patterns, names) => {
        const set = new DomainSet(patterns)
        for (const one of names) {
          const expected = patterns.some((p) => matchesOne(p, one))
          expect([one, set.has(one)]).toEqual([one, expected])
          const bytes = Buffer.from(`<${one.toUpperCase()}>`, 'latin1')
          const look = set.hashes.look(bytes, 1, bytes.length - 1)
          if (expected) expect([one, look]).not.toEqual([one, Look.none])
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('finds none of 100,000 other names in the hashes of 10,000', () => {
    const set = new DomainSet(Array.from({ length: 10_000 }, (_, i) => parseDomainPattern('p', `watched-${i}.example`)))
    let listed = 0
    for (let i = 0; i < 100_000; i++) {
      const bytes = Buffer.from(`www.other-${i}.example`)
      if (set.hashes.look(bytes, 0, bytes.length) !== Look.none) listed++
    }
    expect(listed).toBeLessThan(5)
    const bytes = Buffer.from('www.watched-9999.example')
    expect(set.hashes.look(bytes, 0, bytes.length)).toBe(Look.listed)
  })

  it('calls a name odd that the decoder would read in another way', () => {
    const { hashes } = setOf('example.com')
    const odd = [
      'a\0.test',
      'a/b.test',
      'a:1',
      'b\xfccher.test',
      ' a.test',
      'a.test.',
      'a@test',
      '\x1b.test',
      'a.*.test',
      '**',
    ]
    for (const text of odd) {
      const bytes = Buffer.from(text, 'latin1')
      expect([text, hashes.look(bytes, 0, bytes.length)]).toEqual([text, Look.odd])
    }
  })

  it('takes no more time than the length of a name', () => {
    // Quadratic time would be hours.
    const set = setOf('example.com', '=www.example.com')
    expect(set.has('a.'.repeat(2_000_000))).toBe(false)
    expect(set.has(`${'a.'.repeat(2_000_000)}example.com`)).toBe(true)
    expect(set.has('.'.repeat(4_000_000))).toBe(false)
  })
})

/** The definition, one pattern and one name at a time. */
function matchesOne(pattern: DomainPattern, name: string): boolean {
  if (plainly(pattern, name)) return true
  const [first = '', ...rest] = name.split('.')
  if (!first.includes('*')) return false
  const [covered = ''] = pattern.name.split('.')
  return pattern.self && plainly({ ...pattern, below: false }, [covered, ...rest].join('.'))
}

function plainly({ name, self, below }: DomainPattern, other: string): boolean {
  return (self && other === name) || (below && other.endsWith(`.${name}`))
}
