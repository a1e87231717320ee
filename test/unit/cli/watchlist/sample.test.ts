import { expect, it } from 'vitest'
import { sampleNames } from '../../../../src/cli/watchlist/sample.js'

it.each([
  ['example.com', 'login.example.com'],
  ['*.example.com', 'login.example.com'],
  ['=mail.example.com', 'mail.example.com'],
  ['m\u00fcnchen.de', 'login.xn--mnchen-3ya.de'],
  ['*.M\u00dcNCHEN.de.', 'login.xn--mnchen-3ya.de'],
  ['=m\u00fcnchen.de', 'xn--mnchen-3ya.de'],
])('the sample name of %s is one that a certificate can have', (rule, name) => {
  expect(sampleNames({ own: ['ip:192.0.2.0/24', rule] })).toEqual([name])
})
