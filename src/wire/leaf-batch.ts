import { createHash, hash as oneShot } from 'node:crypto'
import { CtStreamError } from '../errors.js'
import type { EntryBatch, EntryExtra, RawEntry } from '../types/entries.js'
import { bufferOf, concatBytes, copyBytes } from '../util/bytes.js'
import { atOnce, BYTES_PER_TURN, type Steps } from '../util/turns.js'

/** Positions of a page's entries in one piece of memory. Both protocols make a table from their answers. */
export interface EntryTable {
  readonly bytes: Uint8Array
  /**
   * Four offsets for entry `i`, at `4 * i`: start and end of 0x00 || leaf (as it is hashed), start and end of the extra data. Entries do not
   * overlap, and are in order.
   */
  readonly places: Uint32Array
  /** Copies the extra data out of `text`, where it is from `from` to `to`. */
  extra(text: Buffer, from: number, to: number, leafInput: Uint8Array): EntryExtra
}

/** A page with more bytes is hashed with pauses. Pages of 256 entries have a third of it. */
const LARGE_PAGE = 4 * BYTES_PER_TURN

/** Numbers in the table for each entry. */
export const PLACES = 4
/** Of SHA-256, bytes. */
const HASH_LENGTH = 32

/**
 * Number of entries whose leaves are copied out of a page together. Separate memory for each would cost the garbage collector more than
 * the copying. The price: a kept entry keeps the leaves of up to seven neighbours in memory.
 */
const COPIED_TOGETHER = 8

/** Leaves `from` to `to` of a page, adjacent in memory of their own. */
interface Copied {
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
  /** Where leaf `from + i` begins; one element more says where the last one ends. */
  readonly starts: readonly number[]
}

/** What is known of a page beside its table. */
interface PageFacts {
  /** Leaf hashes, where they were computed already. */
  readonly hashes?: Uint8Array | undefined
  /** The root, where another thread computed it. */
  readonly root?: Uint8Array | undefined
  /** Number of entries of the whole page. Default: those of the table. */
  readonly pageLength?: number
  /** Called when the memory of the table is no longer needed. */
  readonly release?: (() => void) | undefined
}

/** A page of entries, or a part of one. */
export class LeafBatch implements EntryBatch {
  readonly start: number
  readonly length: number
  readonly pageLength: number
  readonly byteLength: number
  readonly subtreeRoot: Uint8Array | undefined
  private table: EntryTable | undefined
  private onRelease: (() => void) | undefined
  /** The same memory as the table's. */
  private readonly text: Buffer
  private copied: Copied | undefined
  private hashes: Uint8Array | undefined

  /**
   * Makes a batch. Hashes the leaves of a large page here, with pauses, because the first use would hash them all at once.
   *
   * @param start - Index of the first entry of the page.
   * @param release - Called when the memory of the table is no longer needed.
   */
  static *steps(start: number, table: EntryTable, release?: () => void): Steps<LeafBatch> {
    const hashes = table.bytes.length > LARGE_PAGE ? yield* hashLeaves(table) : undefined
    return new LeafBatch(start, table, { hashes, release })
  }

  constructor(start: number, table: EntryTable, { hashes, root, pageLength, release }: PageFacts) {
    this.start = start
    this.length = table.places.length / PLACES
    this.pageLength = pageLength ?? this.length
    this.byteLength = table.bytes.length
    this.subtreeRoot = root
    this.table = table
    this.text = bufferOf(table.bytes)
    this.onRelease = release
    this.hashes = hashes
  }

  leafInput(i: number): Uint8Array {
    const { bytes, places } = this.open()
    return bytes.subarray((places[PLACES * i] as number) + 1, places[PLACES * i + 1])
  }

  leafHashes(): Uint8Array {
    this.hashes ??= atOnce(hashLeaves(this.open()))
    return this.hashes
  }

