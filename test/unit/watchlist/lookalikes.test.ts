import { describe, expect, it } from 'vitest'
import type { Brand } from '../../../src/watchlist/options.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

const BRANDS: readonly Brand[] = [
  { name: 'PayPal', tokens: ['paypal'], domains: ['paypal.com', 'paypal.me'] },
  { name: 'eki-net', tokens: ['eki-net'], domains: ['eki-net.com'] },
  { name: 'LINE', tokens: ['line'], domains: ['line.me'] },
  {
    name: 'Microsoft',
    tokens: ['microsoft', 'outlook'],
    domains: ['microsoft.com', 'azurewebsites.net'],
    allow: ['partner.example'],
  },
]
const watchlist = Watchlist.of({ brands: BRANDS, allow: ['allowed.example'] })
const best = (name: string) => watchlist.match(name)[0]
const scoreOf = (name: string) => best(name)?.score ?? 0

describe('look-alikes', () => {
  it.each([
    ['paypal-login.top', 'PayPal'],
    ['paypal.com.login.example.top', 'PayPal'],
    ['paypal-com.verify.example.xyz', 'PayPal'],
    ['www.paypa1-verify.com', 'PayPal'],
    ['secure-pay-pal.shop', 'PayPal'],
    ['payypal-login.com', 'PayPal'],
    ['paypla-account.cn', 'PayPal'],
    ['login.papal-account.top', 'PayPal'],
    ['ekinet-login.top', 'eki-net'],
    ['ekl-net.jp-login.top', 'eki-net'],
    ['rnicrosoft-support.com', 'Microsoft'],
    ['m1cr0s0ft-support.com', 'Microsoft'],
    ['xn--pypal-4ve.com', 'PayPal'],
    ['login.xn--pypal-4ve.com', 'PayPal'],
    ['*.paypal-login.top', 'PayPal'],
    ['PAYPAL-LOGIN.TOP.', 'PayPal'],
    ['https://paypal-login.top/signin', 'PayPal'],
  ])('%s: %s', (name, brand) => {
    expect(best(name)).toMatchObject({ kind: 'lookalike', brand })
    expect(scoreOf(name)).toBeGreaterThanOrEqual(50)
  })

  it.each([
    'paypal.com',
    'www.paypal.com',
    '*.paypal.com',
    'com',
    '*.com',
    'online.example.com',
    'airlines.example',
    'example.line',
    'paypal.allowed.example',
    'microsoft-login.partner.example',
    'a'.repeat(2000),
    '\0paypa',
  ])('nothing in %j', (name) => {
    expect(watchlist.match(name)).toEqual([])
  })

  it('gives reasons whose points add up to the score, with their places in the name', () => {
    const match = best('paypal-login.example.com')
    expect(match?.score).toBe(match?.reasons.reduce((sum, { points }) => sum + points, 0))
    expect(match?.reasons[0]).toEqual({ text: 'names paypal', points: 40, at: [0, 6] })
    expect(match?.reasons).toContainEqual({ text: 'the lure login', points: 14, at: [7, 12] })
  })

  it('takes a part beside the brand for no letter of it', () => {
    for (const name of ['paypal-x.com', 'paypal.x.com', '*.paypal.example.com'])
      expect(best(name)?.reasons[0]?.text).toBe('names paypal')
  })

  it('names each brand once, the most likely first', () => {
    const brands = watchlist.match('outlook-microsoft.paypal-login.top').map(({ brand }) => brand)
    expect([...brands].sort()).toEqual(['Microsoft', 'PayPal'])
    const scores = watchlist.match('outlook-microsoft.paypal-login.top').map(({ score }) => score)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
  })

  it('holds a brand to its own words: more evidence, more points', () => {
    expect(scoreOf('paypal.example.com')).toBeLessThan(scoreOf('paypal.login.example.com'))
    expect(scoreOf('paypal.login.example.com')).toBeLessThan(scoreOf('paypal.com.login.example.top'))
    expect(scoreOf('paypal.fr')).toBeLessThan(30)
  })

  it('is the same for a name however many brands there are', () => {
    const more = Array.from({ length: 2000 }, (_, i) => ({ name: `B${i}`, tokens: [`qz${i}x${i}kv`], domains: [] }))
    const large = Watchlist.of({ brands: [...BRANDS, ...more], allow: ['allowed.example'] })
    for (const name of ['paypal-login.top', 'ekl-net.jp-login.top', 'xn--pypal-4ve.com', 'nothing.example.com'])
      expect(large.match(name)).toEqual(watchlist.match(name))
  })

  it.each([
    [{ brands: [{ name: '', tokens: ['x1'], domains: [] }] }, 'brands[0].name'],
    [{ brands: [{ name: 'A', tokens: [], domains: [] }] }, 'brands[0].tokens'],
    [{ brands: [{ name: 'A', tokens: ['a b'], domains: [] }] }, 'brands[0].tokens[0]'],
    [{ brands: [{ name: 'A', tokens: ['ab'], domains: ['x y'] }] }, 'brands[0].domains[0]'],
    [{ brands: [{ name: 'A', tokens: ['ab'] }] }, 'brands[0].domains'],
    [{ brands: [{ name: 'A', token: ['ab'], domains: [] }] }, 'did you mean `tokens`'],
    [{ brands: [1] }, 'brands[0]'],
    [{ brands: [BRANDS[0], BRANDS[0]] }, 'brands[1].name'],
    [{ allow: ['a b'] }, 'allow[0]'],
  ])('refuses %j', (options, said) => {
    expect(() => Watchlist.of(options as never)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining(said) }),
    )
  })
})
