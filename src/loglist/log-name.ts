/** What a log can be named by. */
export interface NamedLog {
  readonly id: string
  readonly description: string
  readonly urls: readonly string[]
}

/**
 * Whether a user who names a log like this means this one: its id, its URL (with or without scheme), or the beginning of its
 * description or of a word of it; upper and lower case are alike but in ids.
 */
export function isMeant(name: string, { id, description, urls }: NamedLog): boolean {
  const wanted = name.toLowerCase().replace(/\/+$/, '')
  const addresses = urls.map((url) => url.toLowerCase().replace(/\/+$/, ''))
  if (name === id || addresses.some((url) => wanted === url || wanted === url.replace(/^https?:\/\//, ''))) return true
  const text = description.toLowerCase()
  return wanted !== '' && [text, ...wordsOf(text)].some((known) => known.startsWith(wanted))
}

/** The words of a description, lower case. */
export function wordsOf(description: string): string[] {
  return description.toLowerCase().match(/[\p{L}\p{N}_.-]+/gu) ?? []
}
