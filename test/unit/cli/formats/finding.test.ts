import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { Values } from '../../../../src/cli/flags/values.js'
import { findingFormatFrom } from '../../../../src/cli/formats/finding.js'
import type { Finding } from '../../../../src/types/finding.js'
import { sampleIo } from '../sample-io.js'

/** What terminals do something with, and halves of characters. */
const harmful = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\x1b[2J\r\n', '\u202e\u2066', '\ud800'),
)
const finding = fc.record({
  module: text,
  kind: text,
  subject: text,
  severity: fc.constantFrom('info', 'low', 'medium', 'high', 'critical'),
  score: fc.double({ min: 0, max: 100, noNaN: true }),
  reasons: fc.array(fc.record({ text }), { minLength: 1, maxLength: 3 }),
  firstSeen: fc.constant('2026-11-29T01:02:03.456Z'),
  certificate: fc.record({
    index: fc.nat(),
    log: fc.record({ description: text }),
    issuer: fc.record({
      organization: fc.option(text, { nil: undefined }),
      commonName: fc.option(text, { nil: undefined }),
    }),
    dnsNames: fc.array(text, { maxLength: 5 }),
  }),
}) as unknown as fc.Arbitrary<Finding>

const formatFor = (name: string, columns?: number) => {
  const { io } = sampleIo([])
  const isTTY = columns !== undefined
  const stdout = Object.assign(io.stdout, { isTTY, columns })
  const values = new Values(new Map([['format', { value: name, from: '--format' }]]))
  return findingFormatFrom(values, { ...io, stdout, env: { NO_COLOR: '1' } })
}

describe('a finding', () => {
  it('is one harmless line, whatever is in it, as text and as JSON', () => {
    const formats = [formatFor('text'), formatFor('text', 80), formatFor('json')]
    fc.assert(
      fc.property(finding, (finding) => {
        for (const format of formats) {
          const line = format(finding)
          expect(line.endsWith('\n')).toBe(true)
          expect(line.slice(0, -1)).not.toMatch(harmful)
        }
        expect(JSON.parse(formats[2]?.(finding) ?? '')).toEqual(JSON.parse(JSON.stringify(finding)))
      }),
    )
  })

  it('fits the terminal as text', () => {
    fc.assert(
      fc.property(finding, fc.integer({ min: 80, max: 200 }), (finding, columns) => {
        expect(stringWidth(formatFor('text', columns)(finding).slice(0, -1))).toBeLessThanOrEqual(columns)
      }),
    )
  })
})
