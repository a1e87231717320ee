import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { domainToASCII } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { Squash } from '../../../src/watchlist/squash.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

/** Brands of a to z that hold every letter between them, seven of them an `m`, two a pair of letters that looks like one. */
const KNOWN =
  'amazon microsoft gmail mastercard metamask steam commerzbank paypal google facebook linkedin whatsapp netflix dropbox fedex ' +
  'quickbooks yahoo jpmorgan visa burnley'
/** One brand a line: name, tokens, domains; where it is beside this checkout. */
const file = join(import.meta.dirname, '../../../../shared/evaldata/brands.tsv')
const listed = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
const tokens = [...new Set([...KNOWN.split(' '), ...listed.flatMap((line) => line.split('\t')[1]?.split(',') ?? [])])]
  // Shorter ones, and those with digits, are measured elsewhere.
  .filter((token) => /^[a-z]{4,}$/.test(token))

/** Letters of other scripts, and Latin ones with marks, that people see a letter of a to z in. */
const TWINS: Readonly<Record<string, string>> = {
  a: 'аαɑᴀäâảạⱥ',
  b: 'ьƅвḅɓƀ',
  c: 'сᴄςçćȼƈ',
  d: 'ԁɗđḍðԃ',
  e: 'еεєҽəәėëęɇ',
  f: 'ƒḟғ',
  g: 'ɡģğġǥԍ',
  h: 'һհнңӈћħḥ',
  i: 'іιıíįɨӏ',
  j: 'јϳյĵɉ',
  k: 'кκқҡӄĸķḳƙⱪ',
  l: 'ӏłľḷƚ',
  m: 'мӎϻṃṁɱᴍ',
  n: 'пηпոռñńṇŋɲ',
  o: 'оοօσөøöọ',
  p: 'рρҏϼṗƥ',
  q: 'ԛզգɋ',
  r: 'гґŕṛɍɾ',
  s: 'ѕšṣşʂ',
  t: 'тτҭţṭŧț',
  u: 'υսцμüụưū',
  v: 'νѵṿʋ',
  w: 'ωшщѡԝŵẁẃ',
  x: 'хχҳӽẋ',
  y: 'уүұγỵÿýƴ',
  z: 'ᴢžżẓƶ',
}

/** Every name that one letter of a token makes. */
function* withTwins(token: string): Generator<string> {
  for (let i = 0; i < token.length; i++)
    for (const twin of TWINS[token[i] as string] as string) yield token.slice(0, i) + twin + token.slice(i + 1)
}

describe('a letter of another script, or with a mark', () => {
  it.each(tokens)('in %s is read as the letter it looks like', (token) => {
    const watchlist = Watchlist.of({ brands: [{ name: token, tokens: [token], domains: [`${token}.example`] }] })
    const missed: string[] = []
    for (const shown of withTwins(token)) {
      const name = `${domainToASCII(shown)}.com`
      expect(name, shown).toMatch(/^xn--/)
      const { score, reasons } = watchlist.match(name)[0] ?? { score: 0, reasons: [] }
      const texts = reasons.map(({ text }) => text)
      // Nothing of a letter less, or of another one: it is the name. An ӏ is an l and an i, which is one that reads as the other.
      const first = [`names ${token}`, `${name.slice(0, -4)} reads as ${token}`]
      const isRight =
        first.slice(0, shown.includes('ӏ') ? 2 : 1).includes(texts[0] ?? '') &&
        texts.some((text) => text.startsWith('letters of another script'))
      if (score < 60 || !isRight) missed.push(`${shown} ${name}: ${score} ${texts}`)
    }
    expect(missed).toEqual([])
  })

  it('is read beside two letters that look like one', () => {
    const watchlist = Watchlist.of({
      brands: ['amazon', 'wework', 'dropbox'].map((name) => ({ name, tokens: [name], domains: [] })),
    })
    // A Cyrillic а, к and р.
    for (const [shown, brand] of [
      ['\u0430rnazon', 'amazon'],
      ['vvewor\u043a', 'wework'],
      ['clro\u0440box', 'dropbox'],
    ])
      expect(watchlist.match(`${domainToASCII(shown as string)}.com`)[0], shown).toMatchObject({
        brand,
        score: expect.toSatisfy((score: number) => score >= 60),
      })
  })
})

describe('a look-alike in another script, or with two letters for one', () => {
  const watchlist = Watchlist.of({
    brands: ['paypal', 'microsoft'].map((name) => ({ name, tokens: [name], domains: [] })),
  })
  const best = (name: string) => watchlist.match(name)[0]
  const PAYPAL = 'xn--pypal-4ve'

  it('is found in a label as long as they are', () => {
    for (let more = 1; more <= 45; more++) {
      // With a Cyrillic а.
      const label = domainToASCII(`p\u0430ypal-${'x'.repeat(more)}`)
      expect(label.length).toBeLessThanOrEqual(63)
      expect(best(`${label}.com`)?.reasons[0]?.text, label).toBe('names paypal')
    }
    expect(domainToASCII(`p\u0430ypal-${'x'.repeat(45)}`).length).toBeGreaterThanOrEqual(58)
  })

  it.each(['xn--a-0ga', 'xn--pei-wma', 'rn', 'cl.vv'])('is found among many labels such as %s', (decoy) => {
    // As many as a name of 253 characters can hold; of two letters, those that are likely.
    const most = decoy.startsWith('xn') ? Math.floor((253 - 40) / (decoy.length + 1)) : 12
    const decoys = Array.from({ length: most }, () => decoy).join('.')
    for (const label of [PAYPAL, 'rnicrosoft'])
      for (const name of [`${decoys}.${label}.com`, `${label}.${decoys}.com`, `${decoys}.${label}.${decoy}.com`])
        expect(best(name), name).toMatchObject({ brand: label === PAYPAL ? 'paypal' : 'microsoft' })
  })

  it('is looked for a bounded number of times in a name', () => {
    const fill = vi.spyOn(Squash.prototype, 'fill')
    try {
      for (const label of ['rn', 'xn--pei-wma', 'rn.xn--pei-wma', 'xn--80ak6aa92e']) {
        fill.mockClear()
        watchlist.match(
          `${label}.`
            .repeat(90)
            .slice(-1000)
            .replace(/^[^.]*\./, '')
            .concat('com'),
        )
        expect(fill.mock.calls.length, label).toBeGreaterThan(8)
        expect(fill.mock.calls.length, label).toBeLessThanOrEqual(1 + 64 + 32)
      }
    } finally {
      fill.mockRestore()
    }
  })
})
