import type { EntryBatch } from '../types/entries.js'
import { bufferOf, plain } from '../util/bytes.js'
import { decodeBase64Into } from './base64.js'
import { Rfc6962Extra } from './extra-data.js'
import { JsonAnswer } from './json.js'
import { type EntryTable, LeafBatch, PLACES } from './leaf-batch.js'
import { EXCERPT_LENGTH, malformedResponse } from './malformed.js'
import { leafKind } from './merkle-leaf.js'

const WHAT = 'get-entries'

/**
 * Reads a get-entries answer (RFC 6962 section 4.6).
 *
 * The hot path of a log client. An answer as logs write it is scanned, at a fraction of the cost of `JSON.parse`: its
 * strings are found by their quotes, each leaf is decoded over the base64 it came in, the extra data is left as it is.
 * Any other JSON, such as one with more fields, is parsed as JSON. What scanning cannot see, a string of extra data with
 * characters that JSON forbids, is seen when that extra data is asked for.
 *
 * @param body - The answer. The batch keeps it, and writes over it.
 * @param start - Index of the first entry asked for.
 * @param maxEntries - How many were asked for. Default: any number.
 * @param release - Called when the batch does not need `body` any more.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, when it is not a JSON answer with 1 to `maxEntries`
 * entries whose leaves are base64.
 */
export function parseGetEntries(
  body: Uint8Array,
  start: number,
  maxEntries = Number.POSITIVE_INFINITY,
  release?: () => void,
): EntryBatch {
  const text = withoutEscapes(bufferOf(body))
  const ends = text === undefined ? undefined : scanEntries(text, maxEntries)
  if (text === undefined || ends === undefined) return parseSlowly(body, start, maxEntries, release)
  // What an error is to quote is written over.
  const beginning = Buffer.from(text.subarray(0, EXCERPT_LENGTH + 1))
  return LeafBatch.of(start, decodeLeaves(text, ends, start, beginning), release)
}

/** The answer with `/` for each `\/`, as some encoders write it; `undefined` when it has other escapes. */
function withoutEscapes(body: Buffer): Buffer | undefined {
  if (!body.includes(0x5c)) return body
  const text = body.toString('latin1').replaceAll('\\/', '/')
  return text.includes('\\') ? undefined : Buffer.from(text, 'latin1')
}

/**
 * Decodes each leaf where its base64 stands, behind a 0x00 in place of the quote before it.
 *
 * @param ends - Where the strings of entry `i` begin and end, at `4 * i`: leaf from, to, extra from, to.
 */
function decodeLeaves(text: Buffer, ends: readonly number[], start: number, beginning: Uint8Array): EntryTable {
  const places = Uint32Array.from(ends)
  for (let at = 0; at < ends.length; at += PLACES) {
    const from = ends[at] as number
    const end = decodeBase64Into(text.toString('latin1', from, ends[at + 1]), text, from)
    if (end === undefined)
      throw malformedResponse(WHAT, `leaf_input of entry ${start + at / PLACES} is not base64`, beginning)
    text[from - 1] = 0x00
    places[at] = from - 1
    places[at + 1] = end
  }
  return { bytes: plain(text), places, extra: base64Extra }
}

/** Extra data as the base64 it came in. */
const base64Extra: EntryTable['extra'] = (copy, from, to, leafInput) =>
  new Rfc6962Extra(copy, from, to, leafKind(leafInput))

/**
 * Finds the strings of `{"entries":[{"leaf_input":"...","extra_data":"..."},...]}`, fields in either order, JSON
 * whitespace anywhere; `undefined` for anything else.
 *
 * @returns Where the strings of entry `i` begin and end, at `4 * i`: leaf from, to, extra from, to.
 */
function scanEntries(text: Buffer, maxEntries: number): number[] | undefined {
  const scanner = new JsonScanner(text)
  const ends: number[] = []
  let count = 0
  if (!scanner.token('{') || !scanner.key('entries') || !scanner.token('[')) return undefined
  do {
    if (count === maxEntries || !scanner.token('{') || !scanner.string()) return undefined
    const leafFirst = scanner.is('leaf_input')
    if ((!leafFirst && !scanner.is('extra_data')) || !scanner.token(':') || !scanner.string()) return undefined
    const { from, to } = scanner
    if (!scanner.token(',') || !scanner.key(leafFirst ? 'extra_data' : 'leaf_input') || !scanner.string())
      return undefined
    if (leafFirst) ends.push(from, to, scanner.from, scanner.to)
    else ends.push(scanner.from, scanner.to, from, to)
    if (!scanner.token('}')) return undefined
    count++
  } while (scanner.token(','))
  if (!scanner.token(']') || !scanner.token('}') || !scanner.end()) return undefined
  return ends
}

/** Steps through JSON token by token; strings are skipped at the speed of `memchr`. */
class JsonScanner {
  /** Ends of the last string, without its quotes. */
  from = 0
  to = 0
  private readonly text: Buffer
  private at = 0

  constructor(text: Buffer) {
    this.text = text
  }

  /** Steps over one character of punctuation. */
  token(character: '{' | '}' | '[' | ']' | ':' | ','): boolean {
    this.skipSpace()
    if (this.text[this.at] !== character.charCodeAt(0)) return false
    this.at++
    return true
  }

  /** Steps over a string in which nothing is escaped: then the next quote is its end. */
  string(): boolean {
    this.skipSpace()
    if (this.text[this.at] !== 0x22) return false
    const end = this.text.indexOf(0x22, this.at + 1)
    if (end < 0) return false
    this.from = this.at + 1
    this.to = end
    this.at = end + 1
    return true
  }

  /** Whether the last string is `text`. */
  is(text: string): boolean {
    return this.to - this.from === text.length && this.text.toString('latin1', this.from, this.to) === text
  }

  /** Steps over a string that is `text`, and a colon. */
  key(text: string): boolean {
    return this.string() && this.is(text) && this.token(':')
  }

  end(): boolean {
    this.skipSpace()
    return this.at === this.text.length
  }

  private skipSpace(): void {
    for (let c = this.text[this.at]; c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; c = this.text[this.at])
      this.at++
  }
}

/** Any answer, by `JSON.parse`: what the scanner did not know, and every error. */
function parseSlowly(body: Uint8Array, start: number, maxEntries: number, release?: () => void): EntryBatch {
  const { entries } = new JsonAnswer(body, WHAT).fields
  const refuse = (reason: string) => malformedResponse(WHAT, reason, body)
  if (!Array.isArray(entries)) throw refuse('no array of entries')
  if (entries.length === 0) throw refuse('no entries')
  if (entries.length > maxEntries) throw refuse(`${entries.length} entries where ${maxEntries} were asked for`)

  // As the scanner finds them: each string behind a byte for its quote.
  const parts: Buffer[] = []
  const ends: number[] = []
  let at = 0
  const add = (text: string) => {
    const bytes = Buffer.from(`"${text}`, 'utf8')
    parts.push(bytes)
    ends.push(at + 1, (at += bytes.length))
  }
  entries.forEach((entry: unknown, i) => {
    const { leaf_input: leaf, extra_data: extra } = (entry ?? {}) as Record<string, unknown>
    if (typeof leaf !== 'string') throw refuse(`entry ${start + i} has no leaf_input`)
    if (typeof extra !== 'string' && extra !== undefined && extra !== null)
      throw refuse(`extra_data of entry ${start + i} is not a string`)
    add(leaf)
    // A log that lost it may leave it out, or write null.
    add(typeof extra === 'string' ? extra : '')
  })
  return LeafBatch.of(start, decodeLeaves(Buffer.concat(parts), ends, start, body), release)
}
