import stringWidth from 'string-width'

/** Width of a text on a terminal in columns: two for a wide character, none for a combining one. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

const graphemes = new Intl.Segmenter()

/** Cuts a text without colours to `columns`, with `…` at the cut. */
export function truncate(text: string, columns: number): string {
  if (text.length <= columns && /^[\x20-\x7e]*$/.test(text)) return text
  if (widthOf(text) <= columns) return text
  let shown = ''
  let room = columns - 1
  for (const { segment } of graphemes.segment(text)) {
    room -= widthOf(segment)
    if (room < 0) break
    shown += segment
  }
  return columns < 1 ? '' : `${shown.trimEnd()}…`
}

/** Wraps a text into lines of at most `columns`, between words where possible. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
    for (let rest = split(line, columns); rest !== undefined; rest = split(line, columns)) {
      lines.push(rest[0])
      line = rest[1]
    }
  }
  return [...lines, line]
}

/** Wraps a line between words only: a word that is too wide, such as a URL, gets a line to itself. */
export function wrapWords(text: string, columns: number, indent = '  '): string[] {
  const lines: string[] = []
  let line = ''
  const end = () => {
    if (line.trim() !== '') lines.push(line)
    line = indent
  }
  for (const [i, word] of text.split(' ').entries()) {
    const joined = i === 0 || line === indent ? `${line}${word}` : `${line} ${word}`
    if (widthOf(joined) <= columns) {
      line = joined
      continue
    }
    end()
    // Without an indent it can be copied in one piece, although the terminal wraps it.
    line = widthOf(`${indent}${word}`) <= columns ? `${indent}${word}` : word
    if (widthOf(line) > columns) end()
  }
  end()
  return lines
}

/** Splits a text that is longer than a line; `undefined` when it is not. */
function split(text: string, columns: number): [string, string] | undefined {
  if (widthOf(text) <= columns) return undefined
  let [taken, width] = [0, 0]
  for (const { segment, index } of graphemes.segment(text)) {
    width += widthOf(segment)
    if (width > columns && index > 0) break
    taken = index + segment.length
  }
  return taken < text.length ? [text.slice(0, taken), text.slice(taken)] : undefined
}
