import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeTime } from '../../../src/x509/dates.js'
import { Tag } from '../../../src/x509/der.js'
import { bytes } from './build.js'

const decode = (tag: number, text: string, note?: (code: string) => void) =>
  decodeTime(bytes(text), tag, 0, text.length, note)
const digits = (date: Date) => date.toISOString().replace(/\D/g, '').slice(0, 14)

// The oddities have their tests in the table of hazards.
describe('dates', () => {
  it('are those of the calendar, 1950 to 2049 as UTCTime', () => {
    const day = fc.date({ min: new Date('1950-01-01'), max: new Date('2049-12-31T23:59:59Z'), noInvalidDate: true })
    fc.assert(
      fc.property(day, (date) => {
        const second = Math.floor(date.getTime() / 1000) * 1000
        expect(decode(Tag.utcTime, `${digits(date).slice(2)}Z`)).toBe(second)
      }),
    )
  })

  it('are those of the calendar, all years as GeneralizedTime', () => {
    const day = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(day, (date) => {
        expect(decode(Tag.generalizedTime, `${digits(date)}Z`)).toBe(Math.floor(date.getTime() / 1000) * 1000)
      }),
    )
  })

  it('know leap years', () => {
    for (const year of ['2000', '2004', '2096', '1600'])
      expect(decode(Tag.generalizedTime, `${year}0229000000Z`)).toBeDefined()
    for (const year of ['1900', '2001', '2100'])
      expect(decode(Tag.generalizedTime, `${year}0229000000Z`)).toBeUndefined()
  })

  it('are a number or nothing, whatever the octets', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.stringMatching(/^[0-9Z+.-]{0,24}$/).map((text) => bytes(text)),
    )
    fc.assert(
      fc.property(octets, fc.constantFrom(Tag.utcTime, Tag.generalizedTime), (content, tag) => {
        const codes: string[] = []
        const time = decodeTime(content, tag, 0, content.length, (code) => codes.push(code))
        if (time === undefined) expect(codes).toEqual(['time-malformed'])
        else expect(Number.isSafeInteger(time)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
