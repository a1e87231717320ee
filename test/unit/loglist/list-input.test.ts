import { describe, expect, it } from 'vitest'
import { APPLE_LIST_URL, CHROME_LIST_URL } from '../../../src/loglist/defaults.js'
import { listOrigins } from '../../../src/loglist/list-input.js'

describe('listOrigins', () => {
  it("is Chrome's and Apple's by default", () => {
    expect(listOrigins(undefined)).toEqual([
      { kind: 'url', name: 'chrome', url: CHROME_LIST_URL },
      { kind: 'url', name: 'apple', url: APPLE_LIST_URL },
    ])
  })

  const list = { operators: [] }
  it.each<[unknown, unknown]>([
    [
      'https://lists.test-ca.org/a.json',
      { kind: 'url', name: 'https://lists.test-ca.org/a.json', url: 'https://lists.test-ca.org/a.json' },
    ],
    [
      new URL('https://crt.sh/v3/logs.json?include=all'),
      { kind: 'url', name: 'crt.sh', url: 'https://crt.sh/v3/logs.json?include=all' },
    ],
    [
      'https://lists.test-ca.org/a.json#top',
      { kind: 'url', name: 'https://lists.test-ca.org/a.json', url: 'https://lists.test-ca.org/a.json' },
    ],
    ['http://127.0.0.1:80/a', { kind: 'url', name: 'http://127.0.0.1/a', url: 'http://127.0.0.1/a' }],
    ['http://localhost:8000/a', { kind: 'url', name: 'http://localhost:8000/a', url: 'http://localhost:8000/a' }],
    ['lists/all.json', { kind: 'file', name: 'lists/all.json', path: 'lists/all.json' }],
    ['/lists/all.json', { kind: 'file', name: '/lists/all.json', path: '/lists/all.json' }],
    ['C:\\lists\\all.json', { kind: 'file', name: 'C:\\lists\\all.json', path: 'C:\\lists\\all.json' }],
    ['file:///lists/all%20logs.json', { kind: 'file', name: '/lists/all logs.json', path: '/lists/all logs.json' }],
    [list, { kind: 'json', name: 'given', json: list }],
  ])('%s', (value, expected) => {
    expect(listOrigins(value)).toEqual([expected])
    expect(listOrigins([value])).toEqual([expected])
  })

  it('numbers parsed lists', () => {
    expect(listOrigins([list, 'a.json', { operators: [] }]).map(({ name }) => name)).toEqual([
      'given',
      'a.json',
      'given-2',
    ])
  })

  it('takes http from elsewhere only when told', () => {
    expect(() => listOrigins('http://lists.test-ca.org/')).toThrow(/https URL/)
    expect(listOrigins('http://lists.test-ca.org/', { allowHttp: true })).toHaveLength(1)
  })

  it.each<[string, unknown, RegExp]>([
    ['a number', 7, /`logList` must be a URL, a file path, or a parsed log list .* got 7 \(number\)/],
    ['null', null, /got null/],
    ['an empty string', '', /file path/],
    ['no list', [], /at least one log list/],
    ['an object that is no list', { logs: [] }, /an object with `operators`/],
    ['JSON text', '{"operators":[]}', /it is JSON text/],
    ['another scheme', 'ftp://lists.test-ca.org/', /https URL/],
    ['a URL that is none', 'https://', /https URL/],
    ['a password', 'https://a:secret@lists.test-ca.org/', /without user and password/],
    ['a file of another machine', 'file://server/lists/all.json', /of this machine|file path/],
    ['the same twice', [CHROME_LIST_URL, new URL(CHROME_LIST_URL)], /twice/],
    ['one bad among good', [CHROME_LIST_URL, 7], /`logList\[1\]`/],
  ])('refuses %s', (_, value, message) => {
    expect(() => listOrigins(value)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringMatching(message) }),
    )
  })

  it('does not repeat a password', () => {
    expect(() => listOrigins('https://a:secret@lists.test-ca.org/')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    )
  })
})
