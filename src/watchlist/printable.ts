/**
 * Text of a stranger as it may be written anywhere: printable ASCII, quoted; what else there is as `\uXXXX`. Letters of other scripts too:
 * those that look alike are what this is about.
 */
export function printable(text: string, most = 300): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text
  const quoted = JSON.stringify(cut)
  return quoted.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
