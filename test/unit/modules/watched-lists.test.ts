import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Transport } from '../../../src/http/transport.js'
import { type ListFiles, type ListName, WatchedLists } from '../../../src/modules/watched-lists.js'

const signal = new AbortController().signal

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ct-stream-lists-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

/** Lists in a folder and at `https://lists.example/`; an error instead of content is that of the server. */
function listing(files: ListFiles, served: Map<string, string | Error> = new Map()) {
  const kept = new Map<string, Uint8Array>()
  const messages: string[] = []
  const say = (message: string) => void messages.push(message)
  const get: Transport['get'] = async (url) => {
    const content = served.get(String(url)) ?? new Error('nothing here')
    if (content instanceof Error) throw content
    return { status: 200, headers: {}, body: Buffer.from(content) }
  }
  const make = () =>
    new WatchedLists({
      rules: {},
      files,
      log: { debug() {}, info: say, warn: say, error: say },
      transport: async () => ({ get }) as Transport,
      keepsake: { before: kept, keep: (key, bytes) => void kept.set(key, bytes) },
    })
  return { lists: make(), make, messages, served }
}

/** Two lists of this kind, as they are before and after each look; an error is that of the server of the second one. */
async function looks(list: ListName, contents: readonly [first: string, second: string | Error][]) {
  const first = join(folder(), 'first.txt')
  const second = 'https://lists.example/second.txt'
  const { lists, messages, served } = listing({ [list]: [first, second] })
  const go = async ([ofFirst, ofSecond]: (typeof contents)[number], i: number) => {
    writeFileSync(first, ofFirst)
    // Whatever the time that the file system writes down.
    utimesSync(first, i, i)
    served.set(second, ofSecond)
    await (i === 0 ? lists.open(signal) : lists.reload(signal))
  }
  for (const [i, one] of contents.entries()) await go(one, i)
  return { messages, matches: (name: string) => lists.watchlist.match(name).map(({ brand, rule }) => brand ?? rule) }
}

describe('WatchedLists', () => {
  it.each([
    ['earlier', ['Other: otherbrand\nExample: examplebrand\n', 'Third: thirdbrand\n']],
    ['later', ['Third: thirdbrand\n', 'Other: otherbrand\nExample: examplebrand\n']],
  ] as const)('takes a brand that moves to the %s list with one look', async (_, [first, second]) => {
    const before = [second, first] as [string, string]
    const { matches, messages } = await looks('brands', [before, [first, second]])
    for (const name of ['examplebrand', 'otherbrand', 'thirdbrand'])
      expect(matches(`${name}-login.top`)).toHaveLength(1)
    expect(messages).toHaveLength(2)
    for (const message of messages) expect(message).toMatch(/has changed: [12] entries, before [12]$/)
  })

  it.each<[string, string | Error, RegExp]>([
    ['cannot be read', new Error('no route'), /cannot be reloaded and stays as it was \(1 entries\): .*no route/],
    ['is invalid', 'example.net\nexample.com\n??\n', /cannot be reloaded and stays as it was \(1 entries\): .*:3/],
  ])('holds an entry that may have moved to a list that %s, and takes what is new', async (_, broken, message) => {
    const contents: [string, string | Error][] = [
      ['example.com\nexample.org\n', 'example.net\n'],
      ['example.org\nexample.edu\n', broken],
    ]
    const during = await looks('own', contents)
    const names = ['a.example.com', 'a.example.org', 'a.example.edu', 'a.example.net']
    for (const name of names) expect(during.matches(name)).toHaveLength(1)
    expect(during.messages).toHaveLength(2)
    expect(during.messages[0]).toMatch(message)
    expect(during.messages[1]).toMatch(/first\.txt has changed: 3 entries, before 2, 1 of them no longer in it/)

    // It is no longer held when the other list is good again, wherever it went.
    const after = await looks('own', [...contents, contents[1] as [string, string], ['example.org\n', 'example.net\n']])
    expect(after.messages.filter((line) => /has changed/.test(line))).toHaveLength(2)
    expect(names.map((name) => after.matches(name).length)).toEqual([0, 1, 0, 1])
  })

  it('takes what a brand is now while another list is broken', async () => {
    const { matches } = await looks('brands', [
      ['Example: examplebrand\nMoved: movedbrand\n', 'Other: otherbrand\n'],
      ['Example: newbrand\n', 'Other: -\n'],
    ])
    const names = ['examplebrand', 'newbrand', 'movedbrand', 'otherbrand'].map((name) => `${name}-login.top`)
    expect(names.map(matches)).toEqual([[], ['Example'], ['Moved'], ['Other']])
  })

  it('holds nothing that is allowed, which would be silence', async () => {
    const first = join(folder(), 'allow.txt')
    const second = 'https://lists.example/allow.txt'
    const brands = join(folder(), 'brands.txt')
    writeFileSync(brands, 'Example: examplebrand\n')
    writeFileSync(first, 'examplebrand-fans.top\nother.top\n')
    const { lists, served } = listing({ brands: [brands], allow: [first, second] }, new Map([[second, 'more.top\n']]))
    await lists.open(signal)
    expect(lists.watchlist.match('examplebrand-fans.top')).toEqual([])
    writeFileSync(first, 'other.top\n')
    served.set(second, new Error('no route'))
    await lists.reload(signal)
    expect(lists.watchlist.match('examplebrand-fans.top')).toHaveLength(1)
  })

  it('leaves a list as it was that cannot be together with the others, and takes those', async () => {
    const { matches, messages } = await looks('brands', [
      ['One: onebrand\n', 'Two: twobrand\n'],
      ['One: onebrand\nThree: threebrand\n', 'Two: twobrand\nThree: threebrand\n'],
    ])
    expect(matches('threebrand-login.top')).toEqual(['Three'])
    expect(messages.filter((line) => /stays as it was/.test(line))).toEqual([expect.stringMatching(/Three|is that of/)])
  })

  it('keeps all lists for the next thread, also those that an earlier attempt to begin has read', async () => {
    const own = join(folder(), 'own.txt')
    writeFileSync(own, 'example.com\n')
    const url = 'https://lists.example/words.txt'
    const { lists, make, served } = listing({ own: [own], words: [url] })
    await expect(lists.open(signal)).rejects.toThrow('nothing here')
    served.set(url, 'pay*\n')
    await lists.open(signal)
    const next = make()
    expect(next.openKept()).toBe(true)
    expect(next.watchlist.match('www.example.com')).toHaveLength(1)
  })
})
