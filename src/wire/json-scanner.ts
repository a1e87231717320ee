import { BYTES_PER_TURN, type Steps } from '../util/turns.js'
import { EXCERPT_LENGTH, malformedResponse } from './malformed.js'

/** Deepest nesting. Answers of logs need three levels, a log list six. */
export const MAX_DEPTH = 32
/** Bytes that each value counts in addition to its length, because the time for a value hardly depends on its length. */
const VALUE_COST = 32
/** Replaces an escaped character that occurs in no base64 and no field name. */
const FOREIGN = 0xff
const QUOTE = 0x22
const BACKSLASH = 0x5c
const SLASH = 0x2f

/**
 * Steps through a JSON answer token by token. Builds nothing of unwanted fields, and stops when these take more than a bound; only wanted
 * strings may be long.
 *
 * It finds the end of a string by its quote, at the speed of `memchr`, and does not look at the content. For that, escapes are undone
 * first, in place and with pauses; characters that occur neither in base64 nor in field names become one byte that occurs in
 * neither. A control character in a kept string is not detected here, but it is not base64 either.
 */
export class JsonScanner {
  /** The answer, with its escapes undone. */
  readonly text: Buffer
  /** Start and end of the last string, without its quotes. */
  from = 0
  to = 0
  private at = 0
  private spare: number
  private readonly what: string
  private readonly beginning: Buffer

  /**
   * @param body - Overwritten where it has escapes.
   * @param what - Name of the answer, for errors.
   * @param spare - Most bytes of white space and unwanted fields; each value in them counts 32 more.
   * @throws {@link CtStreamError} `CT_RESPONSE_MALFORMED`, retryable, as every method does.
   */
  static *open(body: Buffer, what: string, spare: number): Steps<JsonScanner> {
    const beginning = Buffer.from(body.subarray(0, EXCERPT_LENGTH + 1))
    const text = yield* withoutEscapes(body)
    if (text === undefined) throw malformedResponse(what, 'not JSON', beginning)
    return new JsonScanner(text, what, spare, beginning)
  }

  private constructor(text: Buffer, what: string, spare: number, beginning: Buffer) {
    this.text = text
    this.what = what
    this.spare = spare
    this.beginning = beginning
  }

  /** The error for an answer that does not have the expected form. */
  refuse(reason: string, cause?: unknown): Error {
    return malformedResponse(this.what, reason, this.beginning, cause)
  }

  /** The first byte of the next token; `undefined` at the end. */
  peek(): number | undefined {
    this.skipSpace()
    return this.text[this.at]
  }

  /** Skips one character of punctuation, if it comes next. */
  token(character: '{' | '}' | '[' | ']' | ':' | ','): boolean {
    this.skipSpace()
    if (this.text[this.at] !== character.charCodeAt(0)) return false
    this.at++
    return true
  }

  /** Like {@link token}, but the character must come next. */
  expect(character: '{' | '}' | '[' | ']' | ':' | ','): void {
    if (!this.token(character)) throw this.refuse('not JSON')
  }

  /** Skips a wanted string, if one comes next. */
  string(): boolean {
    this.skipSpace()
    if (this.text[this.at] !== QUOTE) return false
    const end = this.text.indexOf(QUOTE, this.at + 1)
    if (end < 0) return false
    this.from = this.at + 1
    this.to = end
    this.at = end + 1
    return true
  }

  /** Skips `null`, if it comes next. */
  null(): boolean {
    return this.peek() === 0x6e && this.word('null')
  }

  /**
   * Skips the name of an object's next field, and its colon.
   * @returns Which of `names` it is; `undefined` for none of them.
   */
  name<Name extends string>(names: readonly Name[]): Name | undefined {
    this.skipSpace()
    // A loop instead of `find`, and no search for the quote, for speed: this runs twice for every entry.
    let found: Name | undefined
    for (let i = 0; i < names.length && found === undefined; i++) if (this.follows(names[i] as Name)) found = names[i]
    if (found !== undefined) this.at += found.length + 2
    else {
      if (!this.string()) throw this.refuse('not JSON')
      this.checkString()
    }
    this.expect(':')
    return found
  }

