import { isUint8Array } from 'node:util/types'
import { CtStreamError } from '../errors.js'
import { countOnes } from '../merkle/proof-shape.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { LogInfo, LogKind, SignedHead } from '../types/log.js'
import { copyBytes } from '../util/bytes.js'
import { checkpointChecksum } from './checksum.js'

/** What is wrong with a row: `field must be rule, not actual`. */
export interface RowFault {
  /** `undefined` when the row does not even name its log. */
  readonly logId: string | undefined
  /** As in {@link LogCheckpoint}: `position`, `range[2]`, `verifiedHead.rootHash`. */
  readonly field: string
  readonly rule: string
  readonly actual: string
  readonly cause?: unknown
}

const HASH_LENGTH = 32
/** `DigitallySigned`: two algorithm bytes, a u16 length, the signature. */
const MAX_SIGNATURE_LENGTH = 4 + 65_535

/**
 * Copies a row and checks each field. Every row that a store returns, whatever its shape, enters the library this way, and this library's
 * stores check rows so before they write them.
 *
 * `null` counts as absent in optional fields, because databases and JSON have no `undefined`. The checksum is compared if there is one.
 * The copy shares no memory with the row.
 *
 * @param error - Makes the error to throw for an invalid row.
 */
export function readRow(value: unknown, error: (fault: RowFault) => CtStreamError): LogCheckpoint {
  return new RowReader(error).row(value)
}

/** Whether `value` can be an index, a size or a time: an integer in `[0, 2^53)`. */
export function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

type Fields = Readonly<Record<string, unknown>>

class RowReader {
  private readonly error: (fault: RowFault) => CtStreamError
  private logId: string | undefined

  constructor(error: (fault: RowFault) => CtStreamError) {
    this.error = error
  }

  row(value: unknown): LogCheckpoint {
    try {
      return this.checkedRow(this.object('row', value))
    } catch (cause) {
      // Getters and proxies may throw anything.
      if (CtStreamError.is(cause)) throw cause
      throw this.error({ logId: this.logId, field: 'row', rule: 'a plain object', actual: 'one that throws', cause })
    }
  }

  private checkedRow(fields: Fields): LogCheckpoint {
    const log = this.log(fields.log)
    const position = this.index('position', fields.position)
    const row = {
      log,
      position,
      range: absent(fields.range) ? undefined : this.range(fields.range, position),
      verifiedHead: absent(fields.verifiedHead) ? undefined : this.head('verifiedHead', fields.verifiedHead),
      pendingHeads: this.array('pendingHeads', fields.pendingHeads).map((head, i) =>
        this.head(`pendingHeads[${i}]`, head),
      ),
      learned: this.json('learned', fields.learned),
    }
    return absent(fields.checksum) ? row : { ...row, checksum: this.checksum(fields.checksum, row) }
  }

  private log(value: unknown): LogInfo {
    const fields = this.object('log', value)
    const id = this.text('log.id', fields.id)
    if (id === '') this.fail('log.id', 'the base64 id of a log', 'empty')
    this.logId = id
    const kind = this.text('log.kind', fields.kind)
    if (kind !== 'rfc6962' && kind !== 'static-ct') this.fail('log.kind', `'rfc6962' or 'static-ct'`, shown(kind))
    return {
      id,
      description: this.text('log.description', fields.description),
      operator: this.text('log.operator', fields.operator),
      kind: kind as LogKind,
      url: this.text('log.url', fields.url),
    }
  }

  private range(value: unknown, position: number): Uint8Array[] {
    const hashes = this.array('range', value)
    const want = countOnes(position)
    if (hashes.length !== want) this.fail('range', `the ${want} hashes that position ${position} has`, hashes.length)
    return hashes.map((hash, i) => this.hash(`range[${i}]`, hash))
  }

  private head(field: string, value: unknown): SignedHead {
    const fields = this.object(field, value)
    const signature = this.bytes(`${field}.signature`, fields.signature)
    if (signature.length > MAX_SIGNATURE_LENGTH)
      this.fail(`${field}.signature`, `at most ${MAX_SIGNATURE_LENGTH} bytes`, signature.length)
    return {
      treeSize: this.index(`${field}.treeSize`, fields.treeSize),
      timestamp: this.index(`${field}.timestamp`, fields.timestamp),
      rootHash: this.hash(`${field}.rootHash`, fields.rootHash),
      signature: copyBytes(signature),
    }
  }

  private checksum(value: unknown, row: LogCheckpoint): string {
    const given = this.text('checksum', value)
    const expected = checkpointChecksum(row)
    if (given !== expected) this.fail('checksum', `${expected}, as the fields are`, shown(given))
    return expected
  }

  private index(field: string, value: unknown): number {
    return isIndex(value) ? value : this.fail(field, 'an integer in [0, 2^53)', shown(value))
  }

  private hash(field: string, value: unknown): Uint8Array {
    const bytes = this.bytes(field, value)
    if (bytes.length !== HASH_LENGTH) this.fail(field, `a hash of ${HASH_LENGTH} bytes`, bytes.length)
    return copyBytes(bytes)
  }

  private bytes(field: string, value: unknown): Uint8Array {
    return isUint8Array(value) ? value : this.fail(field, 'a Uint8Array (bytes do not survive JSON)', shown(value))
  }

  private text(field: string, value: unknown): string {
    return typeof value === 'string' ? value : this.fail(field, 'a string', shown(value))
  }

  private array(field: string, value: unknown): readonly unknown[] {
    // The copy of a sparse or subclassed array is a plain array.
    return Array.isArray(value) ? Array.from(value as unknown[]) : this.fail(field, 'an array', shown(value))
  }

  private object(field: string, value: unknown): Fields {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Fields) : this.fail(field, 'an object', shown(value))
  }

  /** Copies the value as a store on disk would, so that a value that works with one store works with all. */
  private json(field: string, value: unknown): Record<string, unknown> {
    const object = this.object(field, value)
    try {
      return this.object(field, JSON.parse(JSON.stringify(object))) as Record<string, unknown>
    } catch (cause) {
      if (CtStreamError.is(cause)) throw cause
      return this.fail(field, 'JSON', 'what cannot be written as JSON', cause)
    }
  }

  private fail(field: string, rule: string, actual: string | number, cause?: unknown): never {
    throw this.error({ logId: this.logId, field, rule, actual: String(actual), cause })
  }
}

function absent(value: unknown): boolean {
  return value === undefined || value === null
}

/** Describes a value without calling any of its methods or getters. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'symbol' || typeof value === 'function' ? `a ${typeof value}` : String(value)
}
