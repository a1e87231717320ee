import { Tag, tagText } from './der.js'
import { ignore, type Note } from './note.js'
import { excerpt, latin1 } from './strings.js'

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})?$/
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?(Z|[+-]\d{4})?$/
/** Longest text that can be a date. */
const MAX_TEXT = 64
/** GeneralizedTime is for 2050 and later (RFC 5280 section 4.1.2.5). */
const FIRST_GENERALIZED = Date.UTC(2050, 0, 1)

/**
 * Epoch milliseconds of a UTCTime or GeneralizedTime; `undefined`, with a note, when it is not a date.
 *
 * Besides the two forms of RFC 5280 section 4.1.2.5 (`YYMMDDHHMMSSZ`, `YYYYMMDDHHMMSSZ`) it accepts, and notes: missing seconds, missing
 * minutes (GeneralizedTime), a fraction of a second (truncated to milliseconds), an offset, a missing zone (read as UTC), a
 * GeneralizedTime before 2050. Two-digit years are 1950 to 2049.
 */
export function decodeTime(
  bytes: Uint8Array,
  tag: number,
  start: number,
  stop: number,
  note: Note = ignore,
): number | undefined {
  if (tag === Tag.utcTime && stop - start === 13) {
    const time = standardUtcTime(bytes, start)
    if (time !== undefined) return time
  }
  return anyTime(tag, latin1(bytes, start, Math.min(stop, start + MAX_TEXT)), note)
}

/** Reads `YYMMDDHHMMSSZ`, the form of nearly all dates, without making a string. */
function standardUtcTime(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at + 12] !== 0x5a) return undefined
  const year = twoDigits(bytes, at)
  const month = twoDigits(bytes, at + 2)
  const day = twoDigits(bytes, at + 4)
  const hour = twoDigits(bytes, at + 6)
  const minute = twoDigits(bytes, at + 8)
  const second = twoDigits(bytes, at + 10)
  return epochMs(fullYear(year), month, day, hour, minute, second)
}

/** NaN when they are not digits. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - 0x30
  const units = (bytes[at + 1] as number) - 0x30
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : Number.NaN
}

function fullYear(twoDigitYear: number): number {
  return twoDigitYear >= 50 ? 1900 + twoDigitYear : 2000 + twoDigitYear
}

function anyTime(tag: number, text: string, note: Note): number | undefined {
  const isUtc = tag === Tag.utcTime
  if (!isUtc && tag !== Tag.generalizedTime) {
    note('time-malformed', `a date has tag ${tagText(tag)}`)
    return undefined
  }
  const match = text.length === MAX_TEXT ? null : (isUtc ? utcTime : generalizedTime).exec(text)
  const time = match === null ? undefined : isUtc ? utcParts(match) : generalizedParts(match)
  if (time === undefined) {
    note('time-malformed', `${JSON.stringify(excerpt(text))} is not a date`)
    return undefined
  }
  const form = isUtc ? /^\d{12}Z$/ : /^\d{14}Z$/
  if (!form.test(text) || (!isUtc && time < FIRST_GENERALIZED))
    note('time-nonstandard', `${JSON.stringify(excerpt(text))} is not written as RFC 5280 section 4.1.2.5 asks`)
  return time
}

function utcParts([, year, month, day, hour, minute, second, zone]: RegExpExecArray): number | undefined {
  return shifted(
    epochMs(fullYear(Number(year)), Number(month), Number(day), Number(hour), Number(minute), Number(second ?? 0)),
    zone,
  )
}

function generalizedParts(match: RegExpExecArray): number | undefined {
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  const time = epochMs(Number(year), Number(month), Number(day), Number(hour), Number(minute ?? 0), Number(second ?? 0))
  const milliseconds = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'))
  return shifted(time === undefined ? undefined : time + milliseconds, zone)
}

/** Subtracts the zone's offset. */
function shifted(time: number | undefined, zone: string | undefined): number | undefined {
  if (time === undefined || zone === undefined || zone === 'Z') return time
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3, 5))
  if (hours > 23 || minutes > 59) return undefined
  const offset = (hours * 60 + minutes) * 60_000
  return zone.startsWith('-') ? time + offset : time - offset
}

/** Epoch milliseconds of a UTC date of the Gregorian calendar, years 0 to 9999; `undefined` when there is no such day or time. */
function epochMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  // Written so that NaN fails too.
  const inRange =
    year >= 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59
  if (!inRange) return undefined
  // Days since 1970-01-01, in years that begin in March: the leap day is the last day of such a year.
  const marchYear = month > 2 ? year : year - 1
  const marchMonth = month > 2 ? month - 3 : month + 9
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  const days = marchYear * 365 + leapDays + Math.floor((marchMonth * 153 + 2) / 5) + day - 1 - 719_468
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
