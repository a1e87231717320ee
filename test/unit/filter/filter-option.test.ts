import { describe, expect, it } from 'vitest'
import { DEDUPE_DEFAULTS, dedupeOption } from '../../../src/filter/dedupe.js'
import { filterOption } from '../../../src/filter/filter-option.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { Filter } from '../../../src/types/filter.js'
import { certificateOf, leafOf } from './made-leaf.js'

describe('the option `filter`', () => {
  it.each<[unknown, string]>([
    [null, '`filter` must be an object'],
    [['example.com'], '`filter` must be an object'],
    [{ domain: ['example.com'] }, '`filter.domain` does not exist, did you mean `domains`?'],
    [{ domains: 'example.com' }, '`filter.domains` must be an array of at least one, got'],
    [{ domains: [] }, '`filter.domains` must be an array of at least one, got'],
    [
      { domains: ['a.example', /x/, 'b.example', 'c d'] },
      "`filter.domains[3]` must be a RegExp or a domain name ('example",
    ],
    [{ domains: ['a.example', 7] }, '`filter.domains[1]` must be a string or a RegExp, got 7 (number)'],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    [{ domains: ['a.example', ,] }, '`filter.domains[1]` must be a string or a RegExp, got undefined (undefined)'],
    [{ issuers: [] }, '`filter.issuers` must be an array of at least one'],
    [{ issuers: [' '] }, '`filter.issuers[0]` must be a RegExp or a text that is not empty'],
    [{ issuers: [{}] }, '`filter.issuers[0]` must be a string or a RegExp'],
    [{ kinds: [] }, '`filter.kinds` must be an array of at least one'],
    [{ kinds: ['certificates'] }, "`filter.kinds[0]` must be one of 'certificate', 'precertificate', 'unparsable'"],
    [{ kinds: ['certificate', undefined] }, '`filter.kinds[1]` must be one of'],
    [{ notAfter: { from: '2026-01-01' } }, '`filter.notAfter.from` must be a valid Date'],
    [{ notAfter: { until: new Date() } }, '`filter.notAfter.until` does not exist'],
    [
      { notAfter: { from: new Date(5), before: new Date(5) } },
      '`filter.notAfter.from` must be earlier than `filter.notAfter.before`',
    ],
    [{ match: /x/ }, '`filter.match` must be a function'],
  ])('refuses %j at once', (filter, message) => {
    expect(() => ctStream({ filter: filter as Filter })).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining(`option ${message}`) }),
    )
  })

  it('keeps nothing of the objects it was given', () => {
    const domains: (string | RegExp)[] = ['a.example']
    const kinds: ('certificate' | 'precertificate')[] = ['certificate']
    const filter = filterOption('filter', { domains, kinds })
    domains[0] = 'b.example'
    kinds[0] = 'precertificate'
    expect(filter?.matches(certificateOf(leafOf({ names: ['a.example'] })))).toBe(true)
  })

  it('calls `match` as a method of its object', () => {
    const rule = {
      wanted: 'a.example',
      match(this: { wanted: string }, { dnsNames }: { dnsNames: readonly string[] }) {
        return dnsNames.includes(this.wanted)
      },
    }
    expect(() => filterOption('filter', rule as Filter)).toThrow('`filter.wanted` does not exist')
    Object.defineProperty(rule, 'wanted', { enumerable: false })
    const filter = filterOption('filter', rule as Filter)
    expect(filter?.matches(certificateOf(leafOf({ names: ['a.example'] })))).toBe(true)
  })

  it('refuses a `match` that does not say true or false, such as an async one', () => {
    const filter = filterOption('filter', { match: (async () => false) as never })
    expect(() => filter?.matches(certificateOf(leafOf({})))).toThrow(
      expect.objectContaining({
        code: 'CT_OPTION_INVALID',
        message: expect.stringContaining('true or false, got Promise'),
      }),
    )
  })
})

describe('the option `dedupe`', () => {
  it.each([
    ['certificates', "`dedupe` must be one of 'certificate', 'issuance'"],
    [true, '`dedupe` must be one of'],
    [null, '`dedupe` must be an object'],
    [{}, "`dedupe.by` must be one of 'certificate', 'issuance'"],
    [{ by: 'issuance', ttlM: 5 }, '`dedupe.ttlM` does not exist, did you mean `ttlMs`?'],
    [{ by: 'issuance', ttlMs: 999 }, '`dedupe.ttlMs` must be an integer from 1000'],
    [{ by: 'issuance', maxEntries: 0 }, '`dedupe.maxEntries` must be an integer from 1 to 50000000'],
    [{ by: 'issuance', maxEntries: Number.NaN }, '`dedupe.maxEntries` must be an integer'],
  ])('refuses %j at once', (dedupe, message) => {
    expect(() => ctStream({ dedupe: dedupe as never })).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining(`option ${message}`) }),
    )
  })

  it('has its defaults', () => {
    expect(dedupeOption('dedupe', undefined)).toBeUndefined()
    expect(dedupeOption('dedupe', false)).toBeUndefined()
    expect(dedupeOption('dedupe', 'issuance')).toEqual({ by: 'issuance', ...DEDUPE_DEFAULTS })
    expect(dedupeOption('dedupe', { by: 'certificate', ttlMs: 5000 })).toEqual({
      by: 'certificate',
      ttlMs: 5000,
      maxEntries: 1_000_000,
    })
  })
})
