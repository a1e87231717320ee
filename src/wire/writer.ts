import { CtStreamError } from '../errors.js'
import { concatBytes } from '../util/bytes.js'

/** Writes big-endian TLS presentation language: the counterpart of `ByteReader`. */
export class ByteWriter {
  private readonly parts: Uint8Array[] = []

  /** An unsigned integer of `size` bytes. */
  uint(value: number, size: number): this {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** size)
      throw new CtStreamError('CT_OPTION_INVALID', `${value} does not fit ${size} bytes`)
    const bytes = new Uint8Array(size)
    for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256
    return this.raw(bytes)
  }

  raw(bytes: Uint8Array): this {
    this.parts.push(bytes)
    return this
  }

  /** A variable-length vector: its length in `lengthSize` bytes, then its content. */
  vector(bytes: Uint8Array, lengthSize: number): this {
    return this.uint(bytes.length, lengthSize).raw(bytes)
  }

  bytes(): Uint8Array {
    return concatBytes(this.parts)
  }
}
