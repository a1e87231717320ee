import { CtStreamError } from '../errors.js'
import { type CompactRange, RangeBuilder } from '../merkle/compact-range.js'
import { verifyConsistency } from '../merkle/consistency.js'
import type { EntryBatch } from '../types/entries.js'
import type { SignedHead } from '../types/log.js'
import { equalBytes, toHex } from '../util/bytes.js'

/** A page proven to be in a tree whose head the log signed. */
export interface ProvenBatch<T> {
  readonly batch: EntryBatch
  /** The compact range of everything before the page. */
  readonly rangeBefore: CompactRange
  /** The compact range including the page. */
  readonly rangeAfter: CompactRange
  /** The caller's data for the page. */
  readonly payload: T
}

/**
 * Pages that were received and not yet proven.
 *
 * Their leaves are hashed into a compact range that starts at the last proven position. As soon as its root equals a signed one, or
 * a consistency proof shows it to be a prefix of a signed tree, all held pages are proven at once.
 */
export class HeldEntries<T> {
  private proven: CompactRange
  private builder: RangeBuilder
  /** Compact range of everything proven or held. */
  private range: CompactRange
  private held: ProvenBatch<T>[] = []
  private heldBytes = 0

  /** @param from - Compact range of the entries proven already. */
  constructor(from: CompactRange) {
    this.proven = from
    this.range = from
    this.builder = new RangeBuilder(from)
  }

  /** Compact range of everything proven. */
  get provenRange(): CompactRange {
    return this.proven
  }

  /** Index after the last held entry. */
  get end(): number {
    return this.range.size
  }

  get pages(): number {
    return this.held.length
  }

  /** The held pages, in order. */
  get batches(): readonly ProvenBatch<T>[] {
    return this.held
  }

  get bytes(): number {
    return this.heldBytes
  }

  /** Holds the next page. */
  hold(batch: EntryBatch, payload: T): void {
    if (batch.start !== this.end)
      throw new CtStreamError('CT_ROOT_MISMATCH', `entries from ${batch.start} do not follow ${this.end}`, {
        index: batch.start,
      })
    const rangeBefore = this.range
    if (batch.subtreeRoot === undefined) this.builder.append(batch.leafHashes(), batch.length)
    else this.builder.appendSubtree(Math.log2(batch.length), batch.subtreeRoot)
    this.range = this.builder.snapshot()
    this.held.push({ batch, rangeBefore, rangeAfter: this.range, payload })
    this.heldBytes += batch.byteLength
  }

  /**
   * Proves the held pages by a head of exactly their end.
   * @throws `CT_ROOT_MISMATCH` when the root differs; the pages stay held.
   */
  proveByHead(head: SignedHead): ProvenBatch<T>[] {
    const { range } = this
    const root = range.root()
    if (range.size !== head.treeSize || !equalBytes(root, head.rootHash))
      throw new CtStreamError(
        'CT_ROOT_MISMATCH',
        `entries up to ${range.size} do not hash to the root the log signed for ${head.treeSize} entries`,
        { index: range.size, expected: toHex(head.rootHash), actual: toHex(root) },
      )
    return this.release()
  }

  /**
   * Proves the held pages by a consistency proof from their end to a larger signed head.
   * @throws `CT_CONSISTENCY` when the proof does not verify; the pages stay held.
   */
  proveByConsistency(head: SignedHead, proof: readonly Uint8Array[]): ProvenBatch<T>[] {
    verifyConsistency(this.range.size, head.treeSize, proof, this.range.root(), head.rootHash)
    return this.release()
  }

  /** The first 10,000 leaf hashes of the held pages, 32 bytes each: evidence when they do not hash to a signed root. */
  leafHashes(): Uint8Array[] {
    const hashes: Uint8Array[] = []
    for (const { batch } of this.held) {
      const all = batch.leafHashes()
      for (let i = 0; i < batch.length && hashes.length < 10_000; i++) hashes.push(all.slice(i * 32, i * 32 + 32))
    }
    return hashes
  }

  /** Drops the held pages and returns them, so that their memory can be released. */
  discard(): ProvenBatch<T>[] {
    this.range = this.proven
    this.builder = new RangeBuilder(this.proven)
    return this.take()
  }

  private release(): ProvenBatch<T>[] {
    this.proven = this.range
    return this.take()
  }

  private take(): ProvenBatch<T>[] {
    const taken = this.held
    this.held = []
    this.heldBytes = 0
    return taken
  }
}
