import { type InspectedCertificate, type JudgedFacts, validityMs } from './facts.js'
import { breach, type RuleBreach } from './rule.js'

interface Limit {
  /** Applies to certificates with this `notBefore` or later. */
  readonly from: number
  readonly days?: number
  readonly months?: number
}

/** Longest validity, latest first: BR 6.3.2 and its earlier versions. */
const LIMITS: readonly Limit[] = [
  { from: Date.UTC(2029, 2, 15), days: 47 },
  { from: Date.UTC(2027, 2, 15), days: 100 },
  { from: Date.UTC(2026, 2, 15), days: 200 },
  { from: Date.UTC(2020, 8, 1), days: 398 },
  { from: Date.UTC(2018, 2, 1), days: 825 },
  { from: Date.UTC(2015, 3, 1), months: 39 },
  { from: Date.UTC(2012, 6, 1), months: 60 },
]
const COUNTED_FROM = Date.UTC(2020, 8, 1)
const DAY = 86_400_000
const MOST_BACKDATED = 2 * DAY
/** When the profiles of BR 2.0.0 took effect, with the first rule on backdating. */
const PROFILES_FROM = Date.UTC(2023, 8, 15)

/** @param loggedAfterMs - From the facts. */
export function validityRules(
  notBefore: Date | undefined,
  notAfter: Date | undefined,
  loggedAfterMs: number | null,
): RuleBreach[] {
  if (notBefore === undefined || notAfter === undefined) return []
  const found: RuleBreach[] = []
  const ms = validityMs({ notBefore, notAfter }) as number
  if (ms <= 0) found.push(breach('validity-negative'))
  const begin = notBefore.getTime()
  const limit = LIMITS.find(({ from }) => begin >= from)
  if (limit !== undefined && ms > longest(limit, begin)) {
    const most = limit.days === undefined ? `${limit.months} months` : `${limit.days} days`
    found.push(breach('validity-long', `${Math.ceil(ms / DAY)} days, at most ${most} from ${dayOf(limit.from)}`))
  }
  if (begin >= PROFILES_FROM && loggedAfterMs !== null) {
    const hours = Math.floor(Math.abs(loggedAfterMs) / 3_600_000)
    if (loggedAfterMs > MOST_BACKDATED) found.push(breach('backdated', `first seen ${hours} hours later`))
    if (loggedAfterMs < -MOST_BACKDATED) found.push(breach('forward-dated', `${hours} hours`))
  }
  return found
}

/**
 * Whether {@link validityRules} would find no breach.
 *
 * @param begin - `notBefore`, and `end`: `notAfter`, epoch milliseconds.
 * @param loggedAfterMs - From the facts; NaN when unknown.
 */
export function isSoundValidity(begin: number, end: number, loggedAfterMs: number): boolean {
  const ms = end - begin + 1000
  const limit = LIMITS.find(({ from }) => begin >= from)
  if (ms <= 0 || (limit !== undefined && ms > longest(limit, begin))) return false
  return begin < PROFILES_FROM || !(Math.abs(loggedAfterMs) > MOST_BACKDATED)
}

/** Only since the limit of 398 days do the rules say that the last second counts; for earlier limits one second more is tolerated. */
function longest({ from, days, months = 0 }: Limit, begin: number): number {
  const forgiven = from < COUNTED_FROM ? 1000 : 0
  if (days !== undefined) return days * DAY + forgiven
  const end = new Date(begin)
  end.setUTCMonth(end.getUTCMonth() + months)
  return end.getTime() - begin + forgiven
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

const ENTROPY_FROM = Date.UTC(2016, 8, 30)
/** Fewest bits that pass: of 64 random bits, the upper 16 are all zero in only one of 65,536 certificates. */
const LEAST_BITS = 48
const MAX_SERIAL_DIGITS = 40

export function serialRules({ serialNumber, notBefore }: InspectedCertificate, facts: JudgedFacts): RuleBreach[] {
  const { serialBits } = facts
  if (serialNumber === undefined || serialBits === null) return []
  if (serialBits === 0) return [breach('serial-range', 'it is not positive')]
  if (serialNumber.length > MAX_SERIAL_DIGITS) return [breach('serial-range', `${serialNumber.length / 2} octets`)]
  const isUnderRule = notBefore !== undefined && notBefore.getTime() >= ENTROPY_FROM
  return isUnderRule && serialBits < LEAST_BITS ? [breach('serial-entropy', `${serialBits} bits`)] : []
}
