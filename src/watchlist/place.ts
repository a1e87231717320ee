import { CtStreamError } from '../errors.js'
import { optionError } from '../util/options.js'
import type { ListEntry } from './list-line.js'
import { printable } from './printable.js'

/** Where an entry was written, so that an error can say so. */
export interface Place {
  /** @param bound - What it must be, as in «must be …». */
  refuse(bound: string, value: unknown): CtStreamError
}

/** In code: `CT_OPTION_INVALID` that names the option. */
export function optionPlace(option: string): Place {
  return { refuse: (bound, value) => optionError(option, bound, value) }
}

/** Text and place of an entry. @throws {@link CtStreamError} `CT_OPTION_INVALID` for what is neither a string nor a line of a list. */
export function entryOf(option: string, entry: ListEntry): { readonly text: string; readonly place: Place } {
  if (typeof entry === 'string') return { text: entry, place: optionPlace(option) }
  const isLine = typeof entry === 'object' && entry !== null
  if (!isLine || typeof entry.text !== 'string' || typeof entry.file !== 'string' || !Number.isSafeInteger(entry.line))
    throw optionError(option, 'a string, or a line of `readList`', entry)
  const { text, file, line } = entry
  const refuse = (bound: string, value: unknown) =>
    new CtStreamError('CT_WATCHLIST_INVALID', `${file}:${line}: must be ${bound}, got ${printable(String(value), 80)}`)
  return { text, place: { refuse } }
}
