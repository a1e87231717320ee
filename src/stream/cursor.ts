import { CtStreamError } from '../errors.js'
import type { CompactRange } from '../merkle/compact-range.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { bufferOf, equalBytes, toHex } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'

// version | n × record | 4 bytes of SHA-256 over all before; base64url.
// record: 8 bytes of the log id, u64 next index, 16 bytes of the root of everything before it (0: nothing was proven).
// The highest bit of the index says that the log is finished: it left the lists, and nothing follows.
const VERSION = 3
/** The first version with finished logs. In an earlier one that bit is part of an index that no log has. */
const HAS_FINISHED = 3
const FINISHED_BIT = 0x80
const ID_LENGTH = 8
const ROOT_AT = ID_LENGTH + 8
/**
 * A deceptive log can build many trees and search for two whose roots begin with the same bytes: 2^32 hashes for 8 bytes, 2^48 (an
 * afternoon) for 12. For 16 it takes 2^64, and that for the one index at which a certain reader happens to be.
 */
const ROOT_LENGTH = 16
const RECORD = ROOT_AT + ROOT_LENGTH
const CHECK = 4
/** Length of a record by version; those of version 1 have no root. */
const RECORDS: Readonly<Record<number, number>> = { 1: ROOT_AT, 2: RECORD, [VERSION]: RECORD }

/** Position in one log. */
export interface CursorPosition {
  /** Index of the first entry to read; safe integer. */
  readonly next: number
  /** 16 bytes of the root of everything before it; `undefined` when nothing was proven. */
  readonly root: Uint8Array | undefined
  /** Whether the log left the lists and was read to its last head, so that nobody asks it again unless the lists have it again. */
  readonly finished: boolean
}

/** Positions in a cursor, by {@link cursorKey} of the log. */
export type CursorPositions = ReadonlyMap<string, CursorPosition>

/** The key of a log in a cursor: hex of the first 8 bytes of its id. */
export function cursorKey(logId: string): string {
  return Buffer.from(logId, 'base64').subarray(0, ID_LENGTH).toString('hex')
}

/** Of everything before a position: its compact range, or bytes of its root as another cursor has them; `undefined` when nothing was proven. */
type Before = CompactRange | Uint8Array | undefined

/** Place of one log in a cursor. */
export interface CursorPlace {
  /** From {@link cursorKey}. */
  readonly key: string
  /** Index of the first entry to read. */
  readonly next: number
  readonly before: Before
  /** As {@link CursorPosition.finished}. */
  readonly finished: boolean
}

export function encodeCursor(places: Iterable<CursorPlace>): string {
  return CursorTemplate.of([...places]).encode()
}

/** A cursor in which only one log's record changes from entry to entry: the other logs are not read meanwhile. */
export class CursorTemplate {
  private readonly bytes: Buffer
  /** Where the record that changes begins. */
  private readonly at: number

  private constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }

  /** @param own - Which of the places changes; the last one by default. */
  static of(places: readonly CursorPlace[], own = places.length - 1): CursorTemplate {
    const bytes = Buffer.alloc(1 + places.length * RECORD + CHECK)
    bytes[0] = VERSION
    places.forEach((place, i) => {
      bytes.write(place.key, 1 + i * RECORD, 'hex')
      writePlace(bytes, 1 + i * RECORD, place)
    })
    return new CursorTemplate(bytes, 1 + own * RECORD)
  }

  /** The cursor with another place for the log that changes. */
  withPlace(place: Omit<CursorPlace, 'key'>): string {
    writePlace(this.bytes, this.at, place)
    return this.encode()
  }

  encode(): string {
    const { bytes } = this
    bytes.set(sha256(bytes.subarray(0, -CHECK)).subarray(0, CHECK), bytes.length - CHECK)
    return bytes.toString('base64url')
  }
}

