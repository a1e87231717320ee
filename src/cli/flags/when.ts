import type { EndOption, StartOption } from '../../types/stream-options.js'
import type { Values } from './values.js'

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `--start`: `now`, `beginning`, an index, an ISO 8601 time, or how long ago (`90s`, `15m`, `2h`, `7d`). */
export function startFrom(values: Values, now: number): StartOption | undefined {
  const text = values.text('start')
  if (text === undefined || text === 'now' || text === 'beginning') return text
  const ago = durationMs(text)
  if (ago !== undefined) return { time: new Date(now - ago) }
  return placeFrom(
    values,
    'start',
    text,
    'now, beginning, an index, a time such as 2026-11-22T12:00Z, or a duration (2h: two hours ago)',
  )
}

/** `--end`: `never`, `head`, an index, or an ISO 8601 time. */
export function endFrom(values: Values): EndOption | undefined {
  const text = values.text('end')
  if (text === undefined || text === 'never' || text === 'head') return text
  return placeFrom(values, 'end', text, 'never, head, an index, or a time such as 2026-11-22T12:00Z')
}

/** `--merge-delay`: a duration such as `90s`, `15m` or `2h`, in milliseconds. */
export function mergeDelayFrom(values: Values): number | undefined {
  const text = values.text('merge-delay')
  if (text === undefined) return undefined
  const ms = durationMs(text)
  return ms === undefined || ms > MAX_MERGE_DELAY_MS
    ? values.refuse('merge-delay', 'a duration of at most 366d, such as 10m', text)
    : ms
}

/** `--since`: how long ago (`12h`, `30d`), or an ISO 8601 time. */
export function sinceFrom(values: Values, now: number): Date | undefined {
  const text = values.text('since')
  if (text === undefined) return undefined
  const ago = durationMs(text)
  const bound = 'how long ago, such as 30d, or a time such as 2026-11-22T12:00Z'
  const time = ago === undefined ? timeFrom(text) : new Date(now - ago)
  return time === undefined || Number.isNaN(time.getTime()) ? values.refuse('since', bound, text) : time
}

/** `--every`: a duration of a second or more, in milliseconds. */
export function everyFrom(values: Values): number | undefined {
  return longFrom(values, 'every', 'a duration from 1s to 366d, such as 10m', MAX_EVERY_MS)
}

/** `--keep-for`: a duration of a second or more, in milliseconds. */
export function keepForFrom(values: Values): number | undefined {
  return longFrom(values, 'keep-for', 'a duration from 1s to 365d, such as 1h', 365 * 86_400_000)
}

/** `--lease`: a duration of a second or more, in milliseconds. */
export function leaseFrom(values: Values): number | undefined {
  return longFrom(values, 'lease', 'a duration from 1s to 10m, such as 15s', 600_000)
}

/** An age such as `7d`, in milliseconds; `0s` is all. */
export function olderThanFrom(values: Values, name: string): number | undefined {
  const text = values.text(name)
  if (text === undefined) return undefined
  const ms = durationMs(text)
  return ms === undefined || ms > MAX_AGE_MS ? values.refuse(name, 'an age of at most 36500d, such as 7d', text) : ms
}

const MAX_AGE_MS = 36_500 * 86_400_000

function longFrom(values: Values, name: string, bound: string, maxMs: number): number | undefined {
  const text = values.text(name)
  if (text === undefined) return undefined
  const ms = durationMs(text)
  return ms === undefined || ms < 1000 || ms > maxMs ? values.refuse(name, bound, text) : ms
}

const MAX_EVERY_MS = 366 * 86_400_000
const MAX_MERGE_DELAY_MS = 366 * 86_400_000

function durationMs(text: string): number | undefined {
  const parts = /^(\d{1,9})([smhd])$/.exec(text)
  return parts === null ? undefined : Number(parts[1]) * (unitMs[parts[2] ?? ''] ?? 0)
}

function placeFrom(values: Values, name: string, text: string, bound: string): { index: number } | { time: Date } {
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return { index: Number(text) }
  const time = timeFrom(text)
  return time === undefined ? values.refuse(name, bound, text) : { time }
}

function timeFrom(text: string): Date | undefined {
  // `Date` also reads "Hello 1" as a date: only what begins like ISO 8601 is one.
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(text) ?? []
  if (day === undefined || Number(day) > daysOf(Number(year), Number(month))) return undefined
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** Days of a month, from 1. `Date` reads February 31 as March 3. */
function daysOf(year: number, month: number): number {
  // Day 0 of the next month.
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
