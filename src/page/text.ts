/** A part of a text: shown as it is, or a character that would be invisible. */
export interface Part {
  readonly text: string
  readonly isHidden: boolean
}

// Controls, format characters (those that reorder or hide text among them), line separators, halves of surrogate pairs: as
// `util/harmless` has them, which writes them for terminals.
const hidden = /([\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}])/u

/** Splits text from strangers, so that characters that would hide or reorder it are shown by number, as `U+202E`. */
export function partsOf(text: string): Part[] {
  return text
    .split(hidden)
    .map((part, i) => ({ text: i % 2 === 0 ? part : numberOf(part), isHidden: i % 2 === 1 }))
    .filter((part) => part.text !== '')
}

/** The same as one text. */
export function plainText(text: string): string {
  return partsOf(text)
    .map((part) => (part.isHidden ? `[${part.text}]` : part.text))
    .join('')
}

function numberOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

const units: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** `3 s`, `12 min`, `1.5 h`. @param ms - `null`: a dash. */
export function duration(ms: number | null): string {
  if (ms === null) return '–'
  const seconds = ms / 1000
  const [size, unit] = units.find(([length]) => seconds >= length) ?? [1, 's']
  const value = seconds / size
  return `${value < 10 && size > 60 ? Math.floor(value * 10) / 10 : Math.floor(value)} ${unit}`
}

/** `1,234`; above 10 million `12.3 M`. */
export function quantity(count: number | null): string {
  if (count === null) return '–'
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} G`
  if (count >= 1e7) return `${(count / 1e6).toFixed(1)} M`
  return Math.round(count).toLocaleString('en-US')
}

/** A rate, with one decimal place when it is small. */
export function rate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : quantity(perSecond)
}

/** `14:03:59`, in the reader's time zone. */
export function clockTime(at: number | null): string {
  return at === null ? '–' : new Date(at).toLocaleTimeString('en-GB')
}

/** {@link clockTime}, and before it the day if that is not today: a page may be open for weeks. @param now - Epoch milliseconds. */
export function moment(at: number, now = Date.now()): string {
  // The Swedish way to write a date is that of ISO 8601.
  const dayOf = (time: number) => new Date(time).toLocaleDateString('sv-SE')
  const day = dayOf(at)
  return day === dayOf(now) ? clockTime(at) : `${day} ${clockTime(at)}`
}
