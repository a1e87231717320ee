import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BodyCollector } from '../../../src/http/body-collector.js'

it('joins any pieces up to the bound into its own memory, whatever length was announced', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 })
  const announced = fc.option(fc.nat(250), { nil: undefined })
  fc.assert(
    fc.property(pieces, announced, fc.nat(250), (parts, length, maxBytes) => {
      const whole = Buffer.concat(parts)
      const body = new BodyCollector(maxBytes, length)
      let fits = true
      for (const part of parts) if (fits) fits = body.push(Buffer.from(part))
      expect(fits).toBe(whole.length <= maxBytes)
      const bytes = body.bytes()
      expect(Buffer.compare(bytes, whole.subarray(0, maxBytes))).toBe(0)
      expect([bytes.constructor, bytes.buffer.byteLength, body.length]).toEqual([
        Uint8Array,
        bytes.length,
        bytes.length,
      ])
    }),
  )
})