function writePlace(bytes: Buffer, at: number, { next, before, finished }: Omit<CursorPlace, 'key'>): void {
  bytes.writeBigUInt64BE(BigInt(next), at + ID_LENGTH)
  if (finished) bytes[at + ID_LENGTH] = FINISHED_BIT
  const root = before instanceof Uint8Array ? before : before?.root()
  if (root === undefined) bytes.fill(0, at + ROOT_AT, at + RECORD)
  else bytes.set(root.subarray(0, ROOT_LENGTH), at + ROOT_AT)
}

/** @throws {@link CtStreamError} `CT_CURSOR_INVALID` for anything that {@link encodeCursor} did not make. */
export function decodeCursor(cursor: string): CursorPositions {
  const bytes = Buffer.from(cursor, 'base64url')
  const body = bytes.subarray(0, -CHECK)
  if (
    bytes.toString('base64url') !== cursor ||
    bytes.length < 1 + CHECK ||
    !equalBytes(bytes.subarray(-CHECK), sha256(body).subarray(0, CHECK))
  )
    throw new CtStreamError('CT_CURSOR_INVALID', 'not a cursor of this library, or a damaged one')
  const version = body[0] as number
  if (version > VERSION)
    throw new CtStreamError(
      'CT_CURSOR_INVALID',
      `cursor version ${version} is newer than this library reads (${VERSION})`,
    )
  const length = RECORDS[version]
  if (length === undefined || (body.length - 1) % length !== 0)
    throw new CtStreamError('CT_CURSOR_INVALID', 'not a cursor of this library, or a damaged one')
  const positions = new Map<string, CursorPosition>()
  for (let at = 1; at < body.length; at += length)
    positions.set(
      bufferOf(body).toString('hex', at, at + ID_LENGTH),
      readPlace(body.subarray(at, at + length), version),
    )
  return positions
}

function readPlace(record: Buffer, version: number): CursorPosition {
  const finished = version >= HAS_FINISHED && ((record[ID_LENGTH] as number) & FINISHED_BIT) !== 0
  const next = BigInt.asUintN(finished ? 63 : 64, record.readBigUInt64BE(ID_LENGTH))
  if (next > BigInt(Number.MAX_SAFE_INTEGER))
    throw new CtStreamError(
      'CT_CURSOR_INVALID',
      `the cursor goes on at entry ${next} of the log ${toHex(record.subarray(0, ID_LENGTH))}…: no index is above 2^53 - 1`,
    )
  const root = record.subarray(ROOT_AT)
  return { next: Number(next), root: root.some((byte) => byte !== 0) ? Uint8Array.from(root) : undefined, finished }
}

/** The error for a cursor ahead of its log. The log once had that entry, so it now shows an old head, or is another log. */
export function cursorAhead({ id, url }: LogInfo, next: number, { treeSize }: SignedHead): CtStreamError {
  return new CtStreamError(
    'CT_CURSOR_INVALID',
    `${url}: the cursor goes on at entry ${next}, but the newest head the log shows has ${treeSize} entries: it is an old one, ` +
      'or the cursor is not of this log; nothing is read of it before it is that large',
    { logId: id, url, index: next, actual: treeSize, retryable: true },
  )
}

/**
 * Checks that a log's tree is still the one a cursor was made in.
 *
 * @param range - Of everything before the cursor's index, proven to be a prefix of a signed head.
 * @throws {@link CtStreamError} `CT_HEAD_CONFLICT` when it has another root: the log has forked below the cursor.
 */
export function checkCursorRoot({ id, url }: LogInfo, root: Uint8Array, range: CompactRange): void {
  const actual = range.root().subarray(0, ROOT_LENGTH)
  if (equalBytes(root, actual)) return
  throw new CtStreamError(
    'CT_HEAD_CONFLICT',
    `${url}: fork: the first ${range.size} entries are not those the cursor was made after, although the log signed both trees`,
    { logId: id, url, index: range.size, expected: toHex(root), actual: toHex(actual) },
  )
}
