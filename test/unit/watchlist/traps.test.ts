import { describe, expect, it } from 'vitest'
import { readList } from '../../../src/watchlist/list-line.js'
import type { Match } from '../../../src/watchlist/match.js'
import type { WatchlistOptions } from '../../../src/watchlist/options.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

const brand = (token: string, ...domains: string[]) => ({ name: token, tokens: [token], domains })
const matches = (options: WatchlistOptions, name: string): Match[] => Watchlist.of(options).match(name)
const scoreOf = (options: WatchlistOptions, name: string): number => matches(options, name)[0]?.score ?? 0
const scores = (token: string, ...names: string[]): number[] =>
  names.map((name) => scoreOf({ brands: [brand(token)] }, name))

/** Where somebody should look at once. */
const ALERT = 75
/** Where a list is still short enough to be read. */
const NOTICE = 50

// What other tools were caught by.
describe('traps', () => {
  it('a label that is nothing but xn--, and more than one, is decoded', () => {
    // аpple with a Cyrillic а.
    expect(scoreOf({ brands: [brand('apple')] }, 'xn--pple-43d.com')).toBeGreaterThanOrEqual(ALERT)
    expect(scoreOf({ brands: [brand('apple')] }, 'xn--pple-43d.xn--pple-43d.com')).toBeGreaterThanOrEqual(ALERT)
    expect(scoreOf({ brands: [brand('apple')] }, 'login.xn--pple-43d.example.com')).toBeGreaterThanOrEqual(ALERT)
  })

  it('the ASCII of an A-label is not what it shows', () => {
    expect(
      matches({ brands: [brand('pypal')] }, 'xn--pypal-4ve.com').every(
        ({ reasons }) => reasons[0]?.text !== 'names pypal',
      ),
    ).toBe(true)
    expect(matches({ brands: [brand('pypal-4ve')] }, 'xn--pypal-4ve.com')).toEqual([])
    expect(matches({ brands: [brand('paypal')] }, 'b\u00fccher-paypal.com')[0]?.reasons[0]?.text).toBe('names paypal')
  })

  it('labels that IDNA refuses throw nothing and mean nothing', () => {
    const watchlist = Watchlist.of({ brands: [brand('apple')], patterns: ['apple'], words: ['*apple*'] })
    for (const name of [
      'xn--.com',
      'xn--a.com',
      'xn--99999999999.com',
      `xn--${'a'.repeat(59)}.com`,
      'xn--\u0430pple.com',
      '\u202eelppa.com',
    ])
      expect(watchlist.match(name).filter(({ kind }) => kind === 'lookalike')).toEqual([])
  })

  it('аррӏе.com, all of it Cyrillic', () => {
    expect(matches({ brands: [brand('apple')] }, 'xn--80ak6aa92e.com')[0]).toMatchObject({
      brand: 'apple',
      score: expect.any(Number),
    })
    expect(scoreOf({ brands: [brand('apple')] }, 'xn--80ak6aa92e.com')).toBeGreaterThanOrEqual(ALERT)
    expect(scoreOf({ brands: [brand('apple')] }, 'аррӏе.com')).toBeGreaterThanOrEqual(ALERT)
  })

  it('ӏ is an l and an i, þ a p and a b, œ oe and ce', () => {
    expect(scoreOf({ brands: [brand('linkedin')] }, 'ӏinkedin.com')).toBeGreaterThanOrEqual(ALERT)
    expect(scoreOf({ brands: [brand('linkedin')] }, 'linkedӏn.com')).toBeGreaterThanOrEqual(ALERT)
    expect(scoreOf({ brands: [brand('paypal')] }, 'þaypal.com')).toBeGreaterThanOrEqual(ALERT)
    expect(scoreOf({ brands: [brand('binance')] }, 'þinance.com')).toBeGreaterThanOrEqual(ALERT)
    expect(scoreOf({ brands: [brand('facebook')] }, 'fac\u0117book.com')).toBeGreaterThanOrEqual(ALERT)
  })

  it('a skeleton that holds a full stop stays one label', () => {
    // U+06F0 looks like a full stop: p۰ypal is not «ypal» below «p», and its other letters stay where they are.
    expect(scoreOf({ brands: [brand('ypal')] }, 'p\u06f0ypal.com')).toBeLessThan(NOTICE)
    const [match] = matches({ brands: [brand('paypal')] }, 'p\u0430ypal\u06f0login.com')
    expect(match?.reasons.map(({ text }) => text)).not.toContain('as a whole label before a domain of somebody else')
    expect(match?.brand).toBe('paypal')
  })

  it('several letters at once: faceb00k', () => {
    for (const score of scores('facebook', 'faceb00k-login.com', 'login.faceb00k.com.example.org'))
      expect(score).toBeGreaterThanOrEqual(NOTICE)
    expect(matches({ brands: [brand('facebook')] }, 'f4c3b00k.com')[0]?.brand).toBe('facebook')
  })

  it('tes1a', () => {
    expect(scores('tesla', 'tes1a-login.com')[0]).toBeGreaterThanOrEqual(NOTICE)
  })

  it('a name below us.com or another private suffix is split there', () => {
    const [below, beside] = scores('paypal', 'paypal.us.com', 'paypal.example.com')
    // Below a suffix it is the domain's whole name, elsewhere a label before somebody's domain.
    expect(matches({ brands: [brand('paypal')] }, 'paypal.us.com')[0]?.reasons.map(({ text }) => text)).toContain(
      'as the whole name of the domain',
    )
    expect(below).not.toBe(beside)
    expect(scores('paypal', 'paypal-login.pages.dev')[0]).toBeGreaterThanOrEqual(NOTICE)
  })

  it('lists in upper case', () => {
    const own = readList('EXAMPLE.COM\n=Mail.Example.Org')
    const options = {
      own,
      words: ['PAYPAL'],
      brands: [{ name: 'PayPal', tokens: ['PAYPAL'], domains: ['PAYPAL.COM'] }],
      allow: ['ALLOWED.example'],
    }
    expect(scoreOf(options, 'www.example.com')).toBe(90)
    expect(scoreOf(options, 'mail.example.org')).toBe(90)
    expect(matches(options, 'paypal-login.top')[0]?.brand).toBe('PayPal')
    expect(matches(options, 'www.paypal-login.allowed.example')).toEqual([])
  })

  it.each([
    ['unity', 'invity.io'],
    ['lucus', 'auctus.org'],
    ['tunaswap', 'uniswap.org'],
    ['openca', 'opensea.io'],
    ['hank', 'tank.com'],
    ['bank', 'hank.com'],
    ['xbox', 'box.com'],
  ])('%s is not %s', (token, name) => {
    expect(scores(token, name)[0]).toBeLessThan(30)
  })

  it('a brand that is a common word does not block the web', () => {
    const names = [
      'ledger.example.com',
      'legder.com',
      'ledgers.org',
      'theledger.com',
      'generalledger.example.com',
      'edger.com',
      'ledge.com',
    ]
    for (const score of scores('ledger', ...names)) expect(score).toBeLessThan(NOTICE)
    expect(scores('ledger', 'ledger-live-recovery.com')[0]).toBeGreaterThanOrEqual(NOTICE)
  })

  it('a brand of two letters is not in dropsuite and intuit', () => {
    expect(scores('ui', 'dropsuite.com', 'intuit.com', 'build.example.com', 'gu-i.com')).toEqual([0, 0, 0, 0])
  })

  it('a name below an own or allowed domain is no look-alike', () => {
    const brands = [{ ...brand('paypal', 'paypal.com'), allow: ['partner.example'] }]
    const options = { brands, allow: ['university.example'] }
    for (const name of [
      'paypal.com',
      'paypal-login.paypal.com',
      'paypal.partner.example',
      'paypal.university.example',
      '*.paypal.com',
    ])
      expect(matches(options, name)).toEqual([])
    expect(scoreOf(options, 'paypal-login.notpartner.example')).toBeGreaterThanOrEqual(NOTICE)
  })

  it('an official domain that is a private suffix hides nothing of its customers, and is warned of', () => {
    const watchlist = Watchlist.of({
      own: ['github.io'],
      brands: [brand('github', 'github.com', 'github.io')],
      allow: ['pages.dev'],
    })
    expect(
      watchlist
        .match('github-login.github.io')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['lookalike', 'own'])
    expect(watchlist.warnings.filter((line) => line.includes('public suffix list'))).toEqual([
      expect.stringMatching(/^own: below github\.io strangers/),
      expect.stringMatching(/^allow: below pages\.dev strangers/),
      expect.stringMatching(/^brand "github": below github\.io strangers/),
    ])
  })

  it('exceptions and bare wildcards of the public suffix list, a name that is a suffix, unlisted suffixes', () => {
    const options = { brands: [brand('paypal')] }
    for (const name of ['paypal.ck', 'ck', 'paypal', 'paypal.kobe.jp', 'co.uk', '*.co.uk'])
      expect(matches(options, name)).toEqual([])
    for (const name of [
      'paypal-login.example.ck',
      'paypal-login.www.ck',
      'paypal-login.city.kobe.jp',
      'paypal-login.unlisted',
    ])
      expect(scoreOf(options, name)).toBeGreaterThanOrEqual(40)
  })

  it('a wildcard of a suffix alarms by ICANN rules only', () => {
    expect(scoreOf({ own: ['example.co.uk'] }, '*.co.uk')).toBe(100)
    expect(scoreOf({ own: ['example.blogspot.com'] }, '*.blogspot.com')).toBe(90)
  })

  it('agoogle.com is not below *.google.com', () => {
    expect(matches({ own: ['*.google.com', 'google.com'] }, 'agoogle.com')).toEqual([])
  })

  it('certificates of addresses, with an empty name', () => {
    const watchlist = Watchlist.of({
      own: ['example.com', 'ip:2001:db8::/32'],
      brands: [brand('paypal')],
      words: ['*a*'],
      patterns: ['a'],
    })
    expect(watchlist.match('')).toEqual([])
    expect(watchlist.match('192.0.2.1')).toEqual([])
    expect(watchlist.match('2001:db8::1')).toMatchObject([{ kind: 'own', rule: 'ip:2001:db8::/32' }])
  })

  it('the same name twice is the same answer: nothing is kept between names', () => {
    const watchlist = Watchlist.of({ own: ['example.com'], brands: [brand('paypal')] })
    const first = watchlist.match('paypal-login.example.com')
    watchlist.match('something.else.example')
    expect(watchlist.match('paypal-login.example.com')).toEqual(first)
  })

  it('hostile text comes out as printable ASCII', () => {
    const watchlist = Watchlist.of({
      own: ['example.com'],
      words: ['*a*'],
      brands: [{ ...brand('paypal'), name: 'Pay\u001b[31mPal' }],
    })
    for (const name of [
      '\u001b]0;x\u0007.example.com',
      '<script>alert(1)</script>.example.com',
      'a\r\nb.example.com',
      '\u202epaypal-login.top',
      'paypal-login.top\0',
    ]) {
      const text = [
        ...watchlist.explain(name),
        JSON.stringify(watchlist.match(name).map(({ name, reasons }) => [name, reasons])),
      ].join('')
      expect(text).toMatch(/^[\x20-\x7e]+$/)
    }
  })

  it('an expression of a user takes linear time', () => {
    expect(
      matches({ patterns: ['^(([a-z])+.)+[A-Z]([a-z])+$'] }, `${'a'.repeat(60)}.${'a'.repeat(60)}.${'a'.repeat(60)}.1`),
    ).toEqual([])
  })
})

