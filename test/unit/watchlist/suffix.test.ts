import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { domainToASCII } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  isIcannSuffix,
  isPrivateSuffix,
  registrableDomain,
  splitListed,
  splitName,
} from '../../../src/watchlist/suffix.js'

/** The list's own tests, as its maintainers publish them: fixtures/publicsuffix. */
const ownTests = [
  ...readFileSync(join(import.meta.dirname, '../../../fixtures/publicsuffix/test_psl.txt'), 'utf8').matchAll(
    /^checkPublicSuffix\('([^']*)', (?:null|'([^']*)')\);$/gm,
  ),
].map(([, name = '', domain]) => [name, domain] as const)

describe("the public suffix list's own tests", () => {
  // A name is here in lower case, in A-labels and without empty labels, whatever a certificate holds: what comes before sees to that.
  const given = ownTests.filter(([name]) => !name.startsWith('.'))

  it('are all there', () => {
    expect(given.length).toBeGreaterThan(70)
    expect(ownTests.length - given.length).toBe(4)
  })

  it.each(given)('%s: %s', (name, domain) => {
    expect(registrableDomain(domainToASCII(name))).toBe(domain === undefined ? undefined : domainToASCII(domain))
    expect(splitListed(domainToASCII(name)).domain).toBe(domain === undefined ? '' : domainToASCII(domain))
  })
})

describe('the public suffix list', () => {
  it.each([
    ['com', null],
    ['a.b.example.com', 'example.com'],
    ['unlisted', null],
    ['a.b.unlisted', 'b.unlisted'],
    ['co.uk', null],
    ['a.b.co.uk', 'b.co.uk'],
    ['us.com', null],
    ['a.b.us.com', 'b.us.com'],
    // `*.ck` and `!www.ck`; `*.kobe.jp` and `!city.kobe.jp`.
    ['any.ck', null],
    ['a.b.any.ck', 'b.any.ck'],
    ['a.www.ck', 'www.ck'],
    ['c.kobe.jp', null],
    ['a.city.kobe.jp', 'city.kobe.jp'],
    // 公司.cn, as names of certificates have it.
    ['xn--55qx5d.cn', null],
    ['a.b.xn--55qx5d.cn', 'b.xn--55qx5d.cn'],
    ['b.github.io', 'b.github.io'],
  ])('%s: %s', (name, domain) => {
    expect(registrableDomain(name) ?? null).toBe(domain)
  })

  it('keeps its private part and that of ICANN apart', () => {
    expect(splitName('a.b.github.io')).toEqual({ suffixAt: 4, domainAt: 2, icannAt: 11 })
    expect([isIcannSuffix('github.io'), isPrivateSuffix('github.io')]).toEqual([false, true])
    expect([isIcannSuffix('co.uk'), isPrivateSuffix('co.uk')]).toEqual([true, false])
    expect([isIcannSuffix('unlisted'), isPrivateSuffix('unlisted')]).toEqual([true, false])
    expect([isIcannSuffix('example.com'), isPrivateSuffix('example.com')]).toEqual([false, false])
  })

  it('splits any text', () => {
    for (const text of ['', '.', '..', 'a..b', '-', '*', '*.com', '\\000.com'])
      expect(() => splitName(text)).not.toThrow()
  })
})
