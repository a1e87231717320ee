import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logFromHeader, logHeader } from '../../../src/amqp/log-header.js'
import type { LogInfo } from '../../../src/types/log.js'

const id = Buffer.alloc(32, 1).toString('base64')

describe('the header that describes a log', () => {
  it('is read as it was written', () => {
    const logs = fc.record<LogInfo>({
      id: fc.constant(id),
      description: fc.string({ unit: 'binary', maxLength: 200 }),
      operator: fc.string({ maxLength: 200 }),
      kind: fc.constantFrom('rfc6962' as const, 'static-ct' as const),
      url: fc.webUrl(),
    })
    fc.assert(
      fc.property(logs, (log) => {
        expect(logFromHeader(id, logHeader(log))).toEqual(log)
      }),
    )
  })

  it.each([
    '',
    'null',
    '[]',
    '{',
    '{"description":"d","operator":"o","kind":"other","url":"u"}',
    '{"description":1,"operator":"o","kind":"rfc6962","url":"u"}',
    JSON.stringify({ description: 'x'.repeat(5000), operator: 'o', kind: 'rfc6962', url: 'u' }),
  ])('is refused when it describes none: %j', (text) => {
    expect(logFromHeader(id, text)).toBeUndefined()
  })
})
