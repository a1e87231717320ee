import { hash as oneShot } from 'node:crypto'
import type { EntryBatch, EntryExtra, RawEntry } from '../types/entries.js'
import { bufferOf, copyBytes } from '../util/bytes.js'

/** Where the extra data of a batch stays until it is asked for. */
export interface ExtraSource {
  /** Bytes it keeps in memory. */
  readonly byteLength: number
  /** Copies the extra data of entries `from` to `to` (exclusive) of the whole page. */
  copy(from: number, to: number): CopiedExtras
}

/** Extra data of a few entries, in memory of their own. */
export interface CopiedExtras {
  /** The extra data of entry `i` of the whole page. */
  extra(i: number, leafInput: Uint8Array): EntryExtra
}

/**
 * The leaves of a page in one piece of memory, each behind the 0x00 that its hash begins with, so that hashing reads
 * them where they stand.
 */
export interface LeafTable {
  /** 0x00 || leaf, 0x00 || leaf, ... */
  readonly bytes: Uint8Array
  /** Where each 0x00 stands, and the end of the last leaf. */
  readonly offsets: Uint32Array
}

/** A page of entries, or a part of one. Both protocols make theirs of a {@link LeafTable} and an {@link ExtraSource}. */
export class LeafBatch implements EntryBatch {
  readonly start: number
  readonly length: number
  readonly byteLength: number
  private readonly page: Page
  private readonly from: number

  /** @param start - Index of the first entry of the page. */
  static of(start: number, leaves: LeafTable, extras: ExtraSource): LeafBatch {
    const page = new Page(start, leaves, extras)
    return new LeafBatch(page, 0, page.length)
  }

  private constructor(page: Page, from: number, to: number) {
    this.page = page
    this.from = from
    this.start = page.start + from
    this.length = to - from
    // The parts of a page share its memory; so that their sizes add up to that of the page, each has its share.
    this.byteLength = page.share(to) - page.share(from)
  }

  leafInput(i: number): Uint8Array {
    return this.page.leafInput(this.from + i)
  }

  leafHashes(): Uint8Array {
    return this.page.leafHashes().subarray(this.from * 32, (this.from + this.length) * 32)
  }

  entry(i: number): RawEntry {
    return this.page.entry(this.from + i)
  }

  slice(from: number, to: number): EntryBatch {
    return new LeafBatch(this.page, this.from + from, this.from + Math.min(to, this.length))
  }
}

/**
 * Entries copied out of a page together. Memory of its own for each would cost the garbage collector more than the copying; so
 * whoever keeps one entry keeps at most its seven neighbours.
 */
const COPIED_TOGETHER = 8

/** Entries `from` to `to` of a page, in memory of their own. */
interface Copied {
  readonly from: number
  readonly to: number
  /** Their leaves, as in the page. */
  readonly bytes: Uint8Array
  readonly extras: CopiedExtras
}

class Page {
  readonly start: number
  readonly length: number
  readonly extras: ExtraSource
  private readonly leaves: LeafTable
  private copied: Copied | undefined
  private hashes: Uint8Array | undefined

  constructor(start: number, leaves: LeafTable, extras: ExtraSource) {
    this.start = start
    this.length = leaves.offsets.length - 1
    this.leaves = leaves
    this.extras = extras
  }

  share(entries: number): number {
    return Math.floor(((this.leaves.bytes.length + this.extras.byteLength) * entries) / this.length)
  }

  leafInput(i: number): Uint8Array {
    const { bytes, offsets } = this.leaves
    return bytes.subarray((offsets[i] as number) + 1, offsets[i + 1])
  }

  entry(i: number): RawEntry {
    const { offsets } = this.leaves
    const copied =
      this.copied !== undefined && i >= this.copied.from && i < this.copied.to ? this.copied : this.copyFrom(i)
    const base = offsets[copied.from] as number
    const leafInput = copied.bytes.subarray((offsets[i] as number) - base + 1, (offsets[i + 1] as number) - base)
    return { index: this.start + i, leafInput, extra: copied.extras.extra(i, leafInput) }
  }

  private copyFrom(from: number): Copied {
    const { bytes, offsets } = this.leaves
    const to = Math.min(from + COPIED_TOGETHER, this.length)
    const extras = this.extras.copy(from, to)
    this.copied = { from, to, bytes: copyBytes(bytes.subarray(offsets[from], offsets[to])), extras }
    return this.copied
  }

  leafHashes(): Uint8Array {
    this.hashes ??= hashLeaves(this.leaves)
    return this.hashes
  }
}

/** SHA-256(0x00 || leaf) of every leaf (RFC 6962 section 2.1). */
function hashLeaves({ bytes, offsets }: LeafTable): Uint8Array {
  const count = offsets.length - 1
  const hashes = new Uint8Array(count * 32)
  const out = bufferOf(hashes)
  // A digest as a binary string needs no memory of its own, which is most of what a short one costs.
  for (let i = 0; i < count; i++)
    out.write(oneShot('sha256', bytes.subarray(offsets[i], offsets[i + 1]), 'binary'), i * 32, 32, 'binary')
  return hashes
}