describe('explain', () => {
  it('says which rules a name meets and why', () => {
    const watchlist = Watchlist.of({ own: ['example.com'], brands: [brand('paypal')] })
    expect(watchlist.explain('HTTPS://paypal-login.example.com/')).toEqual([
      '"HTTPS://paypal-login.example.com/", read as "paypal-login.example.com"',
      '  own name "example.com": score 90',
      '    +90  a name below example.com at 13 to 24: "example.com"',
      expect.stringMatching(/^ {2}look-alike of "paypal" \(paypal\): score \d+$/),
      '    +40  names paypal at 0 to 6: "paypal"',
      '    +14  the lure login at 7 to 12: "login"',
      '    +4   as a word of a label before a domain of somebody else at 0 to 6: "paypal"',
    ])
    expect(watchlist.explain('nothing.example')).toEqual(['"nothing.example"', '  meets no rule'])
  })
})

describe('warnings', () => {
  it('are of tokens too common or short, and of those of two brands', () => {
    const brands = [
      brand('line'),
      brand('att'),
      brand('paypal'),
      { name: 'Other', tokens: ['pay-pal'], domains: ['co.uk'] },
    ]
    expect(Watchlist.of({ brands }).warnings).toEqual([
      expect.stringMatching(/^brand "Other": co\.uk is a public suffix/),
      expect.stringMatching(/^brand "line": the token line is a common word/),
      expect.stringMatching(/^brand "att": the token att is short/),
      expect.stringMatching(/^brand "Other": the token pay-pal is one of "paypal" too/),
    ])
    expect(Watchlist.of({ own: ['example.com'], brands: [brand('paypal', 'paypal.com')] }).warnings).toEqual([])
  })
})
