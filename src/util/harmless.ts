/**
 * Characters that can make a terminal do something, begin a new line or show something else than is there: controls (C0, DEL, C1), format
 * characters (those that reorder or hide text among them), line separators, halves of surrogate pairs.
 */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const UNUSUAL = /[^ -~]/

/** Text from strangers on one line, controls as `\x1b` or `\u{202e}`. */
export function harmless(text: string): string {
  return text.replace(dangerous, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16)
    return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`
  })
}

/** Compact JSON that says the same in harmless characters: `JSON.stringify` leaves all but C0 controls as they are. */
export function harmlessJson(value: unknown): string {
  return harmlessJsonText(JSON.stringify(value))
}

/** The same for JSON that is text already. */
export function harmlessJsonText(json: string): string {
  // Nearly all of it is printable ASCII; to look for classes of characters would take longer than to write it.
  if (!UNUSUAL.test(json)) return json
  return json.replace(dangerous, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}

/** At most `max` characters, `…` included. */
export function cutText(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, Math.max(0, max - 1)).replace(/[\ud800-\udbff]$/, '')}…`
}
