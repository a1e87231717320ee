import { bufferOf } from '../util/bytes.js'
import { atOnce, type Steps } from '../util/turns.js'
import { base64Steps } from './base64.js'
import { JsonScanner } from './json-scanner.js'

/** Bytes that an answer may have besides the wanted fields. */
const SPARE = 256 * 1024

/**
 * The fields of a JSON answer, read one by one. A field without the expected form is a `CT_RESPONSE_MALFORMED`, retryable.
 *
 * Builds only the wanted fields, and those only in the expected form, so memory is bounded by the length of the answer.
 */
export class JsonAnswer<Name extends string> {
  private readonly scanner: JsonScanner
  /** Where the value of each field begins. Of a repeated field the last one counts, as with `JSON.parse`. */
  private readonly places: ReadonlyMap<Name, number>

  /** {@link JsonAnswer.steps} without pauses. */
  static read<Name extends string>(body: Uint8Array, what: string, names: readonly Name[]): JsonAnswer<Name> {
    return atOnce(JsonAnswer.steps(body, what, names))
  }

  /**
   * @param body - Overwritten where it has escapes.
   * @param what - Name of the answer, for messages.
   * @param names - The wanted fields.
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

  /** Like {@link bytes}, with pauses in a long value. */
  *bytesSteps(name: Name, length?: number): Steps<Uint8Array> {
    return yield* this.decode(name, this.find(name) && this.scanner.string(), length)
  }

  /** An array of strict base64. `null` counts as empty: some servers write an empty array that way. */
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

  /** Decodes the string that the scanner has just skipped, if it was a string. */
  private *decode(name: string, isString: boolean, length?: number): Steps<Uint8Array> {
    const { text, from, to } = this.scanner
    const bytes = isString ? yield* base64Steps(text, from, to) : undefined
    if (bytes === undefined) throw this.refuse(`${name} is not base64`)
    if (length !== undefined && bytes.length !== length)
      throw this.refuse(`${name} is ${bytes.length} bytes long instead of ${length}`)
    return bytes
  }
}

/** Skips the whole answer, and returns where the wanted fields are. */
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
