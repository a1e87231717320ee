import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { parseDomainPattern } from '../../../src/filter/domain-pattern.js'
import { DomainSet } from '../../../src/filter/domain-set.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'
import { HostNames } from '../../../src/x509/dns-names.js'

const scoreOf = (rule: string, name: string): number => Watchlist.of({ own: [rule] }).match(name)[0]?.score ?? 0
const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (CtStreamError.is(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'no error'
}

const RULES = ['=mail.example.com', 'example.com', '*.example.com'] as const
const NO = 0
const POSSIBLE = 50
const YES = 90
const HIGH = 100

// The table «what concerns whom», row by row: what a certificate names, and the score for each of the three kinds of rule.
describe('own names: what concerns whom', () => {
  it.each([
    ['mail.example.com', YES, YES, YES],
    ['example.com', NO, YES, NO],
    ['*.example.com', YES, YES, YES],
    ['*.mail.example.com', NO, YES, YES],
    ['a.mail.example.com', NO, YES, YES],
    ['*.com', NO, HIGH, NO],
    ['m*.example.com', POSSIBLE, YES, YES],
    ['?.example.com', POSSIBLE, YES, YES],
    ['x*.example.com', NO, YES, YES],
    ['MAIL.Example.COM.', YES, YES, YES],
    [' mail.example.com\t', YES, YES, YES],
    ['_x.example.com', NO, YES, YES],
    ['https://mail.example.com/p', YES, YES, YES],
    ['mail.example.com:8443', YES, YES, YES],
    ['mail.example.com\0.evil.org', HIGH, HIGH, HIGH],
    // As `dnsNames` shows the same octets.
    ['mail.example.com\\000.evil.org', HIGH, HIGH, HIGH],
    ['m\x01il.example.com', POSSIBLE, YES, YES],
    ['m\\001il.example.com', POSSIBLE, YES, YES],
    ['mail.exa\x01mple.com', NO, POSSIBLE, POSSIBLE],
    ['notexample.com', NO, NO, NO],
    ['example.com.evil.org', NO, NO, NO],
    ['com', NO, NO, NO],
    ['', NO, NO, NO],
    ['...', NO, NO, NO],
  ])('%j', (name, ...expected) => {
    expect(RULES.map((rule) => scoreOf(rule, name))).toEqual(expected)
  })

  it('reads octets beyond ASCII as UTF-8 and as Latin-1, each as an A-label', () => {
    // Octets C3 B6: ö in UTF-8, Ã¶ in Latin-1; a decoder of certificates may show either.
    for (const name of ['b\u00f6cher.example', 'b\u00c3\u00b6cher.example']) {
      expect(scoreOf('xn--bcher-jua.example', name)).toBe(YES)
      expect(scoreOf('=BÖCHER.example', name)).toBe(YES)
      expect(scoreOf('=xn--bcher-kja82a.example', name)).toBe(YES)
      expect(scoreOf('*.xn--bcher-jua.example', `a.${name}`)).toBe(YES)
    }
  })

  it.each(['ip:192.0.2.0/24', 'ip:192.0.2.7', 'ip:0.0.0.0/0'])('%s: an address, wherever it is written', (rule) => {
    expect(scoreOf(rule, '192.0.2.7')).toBe(YES)
    expect(scoreOf(rule, '192.0.2.7.')).toBe(YES)
    expect(scoreOf(rule, '2001:db8::7')).toBe(NO)
    expect(scoreOf(rule, 'a192.0.2.7')).toBe(NO)
  })

  it('knows the ranges of IPv6, and where they end', () => {
    expect(scoreOf('ip:2001:db8::/33', '2001:DB8:7fff::1')).toBe(YES)
    expect(scoreOf('ip:2001:db8::/33', '2001:db8:8000::1')).toBe(NO)
    expect(scoreOf('ip:192.0.2.128/25', '192.0.2.127')).toBe(NO)
    expect(scoreOf('ip:192.0.2.128/25', '192.0.2.128')).toBe(YES)
  })

  it('takes an IPv4 address and the one of IPv6 that it is mapped to for one', () => {
    expect(scoreOf('ip:192.0.2.0/24', '::ffff:192.0.2.7')).toBe(YES)
    expect(scoreOf('ip:192.0.2.0/24', '::FFFF:c000:0207')).toBe(YES)
    expect(scoreOf('ip:192.0.2.0/24', '::ffff:192.0.3.7')).toBe(NO)
    expect(scoreOf('ip:192.0.2.0/24', '::fffe:192.0.2.7')).toBe(NO)
    expect(scoreOf('ip:::ffff:192.0.2.0/120', '192.0.2.7')).toBe(YES)
    expect(scoreOf('ip:::ffff:192.0.2.0/120', '::ffff:192.0.3.7')).toBe(NO)
    expect(scoreOf('ip:::/0', '::ffff:192.0.2.7')).toBe(YES)
    expect(scoreOf('ip:::/0', '192.0.2.7')).toBe(NO)
  })
})

describe('own names', () => {
  it('names every rule that a name meets, not the first', () => {
    const own = ['=mail.example.com', 'example.com', '*.example.com', 'mail.example.com', 'com', 'EXAMPLE.com']
    const rules = Watchlist.of({ own })
      .match('mail.example.com')
      .map(({ rule }) => rule)
    expect(rules.sort()).toEqual(['*.example.com', '=mail.example.com', 'com', 'example.com', 'mail.example.com'])
  })

  it('alarms at a wildcard of a public suffix by the ICANN part of the list only', () => {
    expect(scoreOf('example.co.uk', '*.co.uk')).toBe(HIGH)
    expect(scoreOf('=mail.example.co.uk', '*.co.uk')).toBe(NO)
    expect(scoreOf('*.example.co.uk', '*.co.uk')).toBe(NO)
    expect(scoreOf('example.unlisted', '*.unlisted')).toBe(HIGH)
    // Below a private suffix the owner of the suffix may have one wildcard for all: everyday.
    expect(scoreOf('example.github.io', '*.github.io')).toBe(YES)
  })

  it('names at most a hundred rules that one wildcard covers', () => {
    const own = Array.from({ length: 5000 }, (_, i) => `=host${i}.example.com`)
    expect(Watchlist.of({ own }).match('*.example.com')).toHaveLength(100)
  })

  it('tells the name that was meant, and where the rule is in it', () => {
    const [match] = Watchlist.of({ own: ['example.com'] }).match('HTTPS://Mail.Example.com/')
    expect(match).toEqual({
      rule: 'example.com',
      kind: 'own',
      score: 90,
      name: 'mail.example.com',
      reasons: [{ text: 'a name below example.com', points: 90, at: [5, 16] }],
    })
  })

  it('takes any text for a name, in time that grows with it at most', () => {
    const watchlist = Watchlist.of({ own: ['example.com', '*.example.com', '=a.example.com', 'ip:10.0.0.0/8'] })
    for (const hostile of ['.'.repeat(100_000), '*'.repeat(100_000), '\0'.repeat(9_999), 'xn--'.repeat(20_000)])
      expect(watchlist.match(hostile)).toEqual([])
    // Half of a surrogate pair is no character: the label may be anything.
    expect(watchlist.match('\ud800.com')).toMatchObject([{ rule: 'example.com', score: POSSIBLE }])
    expect(watchlist.match(`${'a.'.repeat(400)}example.com`)).toHaveLength(2)
  })

  it('meets every name that a filter lets pass, however long it is shown', () => {
    const watchlist = Watchlist.of({ own: ['example.com'] })
    const domains = new DomainSet([parseDomainPattern('domains[0]', 'example.com')])
    const unit = fc.constantFrom('漢', 'é', 'ü.', 'a', '.', '\0', '/', ' ', '\\', '*', '😀', '\ud800', '\u3002', '\x7f')
    const part = fc.oneof(
      fc.tuple(unit, fc.nat(1020)).map(([char, count]) => char.repeat(count)),
      // Each character is far from the one before: the longest A-labels.
      fc
        .nat(255)
        .map((count) =>
          Array.from({ length: count }, (_, i) => String.fromCharCode(0xc0 + ((i * 7919) % 0x9000))).join(''),
        ),
    )
    const octets = fc
      .tuple(
        fc.array(part, { maxLength: 4 }),
        fc.constantFrom('.example.com', 'example.com', '.*.com', ':443'),
        fc.constantFrom('utf8', 'latin1'),
      )
      .map(([parts, end, encoding]) => Buffer.from(parts.join('.') + end, encoding))
    let longest = 0
    fc.assert(
      fc.property(octets, (name) => {
        const names = new HostNames()
        names.addDnsName(name, 0, name.length)
        for (const shown of names.dnsNames.filter((each) => domains.has(each))) {
          expect(watchlist.match(shown)).not.toEqual([])
          longest = Math.max(longest, shown.length)
        }
      }),
      { numRuns: 1000, examples: [[Buffer.from(`${'漢'.repeat(1000)}.example.com`)]] },
    )
    expect(longest).toBeGreaterThan(8192)
  })

  it('meets names whose A-labels are longer than any text that is converted', () => {
    const names = new HostNames()
    const octets = Buffer.from(`${'é.'.repeat(400)}example.com`)
    names.addDnsName(octets, 0, octets.length)
    for (const name of names.dnsNames) expect(scoreOf('example.com', name)).toBe(YES)
    expect(Math.max(...names.dnsNames.map((name) => name.length))).toBeGreaterThan(1024)
  })

  it.each([
    ['', 'own[0]'],
    [`${'a.'.repeat(600)}com`, 'own[0]'],
    ['exa mple.com', 'own[0]'],
    ['https://example.com/', 'own[0]'],
    ['*.*.example.com', 'own[0]'],
    ['192.0.2.1', 'own[0]'],
    ['ip:192.0.2.1/33', 'ip:192.0.2.0/24'],
    ['ip:example.com', 'ip:192.0.2.0/24'],
    [`${'a'.repeat(64)}.com`, 'own[0]'],
  ])('refuses %j', (rule, said) => {
    expect(codeOf(() => Watchlist.of({ own: [rule] }))).toMatch(/^CT_OPTION_INVALID/)
    expect(codeOf(() => Watchlist.of({ own: [rule] }))).toContain(said)
  })
})
