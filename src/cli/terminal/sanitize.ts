/**
 * Characters that can make a terminal do something or show something else: controls (C0, DEL, C1), format characters
 * (those that reorder or hide text among them), line separators, halves of surrogate pairs. Names in certificates hold
 * whatever somebody once signed.
 */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Text of a certificate as it may be written to a terminal: on one line, controls as `\x1b` or `\u{202e}`. */
export function sanitize(text: string): string {
  return text.replace(dangerous, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16)
    return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`
  })
}

/** Compact JSON that says the same and is as harmless: `JSON.stringify` leaves all but C0 controls as they are. */
export function sanitizeJson(json: string): string {
  return json.replace(dangerous, (character) =>
    Array.from({ length: character.length }, (_, i) => unicodeEscape(character.charCodeAt(i))).join(''),
  )
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
