import { bufferOf } from '../util/bytes.js'
import { atOnce, type Steps } from '../util/turns.js'
import { base64Steps } from './base64.js'
import { JsonScanner } from './json-scanner.js'

/** What an answer may have besides the fields asked for. */
const SPARE = 256 * 1024

/**
 * The fields of a JSON answer, read one by one; whatever is not as promised is a `CT_RESPONSE_MALFORMED`, retryable.
 *
 * Nothing is made of a field that nobody asked for, and of one that somebody did only what was promised: an answer costs no more
 * than its bytes.
 */
export class JsonAnswer<Name extends string> {
  private readonly scanner: JsonScanner
  /** Where the value of each field begins. Of a field that is there twice the last one counts, as with `JSON.parse`. */
  private readonly places: ReadonlyMap<Name, number>

  /** {@link JsonAnswer.steps} in one go. */
  static read<Name extends string>(body: Uint8Array, what: string, names: readonly Name[]): JsonAnswer<Name> {
    return atOnce(JsonAnswer.steps(body, what, names))
  }

  /**
   * @param body - Written over where it has escapes.
   * @param what - Name of the answer, for messages.
   * @param names - The fields that will be asked for.
   */
  static *steps<Name extends string>(body: Uint8Array, what: string, names: readonly Name[]): Steps<JsonAnswer<Name>> {
    const scanner = yield* JsonScanner.open(bufferOf(body), what, SPARE)
    return new JsonAnswer(scanner, findFields(scanner, names))
  }

  private constructor(scanner: JsonScanner, places: ReadonlyMap<Name, number>) {
    this.scanner = scanner
    this.places = places
  }

  /** A non-negative safe integer. */
  integer(name: Name): number {
    const value = this.find(name) ? this.scanner.number() : undefined
    if (value === undefined || !Number.isSafeInteger(value) || value < 0)
      throw this.refuse(`${name} is not an integer from 0 to 2^53 - 1`)
    return value
  }

  /** Strict base64, of `length` bytes when that is given. */
  bytes(name: Name, length?: number): Uint8Array {
    return atOnce(this.bytesSteps(name, length))
  }

  /** As {@link bytes}, with pauses where it is long. */
  *bytesSteps(name: Name, length?: number): Steps<Uint8Array> {
    return yield* this.decode(name, this.find(name) && this.scanner.string(), length)
  }

  /** An array of strict base64; `null`, as some servers write an empty one, is empty. */
  byteList(name: Name, length?: number): Uint8Array[] {
    const { scanner } = this
    const list: Uint8Array[] = []
    if (!this.find(name)) throw this.refuse(`${name} is not an array`)
    if (scanner.null()) return list
    if (!scanner.token('[')) throw this.refuse(`${name} is not an array`)
    if (scanner.token(']')) return list
    do list.push(atOnce(this.decode(`${name}[${list.length}]`, scanner.string(), length)))
    while (scanner.token(','))
    return list
  }

  refuse(reason: string, cause?: unknown): Error {
    return this.scanner.refuse(reason, cause)
  }

  private find(name: Name): boolean {
    const place = this.places.get(name)
    if (place !== undefined) this.scanner.rewind(place)
    return place !== undefined
  }

  /** Decodes the string that the scanner has just stepped over, if it is one. */
  private *decode(name: string, isString: boolean, length?: number): Steps<Uint8Array> {
    const { text, from, to } = this.scanner
    const bytes = isString ? yield* base64Steps(text, from, to) : undefined
    if (bytes === undefined) throw this.refuse(`${name} is not base64`)
    if (length !== undefined && bytes.length !== length)
      throw this.refuse(`${name} is ${bytes.length} bytes long instead of ${length}`)
    return bytes
  }
}

/** Steps over the whole answer, and says where the fields are that are wanted. */
function findFields<Name extends string>(scanner: JsonScanner, names: readonly Name[]): Map<Name, number> {
  const places = new Map<Name, number>()
  const isObject = scanner.token('{')
  if (!isObject) scanner.skip()
  else if (!scanner.token('}')) {
    do {
      const name = scanner.name(names)
      if (name === undefined) scanner.skip()
      else {
        places.set(name, scanner.offset)
        scanner.pass()
      }
    } while (scanner.token(','))
    scanner.expect('}')
  }
  scanner.finish()
  if (!isObject) throw scanner.refuse('not a JSON object')
  return places
}
