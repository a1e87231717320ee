/** Milliseconds from 1970 to 2000, where Postgres counts from. */
const POSTGRES_EPOCH_MS = 946_684_800_000
/** Dimensions, whether there are NULLs, type, length, index of the first element: 4 bytes each. */
const HEADER_BYTES = 20

/** Writes an element, and returns where it ends. */
interface ElementType<T> {
  /** Object identifier of the type, the same in every server. */
  readonly oid: number
  /** Bytes to have for a value, at least. */
  room(value: T): number
  write(bytes: Buffer, at: number, value: T): number
}

/** Types of elements. */
export const elements = {
  boolean: { oid: 16, room: () => 1, write: (bytes, at, value) => bytes.writeUInt8(value ? 1 : 0, at) },
  smallint: { oid: 21, room: () => 2, write: (bytes, at, value) => bytes.writeInt16BE(value, at) },
  integer: { oid: 23, room: () => 4, write: (bytes, at, value) => bytes.writeInt32BE(value, at) },
  /** Safe integers. */
  bigint: {
    oid: 20,
    room: () => 8,
    write: (bytes, at, value) => {
      const high = Math.floor(value / 2 ** 32)
      return bytes.writeUInt32BE(value - high * 2 ** 32, bytes.writeInt32BE(high, at))
    },
  },
  timestamptz: {
    oid: 1184,
    room: () => 8,
    // Microseconds are beyond the safe integers from the year 2285 on.
    write: (bytes, at, date) => bytes.writeBigInt64BE(BigInt(date.getTime() - POSTGRES_EPOCH_MS) * 1000n, at),
  },
  /** Without U+0000, which text of Postgres cannot have. */
  text: {
    oid: 25,
    room: (value) => value.length * 3,
    write: (bytes, at, value) => at + bytes.write(value, at, 'utf8'),
  },
  bytea: {
    oid: 17,
    room: (value) => value.length,
    write: (bytes, at, value) => {
      bytes.set(value, at)
      return at + value.length
    },
  },
  /** A `bytea`, of hexadecimal digits. */
  hex: { oid: 17, room: (value) => value.length / 2, write: (bytes, at, value) => at + bytes.write(value, at, 'hex') },
} satisfies {
  boolean: ElementType<boolean>
  smallint: ElementType<number>
  integer: ElementType<number>
  bigint: ElementType<number>
  timestamptz: ElementType<Date>
  text: ElementType<string>
  bytea: ElementType<Uint8Array>
  hex: ElementType<string>
}

/**
 * An array as a parameter of a statement, in the binary format of Postgres: `$1::bytea[]`. Bytes need no hexadecimal digits, and the server
 * has all of it before it begins.
 */
export class ArrayParameter<T> {
  private readonly type: ElementType<T>
  private bytes = Buffer.allocUnsafe(4096)
  private end = HEADER_BYTES
  private length = 0

  constructor(type: ElementType<T>) {
    this.type = type
  }

  /** Of the parameter so far. */
  get byteLength(): number {
    return this.end
  }

  /** @param value - `undefined`: NULL. */
  add(value: T | undefined): void {
    const at = this.end + 4
    const room = at + (value === undefined ? 0 : this.type.room(value))
    if (room > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, room))
      this.bytes.copy(larger, 0, 0, this.end)
      this.bytes = larger
    }
    this.length++
    this.end = value === undefined ? at : this.type.write(this.bytes, at, value)
    this.bytes.writeInt32BE(value === undefined ? -1 : this.end - at, at - 4)
  }

  /** The value for the client, which sends buffers as they are. Nothing may be added afterwards. */
  value(): Buffer {
    // An array without elements has no dimensions.
    const dimensions = this.length === 0 ? 0 : 1
    for (const [i, field] of [dimensions, 1, this.type.oid, this.length, 1].entries())
      this.bytes.writeInt32BE(field, i * 4)
    return this.bytes.subarray(0, dimensions === 0 ? 12 : this.end)
  }
}
