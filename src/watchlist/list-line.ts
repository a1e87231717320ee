import { CtStreamError } from '../errors.js'

/** A line of a list, with the place it came from; what {@link readList} makes of a file. */
export interface ListLine {
  /** Without comment and outer spaces; never empty. */
  readonly text: string
  /** File name or URL, for messages. */
  readonly file: string
  /** One-based. */
  readonly line: number
}

/** An entry of a list in code, or a line of a list file. */
export type ListEntry = string | ListLine

/** How a list is read; all optional. */
export interface ReadListOptions {
  /** How errors name the list. Default `list`. */
  readonly file?: string
  /** Lines, comments included. Default and most: 1,000,000. */
  readonly maxLines?: number
}

const MAX_LINES = 1_000_000
/** No name has more characters; a pattern may have some more. */
const MAX_LINE = 4096

/**
 * Takes a list apart: an entry a line, `#` starts a comment at the beginning of a line or behind a space; empty lines, a byte order
 * mark and Windows line ends are no matter. What the entries mean is for the option they are given to.
 *
 * @throws {@link CtStreamError} `CT_WATCHLIST_INVALID` for a page of HTML, a line of more than 4,096 characters, or too many lines.
 */
export function readList(text: string, options: ReadListOptions = {}): ListLine[] {
  const { file = 'list', maxLines = MAX_LINES } = options
  const most = Math.min(maxLines, MAX_LINES)
  if (/^\s*<(!doctype|html|\?xml|head|body)/i.test(text.slice(0, 1024)))
    throw new CtStreamError('CT_WATCHLIST_INVALID', `${file}: is a page of HTML or XML, not a list of one entry a line`)
  const lines: ListLine[] = []
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0
  for (let line = 1; start < text.length; line++) {
    if (line > most)
      throw new CtStreamError(
        'CT_WATCHLIST_INVALID',
        `${file}: has more than ${most} lines; split it, or raise \`maxLines\` (at most ${MAX_LINES})`,
      )
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    if (end - start > MAX_LINE)
      throw new CtStreamError('CT_WATCHLIST_INVALID', `${file}:${line}: is longer than ${MAX_LINE} characters`)
    const entry = withoutComment(text.slice(start, end))
    if (entry !== '') lines.push({ text: entry, file, line })
    start = end + 1
  }
  return lines
}

function withoutComment(line: string): string {
  const comment = /(^|\s)#/.exec(line)
  return (comment === null ? line : line.slice(0, comment.index)).trim()
}
