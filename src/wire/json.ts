import { bufferOf, fromBase64 } from '../util/bytes.js'
import { malformedResponse } from './malformed.js'

/**
 * The fields of a JSON answer, read one by one; whatever is not as promised is a `CT_RESPONSE_MALFORMED`, retryable.
 */
export class JsonAnswer {
  readonly fields: Readonly<Record<string, unknown>>
  private readonly body: Uint8Array
  private readonly what: string

  /** @param what - Name of the answer, for messages. */
  constructor(body: Uint8Array, what: string) {
    this.body = body
    this.what = what
    const value = this.parse()
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.refuse('not a JSON object')
    this.fields = value as Record<string, unknown>
  }

  /** A non-negative safe integer. */
  integer(name: string): number {
    const value = this.fields[name]
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw this.refuse(`${name} is not an integer from 0 to 2^53 - 1`)
    return value
  }

  /** Strict base64, of `length` bytes when that is given. */
  bytes(name: string, length?: number): Uint8Array {
    return this.decode(this.fields[name], name, length)
  }

  /** An array of strict base64; `null`, as some servers write an empty one, is empty. */
  byteList(name: string, length?: number): Uint8Array[] {
    const value = this.fields[name] ?? []
    if (!(name in this.fields) || !Array.isArray(value)) throw this.refuse(`${name} is not an array`)
    return value.map((item, i) => this.decode(item, `${name}[${i}]`, length))
  }

  refuse(reason: string, cause?: unknown): Error {
    return malformedResponse(this.what, reason, this.body, cause)
  }

  private parse(): unknown {
    try {
      return JSON.parse(bufferOf(this.body).toString('utf8'))
    } catch (cause) {
      throw this.refuse('not JSON', cause)
    }
  }

  private decode(value: unknown, name: string, length?: number): Uint8Array {
    const bytes = typeof value === 'string' ? fromBase64(value) : undefined
    if (bytes === undefined) throw this.refuse(`${name} is not base64`)
    if (length !== undefined && bytes.length !== length)
      throw this.refuse(`${name} is ${bytes.length} bytes long instead of ${length}`)
    return bytes
  }
}
