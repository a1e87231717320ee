import { CtStreamError } from '../errors.js'
import { bufferOf, equalBytes } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'

// version | n × (8 bytes of the log id, u64 next index) | 4 bytes of SHA-256 over all before; base64url.
const VERSION = 1
const ID_LENGTH = 8
const RECORD = ID_LENGTH + 8
const CHECK = 4

/** Next index by log: what a cursor says. */
export type CursorPositions = ReadonlyMap<string, number>

/** The key of a log in a cursor: hex of the first 8 bytes of its id. */
export function cursorKey(logId: string): string {
  return Buffer.from(logId, 'base64').subarray(0, ID_LENGTH).toString('hex')
}

/** @param positions - Key of {@link cursorKey} and index of the first entry to read, of every log. */
export function encodeCursor(positions: Iterable<readonly [key: string, next: number]>): string {
  const records = [...positions]
  const body = Buffer.alloc(1 + records.length * RECORD)
  body[0] = VERSION
  records.forEach(([key, next], i) => {
    body.write(key, 1 + i * RECORD, 'hex')
    body.writeBigUInt64BE(BigInt(next), 1 + i * RECORD + ID_LENGTH)
  })
  return Buffer.concat([body, sha256(body).subarray(0, CHECK)]).toString('base64url')
}

/** @throws {@link CtStreamError} `CT_CURSOR_INVALID` for anything that {@link encodeCursor} did not make. */
export function decodeCursor(cursor: string): CursorPositions {
  const bytes = Buffer.from(cursor, 'base64url')
  const body = bytes.subarray(0, -CHECK)
  if (
    bytes.toString('base64url') !== cursor ||
    bytes.length < 1 + CHECK ||
    (body.length - 1) % RECORD !== 0 ||
    !equalBytes(bytes.subarray(-CHECK), sha256(body).subarray(0, CHECK))
  )
    throw new CtStreamError('CT_CURSOR_INVALID', 'not a cursor of this library, or a damaged one')
  if (body[0] !== VERSION)
    throw new CtStreamError(
      'CT_CURSOR_INVALID',
      `cursor version ${body[0]} is newer than this library reads (${VERSION})`,
    )
  const positions = new Map<string, number>()
  for (let at = 1; at < body.length; at += RECORD)
    positions.set(bufferOf(body).toString('hex', at, at + ID_LENGTH), Number(body.readBigUInt64BE(at + ID_LENGTH)))
  return positions
}
