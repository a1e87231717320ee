import { describe, expect, it } from 'vitest'
import { readList } from '../../../src/watchlist/list-line.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

const rulesOf = (watchlist: Watchlist, name: string) => watchlist.match(name).map(({ rule }) => rule)

describe('readList', () => {
  it('takes an entry a line, with comments, empty lines, a byte order mark and Windows line ends', () => {
    expect(
      readList('\ufeff# ours\r\nExample.COM\r\n\r\n  =a.example.com   # mail\n#b.example.com\nc.example.com', {
        file: 'own.txt',
      }),
    ).toEqual([
      { text: 'Example.COM', file: 'own.txt', line: 2 },
      { text: '=a.example.com', file: 'own.txt', line: 4 },
      { text: 'c.example.com', file: 'own.txt', line: 6 },
    ])
  })

  it('refuses a page that is no list, a line without end and a list of a million lines and more', () => {
    const invalid = (message: string) =>
      expect.objectContaining({ code: 'CT_WATCHLIST_INVALID', message: expect.stringContaining(message) })
    expect(() => readList('\n <!DOCTYPE html><p>Not found', { file: 'https://x/own' })).toThrow(
      invalid('https://x/own: is a page'),
    )
    expect(() => readList(`a.example\n${'a'.repeat(5000)}`)).toThrow(invalid('list:2: is longer than 4096'))
    expect(() => readList('a\n'.repeat(11), { maxLines: 10 })).toThrow(invalid('more than 10 lines'))
    expect(() => readList('\n'.repeat(1_000_001), { maxLines: 2_000_000 })).toThrow(invalid('more than 1000000 lines'))
    expect(readList('a\n'.repeat(1_000_000))).toHaveLength(1_000_000)
  })

  it('lets errors name file, line and reason', () => {
    const own = readList('example.com\n\nexample..com\u202e\n', { file: 'own.txt' })
    expect(() => Watchlist.of({ own })).toThrow(
      expect.objectContaining({
        code: 'CT_WATCHLIST_INVALID',
        message: expect.stringMatching(/^own\.txt:3: must be a name of yours: .*, got "example\.\.com\\u\{?202e/),
      }),
    )
    expect(() => Watchlist.of({ patterns: readList('ok\n(?=x)', { file: 'p' }) })).toThrow(
      /^p:2: must be a regular expression in RE2's syntax/,
    )
    expect(() => Watchlist.of({ words: readList('two words', { file: 'w' }) })).toThrow(/^w:1: must be a word/)
  })
})

describe('words', () => {
  it.each([
    ['bank', 'bank.example.com', true],
    ['bank', 'ebank.example.com', false],
    ['bank', 'example.bank', true],
    ['bank*', 'bank-1.example.com', true],
    ['bank*', 'ebank.example.com', false],
    ['*bank', 'ebank.example.com', true],
    ['*bank', 'banker.example.com', false],
    ['*bank*', 'embankment.example.com', true],
    ['*BANK*', 'ebanker.com', true],
    ['*bank*', 'ban.k.com', false],
    ['e-bank', 'E-BANK.example.com', true],
  ])('%s in %s: %s', (word, name, expected) => {
    expect(rulesOf(Watchlist.of({ words: [word] }), name)).toEqual(expected ? [word.toLowerCase()] : [])
  })

  it('finds what overlaps, each rule once and with its place', () => {
    const watchlist = Watchlist.of({ words: ['*he*', '*she*', '*hers*', 'ushers', '*us*', 'us'] })
    expect(rulesOf(watchlist, 'ushers.ushers').sort()).toEqual(['*he*', '*hers*', '*she*', '*us*', 'ushers'])
    expect(watchlist.match('x.ushers')[0]?.reasons[0]?.at).toEqual([2, 4])
  })
})

describe('patterns', () => {
  it('match the whole name, in either case, and the Unicode form of A-labels', () => {
    expect(rulesOf(Watchlist.of({ patterns: ['^Login[0-9]+\\.'] }), 'login27.example.com')).toEqual(['^Login[0-9]+\\.'])
    expect(rulesOf(Watchlist.of({ patterns: ['bücher'] }), 'xn--bcher-kva.example')).toEqual(['bücher'])
  })

  it.each(['(', '(?!x)a', '(a)\\1', '', '.*', 'a'.repeat(1025)])('refuses %j', (pattern) => {
    expect(() => Watchlist.of({ patterns: [pattern] })).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining('patterns[0]') }),
    )
  })

  it('take linear time where a RegExp would take for ever', () => {
    // 2^63 steps for a backtracking engine.
    expect(Watchlist.of({ patterns: ['^(a+)+$'] }).match(`${'a'.repeat(63)}.${'a'.repeat(63)}.com`)).toEqual([])
  })
})

describe('Watchlist.of', () => {
  it.each([
    [null, 'options'],
    [{ owns: [] }, 'did you mean `own`'],
    [{ own: 'example.com' }, 'own'],
    [{ own: [7] }, 'own[0]'],
    [{ own: [{ text: 'example.com' }] }, 'own[0]'],
    [{ words: [['a']] }, 'words[0]'],
    [{ patterns: [/a/] }, 'patterns[0]'],
  ])('refuses %j', (options, said) => {
    expect(() => Watchlist.of(options as never)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining(said) }),
    )
  })

  it('refuses more patterns than it could try on each name', () => {
    expect(() => Watchlist.of({ patterns: Array.from({ length: 10_001 }, () => 'a') })).toThrow(
      /`patterns` must be an array of at most 10000/,
    )
  })
})
