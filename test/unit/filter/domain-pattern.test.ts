import { describe, expect, it } from 'vitest'
import { parseDomainPattern } from '../../../src/filter/domain-pattern.js'

describe('parseDomainPattern', () => {
  it.each([
    ['example.com', 'example.com', true, true],
    ['=example.com', 'example.com', true, false],
    ['*.example.com', 'example.com', false, true],
    ['EXAMPLE.Com.', 'example.com', true, true],
    ['=WWW.example.com.', 'www.example.com', true, false],
    ['com', 'com', true, true],
    ['_dmarc.a-b.example', '_dmarc.a-b.example', true, true],
    ['123.example', '123.example', true, true],
    ['1.2.3.example', '1.2.3.example', true, true],
    ['bücher.example', 'xn--bcher-kva.example', true, true],
    ['*.BÜCHER.example', 'xn--bcher-kva.example', false, true],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', true, true],
    ['例え。テスト', 'xn--r8jz45g.xn--zckzah', true, true],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`, true, true],
  ])('reads %s', (pattern, name, self, below) => {
    expect(parseDomainPattern('filter.domains[0]', pattern)).toEqual({ name, self, below })
  })

  it.each([
    '',
    '.',
    '=',
    '*.',
    '*',
    '.example.com',
    'example..com',
    'example.com..',
    ' example.com',
    'exa mple.com',
    'www.*.com',
    '=*.example.com',
    '*.*.example.com',
    '**.example.com',
    'w*.example.com',
    'http://example.com',
    'example.com/',
    'bü/cher.example',
    'bü?x.example',
    'bü#x.example',
    'bü\\x.example',
    'bü%41.example',
    'ü:1.example',
    'example.com:443',
    'user@example.com',
    'exa\0mple.com',
    '\u200b.example',
    '/^example/',
    `${'a'.repeat(64)}.example`,
    `${'ü'.repeat(60)}.example`,
    Array(128).fill('aa').join('.'),
    'ü'.repeat(100_000),
  ])('refuses %s', (pattern) => {
    expect(() => parseDomainPattern('filter.domains[3]', pattern)).toThrow(
      expect.objectContaining({
        code: 'CT_OPTION_INVALID',
        message: expect.stringContaining('option `filter.domains[3]` must be a RegExp or a domain name'),
      }),
    )
  })

  it.each(['192.0.2.1', '=192.0.2.1', '*.192.0.2.1', '2001:db8::1'])(
    'refuses the address %s, and says how',
    (pattern) => {
      expect(() => parseDomainPattern('filter.domains[3]', pattern)).toThrow('and not an IP address')
    },
  )
})
