import stringWidth from 'string-width'

/** Columns a text takes on a terminal: two for each wide character, none for a combining one. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

const graphemes = new Intl.Segmenter()

/** The beginning of a text that fits `columns`, with `…` where something is missing; of text without colours. */
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

/** A text in lines of at most `columns`, broken between words where there are any. */
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

/** A line for a terminal, without a word that is broken in the middle: what is too wide, such as a URL, has a line to itself. */
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
    // Without the indent a terminal that wraps it leaves it in one piece to be copied.
    line = widthOf(`${indent}${word}`) <= columns ? `${indent}${word}` : word
    if (widthOf(line) > columns) end()
  }
  end()
  return lines
}

/** Cuts what is longer than a line; `undefined` when it is not. */
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