  /** Reads a JSON number, if one comes next; otherwise `undefined`, without moving on. */
  number(): number | undefined {
    const first = this.peek()
    if (first === undefined || !isNumeric(first)) return undefined
    const begin = this.at
    const last = begin + this.spare
    while (this.at <= last && isNumeric(this.text[this.at])) this.at++
    this.charge(this.at - begin)
    const text = this.text.toString('latin1', begin, this.at)
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) throw this.refuse('not JSON')
    return Number(text)
  }

  /** Skips an unwanted value, which counts in the bound. */
  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw this.refuse(`nested deeper than ${MAX_DEPTH}`)
    this.charge(VALUE_COST)
    if (this.token('{')) {
      if (!this.token('}')) {
        do {
          this.name([])
          this.skip(depth + 1)
        } while (this.token(','))
        this.expect('}')
      }
    } else if (this.token('[')) {
      if (!this.token(']')) {
        do this.skip(depth + 1)
        while (this.token(','))
        this.expect(']')
      }
    } else if (this.string()) this.checkString()
    else if (this.number() === undefined && !this.word('null') && !this.word('true') && !this.word('false'))
      throw this.refuse('not JSON')
  }

  /** Skips a wanted value: a string, or the strings of an array, may be long. */
  pass(): void {
    if (this.string()) return
    if (this.peek() !== 0x5b) {
      this.skip()
      return
    }
    this.expect('[')
    if (this.token(']')) return
    do {
      if (this.string()) this.charge(VALUE_COST)
      else this.skip(1)
    } while (this.token(','))
    this.expect(']')
  }

  /** Refuses anything after the answer. */
  finish(): void {
    if (this.peek() !== undefined) throw this.refuse('not JSON')
  }

  /** The current position, for {@link rewind}. */
  get offset(): number {
    return this.at
  }

  rewind(offset: number): void {
    this.at = offset
  }

  /** Whether `text` comes next, in quotes. */
  private follows(text: string): boolean {
    const begin = this.at + 1
    if (this.text[begin - 1] !== QUOTE || this.text[begin + text.length] !== QUOTE) return false
    for (let i = 0; i < text.length; i++) if (this.text[begin + i] !== text.charCodeAt(i)) return false
    return true
  }

  private word(word: string): boolean {
    if (this.text.toString('latin1', this.at, this.at + word.length) !== word) return false
    this.at += word.length
    return true
  }

  /** Checks the characters of the last string, which is not kept. */
  private checkString(): void {
    this.charge(this.to - this.from)
    for (let i = this.from; i < this.to; i++) if ((this.text[i] as number) < 0x20) throw this.refuse('not JSON')
  }

  private skipSpace(): void {
    const { text } = this
    let { at } = this
    const last = at + this.spare
    for (let c = text[at]; (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) && at <= last; c = text[at]) at++
    if (at === this.at) return
    this.charge(at - this.at)
    this.at = at
  }

  private charge(bytes: number): void {
    this.spare -= bytes
    if (this.spare < 0) throw this.refuse('too much that belongs to no such answer: white space, or other fields')
  }
}

const isNumeric = (c: number | undefined): boolean =>
  c !== undefined && ((c >= 0x30 && c <= 0x39) || c === 0x2d || c === 0x2b || c === 0x2e || c === 0x65 || c === 0x45)

/** Undoes the escapes of all strings, in place; `undefined` where a backslash is not valid JSON. */
function* withoutEscapes(body: Buffer): Steps<Buffer | undefined> {
  if (!body.includes(BACKSLASH)) return body
  const progress: Unescaped = { read: 0, written: 0, inString: false }
  while (progress.read < body.length) {
    if (!unescapeUpTo(Math.min(progress.read + BYTES_PER_TURN, body.length), body, progress)) return undefined
    yield
  }
  return progress.inString ? undefined : body.subarray(0, progress.written)
}

interface Unescaped {
  read: number
  written: number
  inString: boolean
}

/** A function of its own because the same loop takes twenty times as long inside a generator. */
function unescapeUpTo(end: number, body: Buffer, progress: Unescaped): boolean {
  let { read, written, inString } = progress
  while (read < end) {
    const c = body[read++] as number
    if (c === BACKSLASH) {
      const size = inString ? escapeLength(body, read) : 0
      if (size === 0) return false
      body[written++] = size === 1 ? (body[read] === SLASH ? SLASH : FOREIGN) : escapedCharacter(body, read + 1)
      read += size
    } else {
      if (c === QUOTE) inString = !inString
      body[written++] = c
    }
  }
  progress.read = read
  progress.written = written
  progress.inString = inString
  return true
}

/** Number of characters of an escape after its backslash; 0 for an unknown escape. */
function escapeLength(body: Buffer, at: number): number {
  const c = body[at]
  if (c !== 0x75) return c !== undefined && SINGLE.includes(c) ? 1 : 0
  for (let i = 1; i <= 4; i++) if (hexDigit(body[at + i]) < 0) return 0
  return 5
}

/** `"` `\` `/` `b` `f` `n` `r` `t` */
const SINGLE: readonly number[] = [QUOTE, BACKSLASH, SLASH, 0x62, 0x66, 0x6e, 0x72, 0x74]

/** The character for four hexadecimal digits, if it can occur in base64 or a field name. */
function escapedCharacter(body: Buffer, at: number): number {
  let code = 0
  for (let i = 0; i < 4; i++) code = code * 16 + hexDigit(body[at + i])
  return code > 0x20 && code < 0x7f && code !== QUOTE && code !== BACKSLASH ? code : FOREIGN
}

function hexDigit(c: number | undefined): number {
  if (c === undefined) return -1
  if (c >= 0x30 && c <= 0x39) return c - 0x30
  const letter = c | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
