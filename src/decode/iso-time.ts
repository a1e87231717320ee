const DAY_MS = 86_400_000
/** The first millisecond of the year 10000, which ISO 8601 writes in another way. */
const END = 253_402_300_800_000
/** Days whose text is kept, by their number; dates of certificates are near each other. */
const DAYS = 2048
const days: ({ readonly day: number; readonly text: string } | undefined)[] = new Array(DAYS).fill(undefined)
const two = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))

/** What `date.toISOString()` gives, several times faster where the day was met before. */
export function isoTime(date: Date): string {
  const time = date.getTime()
  if (!(time >= 0 && time < END)) return date.toISOString()
  const day = Math.floor(time / DAY_MS)
  let known = days[day % DAYS]
  if (known?.day !== day) {
    known = { day, text: date.toISOString().slice(0, 11) }
    days[day % DAYS] = known
  }
  const left = time - day * DAY_MS
  const seconds = Math.floor(left / 1000)
  const minutes = Math.floor(seconds / 60)
  const millis = left - seconds * 1000
  const fraction = millis < 100 ? `0${two[millis]}` : `${millis}`
  return `${known.text}${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[seconds % 60]}.${fraction}Z`
}
