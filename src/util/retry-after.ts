/** The longest wait that a `Retry-After` header can demand, milliseconds: one hour. Longer ones are reduced to it. */
export const MAX_RETRY_AFTER_MS = 3_600_000

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/**
 * Reads a `Retry-After` header: a number of seconds or an HTTP date.
 *
 * Dates are read leniently: some logs print the zone as `UTC` instead of `GMT`.
 *
 * @param value - The header's value; `undefined` when there is none.
 * @param now - Epoch milliseconds; the answer's own `Date` header is the better choice where there is one.
 * @returns Milliseconds to wait, `0` to {@link MAX_RETRY_AFTER_MS}; `undefined` for a header that is neither.
 * @see RFC 9110 section 10.2.3
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim()
  if (text === undefined) return undefined
  // delay-seconds = 1*DIGIT
  if (/^\d{1,15}$/.test(text)) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS)
  const date = parseHttpDate(text)
  if (date === undefined) return undefined
  return Math.min(Math.max(0, date - now), MAX_RETRY_AFTER_MS)
}

/**
 * Epoch milliseconds of an HTTP date in its preferred form (RFC 9110 section 5.6.7), the zone being `GMT`, `UTC`, `Z` or
 * `+0000`; `undefined` for anything else.
 */
export function parseHttpDate(text: string): number | undefined {
  // IMF-fixdate  = day-name "," SP date1 SP time-of-day SP GMT      e.g. Sun, 06 Nov 1994 08:49:37 GMT
  const match =
    /^[A-Za-z]{3,9}, (\d{1,2})[ -]([A-Za-z]{3})[ -](\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC|Z|[+-]0000)$/.exec(text)
  if (match === null) return undefined
  const [day, month, year, hour, minute, second] = match.slice(1) as [string, string, string, string, string, string]
  const monthIndex = MONTHS.indexOf(month.toLowerCase())
  if (monthIndex < 0) return undefined
  const date = Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second))
  // Date.UTC turns 31 February into a day in March: such dates are invalid.
  return new Date(date).getUTCDate() === Number(day) ? date : undefined
}
