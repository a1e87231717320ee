/** How a word differs from the one it is taken for, by one edit. */
export type Edit = 'substitution' | 'transposition' | 'repetition' | 'insertion' | 'omission' | 'first' | 'two'

/** Optimal string alignment of at most this. */
const LIMIT = 2

/**
 * The edit that makes `text` of `word`; `undefined` when they are equal or differ by more than `most`.
 *
 * @param most - 1 or 2.
 */
export function editOf(word: string, text: string, most: number): Edit | undefined {
  const difference = text.length - word.length
  if (Math.abs(difference) > most || word === text) return undefined
  let front = 0
  const shorter = Math.min(word.length, text.length)
  while (front < shorter && word[front] === text[front]) front++
  let back = 0
  while (back < shorter - front && word[word.length - 1 - back] === text[text.length - 1 - back]) back++
  const wordMiddle = word.slice(front, word.length - back)
  const textMiddle = text.slice(front, text.length - back)
  if (wordMiddle.length === 1 && textMiddle.length === 1) return front === 0 ? 'first' : 'substitution'
  if (
    wordMiddle.length === 2 &&
    textMiddle.length === 2 &&
    wordMiddle[0] === textMiddle[1] &&
    wordMiddle[1] === textMiddle[0]
  )
    return 'transposition'
  if (wordMiddle === '' && textMiddle.length === 1) {
    if (textMiddle === text[front - 1] || textMiddle === text[front + 1]) return 'repetition'
    return front === 0 ? 'first' : 'insertion'
  }
  if (wordMiddle.length === 1 && textMiddle === '') return front === 0 && wordMiddle !== word[1] ? 'first' : 'omission'
  if (front === 0) return undefined
  return most === LIMIT && distance(wordMiddle, textMiddle) <= LIMIT ? 'two' : undefined
}

/** Optimal string alignment; short texts. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((row[j - 1] as number) + (same ? 0 : 1), (row[j] as number) + 1, (next[j - 1] as number) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] as number) + 1)
      next.push(best)
    }
    before = row
    row = next
  }
  return row[b.length] as number
}
