import { wordsOf } from '../loglist/log-name.js'
import type { ListedLog } from '../types/log-list.js'
import { suggest } from '../util/suggest.js'
import { usageError } from './flags/usage-error.js'

/** Most names to list when a name is ambiguous. */
const MOST_SHOWN = 8

/**
 * The log that a user names by its id, its description, its URL (with or without scheme), or the beginning of one of them or of a word
 * of the description, if it is unambiguous. A whole match wins over a beginning; case is ignored.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` when no log matches, or several do, which it lists.
 */
export function findLog(name: string, logs: readonly ListedLog[]): ListedLog {
  const wanted = name.toLowerCase()
  const rules: readonly ((log: ListedLog) => boolean)[] = [
    (log) => namesOf(log).includes(wanted.replace(/\/+$/, '')),
    (log) => namesOf(log).some((known) => known.startsWith(wanted)),
    (log) => wordsOf(log.description).some((word) => word.startsWith(wanted)),
  ]
  for (const fits of rules) {
    const found = logs.filter(fits)
    const [log] = found
    if (log !== undefined && found.length === 1) return log
    if (found.length > 1) throw ambiguous(name, found)
  }
  const meant = suggest(
    wanted,
    logs.flatMap((log) => [log.description, ...wordsOf(log.description)]),
  )
  const hint = meant === undefined ? ': see ct-stream logs' : `, did you mean ${JSON.stringify(meant)}?`
  throw usageError(`none of ${logs.length} listed logs is called ${JSON.stringify(name)}${hint}`)
}

function namesOf(log: ListedLog): string[] {
  const urls = log.kind === 'rfc6962' ? [log.url] : [log.monitoringUrl, log.submissionUrl]
  const bare = urls.flatMap((url) => [url, url.replace(/^https?:\/\//, '')]).map((url) => url.replace(/\/+$/, ''))
  return [log.id, log.description, ...bare].map((known) => known.toLowerCase())
}

function ambiguous(name: string, found: readonly ListedLog[]) {
  const shown = found.slice(0, MOST_SHOWN).map(({ description }) => JSON.stringify(description))
  const rest = found.length > MOST_SHOWN ? ` and ${found.length - MOST_SHOWN} more` : ''
  return usageError(`${JSON.stringify(name)} can be any of ${found.length} logs: ${shown.join(', ')}${rest}`)
}