  entry(i: number): RawEntry {
    const table = this.open()
    const { places } = table
    const { copied } = this
    const { bytes, starts, from } =
      copied !== undefined && i >= copied.from && i < copied.to ? copied : this.copyFrom(i)
    const leafInput = bytes.subarray(starts[i - from], starts[i - from + 1])
    // Strings, which live briefly in V8's heap. As bytes outside of the heap, extra data made V8 mark the whole heap for every 30 MB,
    // although most of it is never read.
    const extraAt = places[PLACES * i + 2] as number
    const extra = table.extra(this.text, extraAt, places[PLACES * i + 3] as number, leafInput)
    return new CopiedEntry(this.start + i, leafInput, extra)
  }

  only(from: number, to: number): EntryBatch {
    if (from === 0 && to >= this.length) return this
    const { bytes, extra, places: all } = this.open()
    const places = all.slice(PLACES * from, PLACES * to)
    const count = places.length / PLACES
    const hashes = this.hashes?.slice(from * HASH_LENGTH, (from + count) * HASH_LENGTH)
    const { pageLength, onRelease: release } = this
    this.onRelease = undefined
    this.release()
    // Most of the page: copied, it would take as much memory again.
    if (2 * count > pageLength)
      return new LeafBatch(this.start + from, { bytes, extra, places }, { hashes, pageLength, release })
    const first = places[0] as number
    const own = copyBytes(bytes.subarray(first, places.at(-1)))
    release?.()
    return new LeafBatch(
      this.start + from,
      { bytes: own, extra, places: places.map((at) => at - first) },
      { hashes, pageLength },
    )
  }

  release(): void {
    if (this.table === undefined) return
    this.table = undefined
    this.copied = undefined
    this.onRelease?.()
  }

  /** Throws once the memory was released: another page may use it by now, and reading it would deliver wrong entries. */
  private open(): EntryTable {
    if (this.table === undefined)
      throw new CtStreamError('CT_CLOSED', `the page of entry ${this.start} is read after its memory was given back`, {
        index: this.start,
      })
    return this.table
  }

  private copyFrom(from: number): Copied {
    const { bytes, places } = this.open()
    const to = Math.min(from + COPIED_TOGETHER, this.length)
    const leaves: Uint8Array[] = []
    const starts = [0]
    for (let i = from, end = 0; i < to; i++) {
      const leaf = bytes.subarray((places[PLACES * i] as number) + 1, places[PLACES * i + 1])
      leaves.push(leaf)
      end += leaf.length
      starts.push(end)
    }
    this.copied = { from, to, bytes: concatBytes(leaves), starts }
    return this.copied
  }
}

/**
 * An entry copied out of its page. Made by a constructor: objects written as literals V8 comes to allocate among the old ones when those of a
 * few pages have survived a collection, and with each of them the entry's data would survive until the next full collection.
 */
class CopiedEntry implements RawEntry {
  readonly index: number
  readonly leafInput: Uint8Array
  readonly extra: EntryExtra

  constructor(index: number, leafInput: Uint8Array, extra: EntryExtra) {
    this.index = index
    this.leafInput = leafInput
    this.extra = extra
  }
}

/** SHA-256(0x00 || leaf) of every leaf (RFC 6962 section 2.1), with a pause after every megabyte. */
export function* hashLeaves({ bytes, places }: EntryTable): Steps<Uint8Array> {
  const count = places.length / PLACES
  const hashes = new Uint8Array(count * HASH_LENGTH)
  const out = bufferOf(hashes)
  let hashed = 0
  // A digest as a binary string needs no memory outside of V8's heap, which is most of the cost of hashing few bytes.
  for (let i = 0; i < count; i++) {
    const leaf = bytes.subarray(places[PLACES * i], places[PLACES * i + 1])
    const digest = leaf.length > BYTES_PER_TURN ? yield* hashLongLeaf(leaf) : oneShot('sha256', leaf, 'binary')
    out.write(digest, i * HASH_LENGTH, HASH_LENGTH, 'binary')
    hashed += leaf.length
    if (hashed < BYTES_PER_TURN) continue
    hashed = 0
    yield
  }
  return hashes
}

function* hashLongLeaf(leaf: Uint8Array): Steps<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < leaf.length; at += BYTES_PER_TURN) {
    hash.update(leaf.subarray(at, at + BYTES_PER_TURN))
    yield
  }
  return hash.digest('binary')
}
