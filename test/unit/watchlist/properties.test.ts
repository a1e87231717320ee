import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Automaton } from '../../../src/watchlist/automaton.js'
import { editOf } from '../../../src/watchlist/edits.js'
import { Neighbours } from '../../../src/watchlist/neighbours.js'
import { Spans } from '../../../src/watchlist/spans.js'
import { Squash } from '../../../src/watchlist/squash.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

const letters = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'n', 'o'), minLength: min, maxLength: max })

describe('Automaton', () => {
  it('finds what a search for each keyword finds', () => {
    fc.assert(
      fc.property(fc.uniqueArray(letters(1, 5), { minLength: 1, maxLength: 20 }), letters(0, 60), (keywords, text) => {
        const automaton = new Automaton(keywords)
        const found: string[] = []
        let state = automaton.start
        for (let i = 0; i < text.length; i++) {
          state = automaton.step(state, text.charCodeAt(i))
          for (let end = automaton.firstEnd(state); end > 0; end = automaton.shorterEnd(end))
            found.push(`${keywords[automaton.keywordAt(end)]} ${i + 1}`)
        }
        const expected = keywords.flatMap((keyword) =>
          Array.from({ length: text.length + 1 }, (_, end) => end)
            .filter((end) => text.slice(0, end).endsWith(keyword))
            .map((end) => `${keyword} ${end}`),
        )
        expect(found.sort()).toEqual(expected.sort())
      }),
    )
  })

  it('finds keywords deeper than the states that have rows', () => {
    const keywords = Array.from({ length: 9000 }, (_, i) => `${i.toString(36)}-${(i * 7919).toString(36)}.deep`)
    const automaton = new Automaton(keywords)
    for (const number of [0, 17, 8999]) {
      let state = automaton.start
      for (const char of `x.${keywords[number]}`) state = automaton.step(state, char.charCodeAt(0))
      expect(automaton.keywordAt(automaton.firstEnd(state))).toBe(number)
    }
  })
})

describe('Neighbours', () => {
  it('miss no word that is near', () => {
    const squash = new Squash()
    fc.assert(
      fc.property(fc.uniqueArray(letters(5, 9), { minLength: 1, maxLength: 8 }), letters(4, 10), (words, text) => {
        const neighbours = new Neighbours(words)
        squash.fill(text, text.length)
        const found: number[] = []
        neighbours.look(squash, 0, text.length, 2, found)
        words.forEach((word, i) => {
          const edit = editOf(word, text, word.length >= 7 ? 2 : 1)
          if (edit !== undefined) expect(found, `${word} near ${text}`).toContain(i)
        })
      }),
    )
  })
})

describe('Spans', () => {
  it('cover what one of them covers', () => {
    const span = fc.tuple(fc.nat(12), fc.nat(12)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }))
    fc.assert(
      fc.property(fc.array(span, { maxLength: 6 }), span, (all, asked) => {
        const covering = all.filter(({ start, end }) => start <= asked.start && asked.end <= end)
        const longer = covering.filter(({ start, end }) => end - start > asked.end - asked.start)
        const spans = new Spans(all)
        expect(spans.cover(asked)).toBe(covering.length > 0)
        expect(spans.coverMore(asked)).toBe(longer.length > 0)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('Watchlist', () => {
  const watchlist = Watchlist.of({
    own: ['example.com', '=mail.example.org', '*.example.net', 'ip:192.0.2.0/24'],
    brands: [
      { name: 'PayPal', tokens: ['paypal'], domains: ['paypal.com'] },
      { name: 'eki-net', tokens: ['eki-net'], domains: ['eki-net.com'] },
      { name: 'LINE', tokens: ['line'], domains: ['line.me'] },
    ],
    words: ['*bank*'],
    patterns: ['^a+b'],
  })
  const piece = fc.oneof(
    fc.constantFrom(
      'paypal',
      'paypa1',
      'eki',
      'net',
      'line',
      'login',
      'xn--',
      'xn--pypal-4ve',
      '.',
      '-',
      '*',
      '?',
      '\0',
      '\\000',
      '\\999',
      ':',
      '/',
      'example.com',
      'co.jp',
      'top',
      'rn',
      '\u0430',
      ' ',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  const name = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

  it('takes any text, and its points and places are true', () => {
    fc.assert(
      fc.property(name, (text) => {
        for (const match of watchlist.match(text)) {
          const sum = match.reasons.reduce((total, { points }) => total + points, 0)
          expect(match.score).toBe(Math.max(0, Math.min(100, sum)))
          for (const { at } of match.reasons)
            if (at !== undefined)
              expect(0 <= at[0] && at[0] < at[1] && at[1] <= match.name.length, `${at} in ${match.name}`).toBe(true)
        }
        expect(watchlist.explain(text).join('')).toMatch(/^[\x20-\x7e]*$/)
      }),
      { numRuns: 2000 },
    )
  })
})
