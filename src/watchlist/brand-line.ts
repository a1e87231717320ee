import { CtStreamError } from '../errors.js'
import { harmless } from '../util/harmless.js'
import { brandTokens } from './brand-token.js'
import { type ListLine, type ReadListOptions, readList } from './list-line.js'

/** Most characters of one brand in JSON: all the domains that one may have. */
const MAX_BRAND = 1_000_000
/** An object with lists; anything deeper is no brand. */
const MAX_DEPTH = 3

/**
 * Takes a list of brands apart, for `brands` of a watchlist. Two forms: JSON, an array of objects as `brands` has them in code; or lines
 * as {@link readList} has them, each a name, a colon, and tokens and official domains (which have a dot) in any order. Without tokens, the
 * name in small letters is the token.
 *
 * ```
 * # Name: tokens and domains
 * Example: example, exmpl, example.com, example.co.jp
 * Müller & Co: mueller-co.example
 * ```
 *
 * What the entries mean is checked where they are used; each knows its line.
 *
 * @throws {@link CtStreamError} `CT_WATCHLIST_INVALID` as `readList` does, and for an array that is not complete.
 */
export function readBrands(text: string, options: ReadListOptions = {}): ListLine[] {
  const { file = 'list' } = options
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0
  return /^\s*\[/.test(text.slice(start, start + 1024)) ? jsonElements(text, file, start) : readList(text, options)
}

/** The elements of an array, each as its text and the line where it begins: `JSON.parse` of all would not know the lines. */
function jsonElements(text: string, file: string, start: number): ListLine[] {
  const elements: ListLine[] = []
  const fail = (line: number, problem: string) =>
    new CtStreamError('CT_WATCHLIST_INVALID', `${file}:${line}: ${problem}`)
  let [line, depth, begin, beginLine] = [1, 0, -1, 1]
  let isClosed = false
  const end = (at: number) => {
    const element = begin < 0 ? '' : text.slice(begin, at).trim()
    if (element.length > MAX_BRAND) throw fail(beginLine, `is longer than ${MAX_BRAND} characters`)
    if (element !== '') elements.push({ text: element, file, line: beginLine })
    begin = -1
  }
  for (let at = start; at < text.length; at++) {
    const char = text[at] as string
    if (char === '\n') line++
    if (/\s/.test(char)) continue
    if (isClosed) throw fail(line, 'has text behind the end of the array')
    if (depth === 1 && begin < 0 && char !== ',' && char !== ']') [begin, beginLine] = [at, line]
    if (char === '"') at = endOfString(text, at)
    else if (char === '[' || char === '{') {
      if (++depth > MAX_DEPTH) throw fail(line, 'is nested deeper than a brand')
    } else if (char === ']' || char === '}') {
      if (--depth > 0) continue
      end(at)
      isClosed = true
    } else if (char === ',' && depth === 1) end(at)
  }
  if (!isClosed) throw fail(line, 'the array has no end: is it complete?')
  return elements
}

/** Where a string ends that begins at `at`; of one without end, the end of all. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i
  }
  return text.length
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A brand as a line has it; what is in it is not checked yet. */
export function brandOfLine({ text, file, line }: ListLine): unknown {
  if (/^[{["]/.test(text)) {
    try {
      const brand: unknown = JSON.parse(text)
      return isObject(brand) ? { domains: [], ...brand } : brand
    } catch (cause) {
      const reason = harmless(cause instanceof Error ? cause.message : String(cause))
      throw new CtStreamError('CT_WATCHLIST_INVALID', `${file}:${line}: is not JSON: ${reason}`, { cause })
    }
  }
  const colon = text.indexOf(':')
  const name = (colon < 0 ? text : text.slice(0, colon)).trim()
  const words = colon < 0 ? [] : text.slice(colon + 1).split(/[\s,]+/)
  const domains = words.filter((word) => word.includes('.'))
  const tokens = words.filter((word) => word !== '' && !word.includes('.'))
  return { name, tokens: tokens.length > 0 ? tokens : brandTokens(name), domains }
}
