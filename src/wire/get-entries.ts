import type { EntryBatch, EntryExtra } from '../types/entries.js'
import { bufferOf, plain } from '../util/bytes.js'
import { decodeBase64Into } from './base64.js'
import { Rfc6962Extra } from './extra-data.js'
import { JsonAnswer } from './json.js'
import { type CopiedExtras, type ExtraSource, LeafBatch, type LeafTable } from './leaf-batch.js'
import { malformedResponse } from './malformed.js'
import { leafKind } from './merkle-leaf.js'

const WHAT = 'get-entries'

/**
 * Reads a get-entries answer (RFC 6962 section 4.6).
 *
 * The hot path of a log client. An answer as logs write it is scanned, at a fraction of the cost of `JSON.parse`: its
 * strings are found by their quotes, the leaves decoded, the extra data left where it is. Any other JSON, such as one
 * with more fields, is parsed as JSON. What scanning cannot see, a string of extra data with characters that JSON
 * forbids, is seen when that extra data is asked for.
 *
 * @param body - The answer; the batch keeps it.
 * @param start - Index of the first entry asked for.
 * @param maxEntries - How many were asked for. Default: any number.
 * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, when it is not a JSON answer with 1 to `maxEntries`
 * entries whose leaves are base64.
 */
export function parseGetEntries(body: Uint8Array, start: number, maxEntries = Number.POSITIVE_INFINITY): EntryBatch {
  const scanned = scanEntries(body, maxEntries)
  const leaves = scanned === undefined ? undefined : decodeLeaves(scanned)
  if (scanned !== undefined && typeof leaves === 'object') return LeafBatch.of(start, leaves, new Base64Extras(scanned))
  return parseSlowly(body, start, maxEntries)
}

/** Strings of an answer, found but not decoded: entry `i` has its ends at `4 * i`: leaf from, to, extra from, to. */
interface FoundEntries {
  readonly text: Buffer
  readonly ends: ArrayLike<number>
  readonly count: number
  /** Whether a slash may be written as `\/`. */
  readonly escaped: boolean
}

/** Extra data as base64 in the bytes of the answer. */
class Base64Extras implements ExtraSource {
  readonly byteLength: number
  private readonly found: FoundEntries

  constructor(found: FoundEntries) {
    this.found = found
    this.byteLength = found.text.length
  }

  copy(from: number, to: number): CopiedExtras {
    const { text, ends, escaped } = this.found
    const start = ends[4 * from + 2] as number
    const copy = Buffer.allocUnsafeSlow((ends[4 * to - 1] as number) - start)
    text.copy(copy, 0, start)
    return {
      extra(i, leafInput): EntryExtra {
        const at = (ends[4 * i + 2] as number) - start
        const end = (ends[4 * i + 3] as number) - start
        return new Rfc6962Extra(copy, at, end, escaped, leafKind(leafInput))
      },
    }
  }
}

/** The string whose ends are at `at` and after it, as a copy. */
function textAt({ text, ends, escaped }: FoundEntries, at: number): string {
  const raw = text.toString('latin1', ends[at], ends[at + 1])
  return escaped && raw.includes('\\/') ? raw.replaceAll('\\/', '/') : raw
}

/** All leaves in one piece; the number of the first that is not base64 instead. */
function decodeLeaves(found: FoundEntries): LeafTable | number {
  const { ends, count } = found
  let room = 0
  for (let i = 0; i < count; i++)
    room += 1 + Math.ceil((((ends[4 * i + 1] as number) - (ends[4 * i] as number)) / 4) * 3)
  const bytes = plain(Buffer.allocUnsafeSlow(room))
  const offsets = new Uint32Array(count + 1)
  let at = 0
  for (let i = 0; i < count; i++) {
    bytes[at] = 0x00
    const end = decodeBase64Into(textAt(found, 4 * i), bytes, at + 1)
    if (end === undefined) return i
    offsets[i] = at
    at = end
  }
  offsets[count] = at
  return { bytes, offsets }
}

/**
 * Finds the strings of `{"entries":[{"leaf_input":"...","extra_data":"..."},...]}`, fields in either order, JSON
 * whitespace anywhere; `undefined` for anything else.
 */
function scanEntries(body: Uint8Array, maxEntries: number): FoundEntries | undefined {
  const scanner = new JsonScanner(body)
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
  return { text: scanner.text, ends, count, escaped: scanner.text.includes(0x5c) }
}

/** Steps through JSON token by token; strings are skipped at the speed of `memchr`. */
class JsonScanner {
  readonly text: Buffer
  /** Ends of the last string, without its quotes. */
  from = 0
  to = 0
  private at = 0

  constructor(body: Uint8Array) {
    this.text = bufferOf(body)
  }

  /** Steps over one character of punctuation. */
  token(character: '{' | '}' | '[' | ']' | ':' | ','): boolean {
    this.skipSpace()
    if (this.text[this.at] !== character.charCodeAt(0)) return false
    this.at++
    return true
  }

  /** Steps over a string in which no quote is escaped: then the next quote is its end. */
  string(): boolean {
    this.skipSpace()
    if (this.text[this.at] !== 0x22) return false
    const end = this.text.indexOf(0x22, this.at + 1)
    if (end < 0 || this.text[end - 1] === 0x5c) return false
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
function parseSlowly(body: Uint8Array, start: number, maxEntries: number): EntryBatch {
  const { entries } = new JsonAnswer(body, WHAT).fields
  const refuse = (reason: string) => malformedResponse(WHAT, reason, body)
  if (!Array.isArray(entries)) throw refuse('no array of entries')
  if (entries.length === 0) throw refuse('no entries')
  if (entries.length > maxEntries) throw refuse(`${entries.length} entries where ${maxEntries} were asked for`)

  const parts: Buffer[] = []
  const ends: number[] = []
  let at = 0
  const add = (text: string) => {
    const bytes = Buffer.from(text, 'utf8')
    parts.push(bytes)
    ends.push(at, (at += bytes.length))
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
  const found = { text: Buffer.concat(parts), ends, count: entries.length, escaped: false }
  const leaves = decodeLeaves(found)
  if (typeof leaves === 'number') throw refuse(`leaf_input of entry ${start + leaves} is not base64`)
  return LeafBatch.of(start, leaves, new Base64Extras(found))
}
