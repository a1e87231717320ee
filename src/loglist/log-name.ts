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
export function isMeant(name: string, log: NamedLog): boolean {
  return meantBy([name])(log)
}

/** {@link isMeant} for any of many names: what costs much is done once for each name and once for each log, not for each pair. */
export function meantBy(names: readonly string[]): (log: NamedLog) => boolean {
  const wishes = names.map((name) => ({ name, wanted: plain(name) }))
  return ({ id, description, urls }) => {
    const addresses = urls.map(plain).flatMap((url) => [url, url.replace(/^https?:\/\//, '')])
    const text = description.toLowerCase()
    const known = [text, ...wordsOf(text)]
    return wishes.some(
      ({ name, wanted }) =>
        name === id || addresses.includes(wanted) || (wanted !== '' && known.some((one) => one.startsWith(wanted))),
    )
  }
}

/** Lower case, without slashes at the end. A regular expression would look at every slash again from each one before it. */
function plain(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--
  return text.slice(0, end).toLowerCase()
}

/** The words of a description, lower case. */
export function wordsOf(description: string): string[] {
  return description.toLowerCase().match(/[\p{L}\p{N}_.-]+/gu) ?? []
}
