/**
 * Characters that can control a terminal, begin a new line, or make text look different from what it is: controls (C0, DEL, C1),
 * format characters (including those that reorder or hide text), line separators, unpaired surrogates.
 */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
/** Nearly all text is printable ASCII; to look for classes of characters takes longer than anything else that is done with it. */
const UNUSUAL = /[^ -~]/

/** Untrusted text on one line, with such characters written as `\x1b` or `\u{202e}`. */
export function harmless(text: string): string {
  if (!UNUSUAL.test(text)) return text
  return text.replace(dangerous, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16)
    return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`
  })
}

/** Compact JSON of the same value, such characters escaped: `JSON.stringify` escapes only C0 controls and unpaired surrogates. */
export function harmlessJson(value: unknown): string {
  return harmlessJsonText(JSON.stringify(value))
}

/** The same for JSON that is text already. */
export function harmlessJsonText(json: string): string {
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
