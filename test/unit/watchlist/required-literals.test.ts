import { domainToUnicode } from 'node:url'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { type PatternRule, PatternRules } from '../../../src/watchlist/pattern-rules.js'
import { requiredLiterals } from '../../../src/watchlist/required-literals.js'

/** Expressions of which most need a literal: of few letters, so that texts meet them. */
const { expression } = fc.letrec<{ expression: string; part: string; repeated: string }>((tie) => ({
  expression: fc.array(tie('repeated'), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
  repeated: fc
    .tuple(tie('part'), fc.constantFrom('', '', '', '', '?', '*', '+', '{2}', '{0,2}', '{1,}', '??', '+?'))
    .map(([part, repetition]) => part + repetition),
  part: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('abc', 'CAB', 'bca', 'aabb', 'abc'),
    fc.constantFrom('bca', 'CaB', 'aabb', 'abc'),
    fc.constantFrom(
      'a',
      'b',
      'c',
      'S',
      'k',
      '1',
      '-',
      '\\.',
      '\\-',
      '.',
      'abc',
      'CAB',
      'xn--',
      'ß',
      'ſ',
      '\u212a',
      '@',
    ),
    fc.constantFrom(
      '[ab]',
      '[^ab]',
      '[a-c]',
      '[]a]',
      '[a\\-]',
      '[\\d]',
      '[[:alpha:]]',
      '[a-]',
      '[1.]',
      '[\\pL]',
      '[S\\.]',
    ),
    fc.constantFrom(
      '\\d',
      '\\w',
      '\\b',
      '\\x61',
      '\\x{62}',
      '\\pL',
      '\\p{Greek}',
      '\\Qab\\E',
      '\\Qa.c\\E',
      '^',
      '$',
      '(?i)',
      '(?-i)',
    ),
    tie('expression').map((inner) => `(${inner})`),
    tie('expression').map((inner) => `(?:${inner})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(?P<n>${a}|${b})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(?s-i:${a}|${b}|)`),
  ),
}))

const text = fc
  .array(fc.constantFrom(...'abcskABCSK1-.@ßſ\u212a\n', 'abc', 'cab', 'bca', 'aabb', 'abc', 'xn--'), { maxLength: 12 })
  .map((parts) => parts.join(''))
const name = fc.oneof(
  text,
  text,
  fc.constantFrom('xn--sk-bja.abc', 'xn--bc-vja.example', 'abc.xn--p1ai', 'xn--ab-xka.cab'),
)

function compiled(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source, RE2JS.CASE_INSENSITIVE)
  } catch (error) {
    if (error instanceof Error && error.constructor.name.startsWith('RE2JS')) return undefined
    throw error
  }
}

describe('what an expression needs', () => {
  it.each([
    ['paypal', ['paypal']],
    ['^(?:.*\\.)?PayPal\\.', ['paypal.']],
    ['paypa[l1]', ['paypal', 'paypa1']],
    ['secure-?login', ['secure-login', 'securelogin']],
    ['(apple|google|microsoft)-id', ['apple-id', 'google-id', 'microsoft-id']],
    ['bank.*secure', ['secure']],
    ['(ab|cd)', undefined],
    ['a?b?c?', undefined],
    ['[0-9]+', undefined],
    ['(?:paypal|ab).*', undefined],
    ['(?:wallet|[0-9]{4}account).*', ['wallet', 'account']],
    ['\\Qmy.shop\\E', ['my.shop']],
    ['(?:login){2,3}', ['login']],
    ['\\101pple', undefined],
    // RE2JS has it repeat what is before the flags.
    ['(pay){2}(?U)*', undefined],
    ['paypal(?i)(?s){0,2}', undefined],
    ['(?i)paypal', ['paypal']],
  ])('of %s is %j', (source, literals) => {
    expect(requiredLiterals(source)).toEqual(literals)
  })

  it('is in every text that it matches', () => {
    let needing = 0
    let matching = 0
    fc.assert(
      fc.property(expression, fc.array(text, { minLength: 1, maxLength: 20 }), (source, texts) => {
        const pattern = compiled(source)
        if (pattern === undefined) return
        const literals = requiredLiterals(source)
        if (literals === undefined) return
        needing++
        for (const one of texts) {
          if (!pattern.test(one)) continue
          matching++
          const lower = one.toLowerCase().replaceAll('ſ', 's')
          if (!literals.some((literal) => lower.includes(literal)))
            expect.fail(`${source} matches ${JSON.stringify(one)}`)
        }
      }),
      { numRuns: 3000 },
    )
    // Enough to mean something, and few enough for any seed.
    expect(needing).toBeGreaterThan(50)
    expect(matching).toBeGreaterThan(50)
  })
})

describe('expressions', () => {
  it('match what each matches by itself, in order', () => {
    let matches = 0
    fc.assert(
      fc.property(
        fc.array(expression, { minLength: 1, maxLength: 30 }),
        fc.array(name, { minLength: 1, maxLength: 20 }),
        (sources, names) => {
          const rules: PatternRule[] = sources.flatMap((source) => {
            const pattern = compiled(source)
            return pattern === undefined ? [] : [{ source, compiled: pattern }]
          })
          const all = new PatternRules(rules)
          for (const one of names) {
            const unicode = one.includes('xn--') ? domainToUnicode(one) : one
            const expected = rules.filter(
              ({ compiled: rule }) => rule.test(one) || (unicode !== '' && rule.test(unicode)),
            )
            const found = all.match(one)
            matches += found.length
            expect(found.map(({ rule }) => rule)).toEqual(expected.map(({ source }) => source))
          }
        },
      ),
      { numRuns: 1000 },
    )
    expect(matches).toBeGreaterThan(1000)
  })
})
