import { describe, expect, it } from 'vitest'
import { userAgent } from '../../../src/http/user-agent.js'

describe('userAgent', () => {
  it.each([
    [undefined, 'ct-stream/1.2.3 (+https://www.npmjs.com/package/ct-stream)'],
    ['ops@example.org', 'ct-stream/1.2.3 (+https://www.npmjs.com/package/ct-stream) ops@example.org'],
    ['a+b@x.co', 'ct-stream/1.2.3 (+https://www.npmjs.com/package/ct-stream) a+b@x.co'],
    [
      'https://example.org/ct?x=1',
      'ct-stream/1.2.3 (+https://www.npmjs.com/package/ct-stream) https://example.org/ct?x=1',
    ],
  ])('with contact %j', (contact, want) => {
    expect(userAgent('1.2.3', contact)).toBe(want)
    expect(new Headers({ 'user-agent': want }).get('user-agent')).toBe(want)
  })

  it.each([
    '',
    'ops',
    'ops@localhost',
    'ops@example.org\r\nx: y',
    'ops @example.org',
    'http://example.org/',
    'https://',
    'https://user:pass@example.org/',
    'https://exämple.org/',
    `https://example.org/${'x'.repeat(254)}`,
    42,
    null,
  ])('refuses %j', (contact) => {
    expect(() => userAgent('1.2.3', contact as string)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining('contact') }),
    )
  })
})
