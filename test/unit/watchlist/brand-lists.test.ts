import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { readBrands } from '../../../src/watchlist/brand-line.js'
import type { Brand } from '../../../src/watchlist/options.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

const example: Brand = { name: 'Example', tokens: ['example', 'exmpl'], domains: ['example.com', 'example.co.jp'] }
const other: Brand = { name: 'Other [1], "2"', tokens: ['other'], domains: [], allow: ['other.org'] }
const probes = [
  'examp1e-login.top',
  'exmpl-login.top',
  'login.example.com',
  'other-login.top',
  'other.org',
  '0ther.net',
]
const verdicts = (brands: readonly (Brand | ReturnType<typeof readBrands>[number])[]) => {
  const watchlist = Watchlist.of({ brands })
  return probes.map((name) => watchlist.match(name))
}
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'CT_WATCHLIST_INVALID', message: expect.stringMatching(message) })
const load = (text: string) => Watchlist.of({ brands: readBrands(text, { file: 'brands' }) })

describe('a list of brands', () => {
  it('says in lines what an array in code says', () => {
    const lines = '\ufeff# ours\r\nExample: example, exmpl, example.com,example.co.jp # the shop\r\n\r\n'
    expect(verdicts(readBrands(lines))).toEqual(verdicts([example]))
    expect(verdicts(readBrands('Example: example.com exmpl example example.co.jp'))).toEqual(verdicts([example]))
  })

  it('says in JSON what an array in code says, however it is laid out', () => {
    for (const space of [0, 2, '\t'])
      expect(verdicts(readBrands(JSON.stringify([example, other], null, space)))).toEqual(verdicts([example, other]))
    expect(verdicts(readBrands('\ufeff\n [ ] \n'))).toEqual(verdicts([]))
    const brief: Brand = { name: 'Other', tokens: ['other'], domains: [] }
    expect(verdicts(readBrands('[{"name":"Other","tokens":["other"]}]'))).toEqual(verdicts([brief]))
  })

  it('takes the name for the token where a line has none', () => {
    const watchlist = load('Müller & Co: muller-co.example\nPlain')
    expect(watchlist.match('mullerco-login.top')[0]?.brand).toBe('Müller & Co')
    expect(watchlist.match('plain-login.top')[0]?.brand).toBe('Plain')
    expect(watchlist.match('muller-co.example')).toEqual([])
  })

  it.each<[string, string, RegExp]>([
    ['a token that is none', 'Good: good\nBad: -x-', /^brands:2: option `brand\.tokens\[0\]` must be a word/],
    ['a domain that is none', 'Bad: bad, a..b', /^brands:1: option `brand\.domains\[0\]` must be a domain name/],
    ['a name without letters', 'Good: good\n\n+++', /^brands:3: option `brand\.tokens` must be an array of 1 to/],
    ['a line without name', ': bad', /^brands:1: option `brand\.name` must be a text/],
    ['a brand that is there twice', 'A1: aaaa\nB: bbbb\nA1: cccc', /^brands:3: .*`brands:1` too/],
    ['a misspelled key', '[\n{"name":"A","tokens":["aaaa"]},\n{"name":"B","token":["b"]}]', /^brands:3: .*`tokens`/],
    ['a number', '[\n\n5]', /^brands:3: must|^brands:3: option/],
    ['no JSON', '[\n{"name":"A","tokens":["aaaa"]},\n{name:"B"}]', /^brands:3: is not JSON/],
    ['half a file', '[\n{"name":"A","tokens":["aaaa"]},\n{"na', /^brands:3: the array has no end/],
    ['two arrays', '[]\n[]', /^brands:2: has text behind the end/],
    ['a deep array', `[\n${'['.repeat(100_000)}`, /^brands:2: is nested deeper/],
    ['a page', '<html>', /is a page of HTML/],
  ])('refuses %s, with file and line', (_, text, message) => {
    expect(() => load(text)).toThrow(invalid(message))
  })

  it('has the elements of its array, each on the line where it begins', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 2 })), fc.constantFrom(undefined, 1, 2), (values, space) => {
        const text = JSON.stringify(values, null, space)
        let elements: ReturnType<typeof readBrands>
        try {
          elements = readBrands(text)
        } catch (error) {
          expect(error).toEqual(invalid(/is nested deeper/))
          return
        }
        expect(elements.map((element) => JSON.parse(element.text))).toEqual(JSON.parse(text))
        const lines = text.split('\n')
        for (const { text: element, line } of elements) expect(lines[line - 1]).toContain(element.split('\n')[0])
      }),
    )
  })

  it('that is anything at all is a watchlist or CT_WATCHLIST_INVALID', () => {
    const pieces = fc.string({ unit: fc.constantFrom(...'[]{}",:\\ \na1.') })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces,
          pieces.map((text) => `[${text}`),
        ),
        (text) => {
          try {
            load(text)
          } catch (error) {
            expect(CtStreamError.is(error) && error.code).toBe('CT_WATCHLIST_INVALID')
          }
        },
      ),
    )
  })
})
