import { CtStreamError } from '../errors.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import type { FinalTreeHead } from '../types/log-list.js'
import { equalBytes, toHex } from '../util/bytes.js'

/** The last head of a read-only log, as the lists state it: the log is complete with it, and must not grow. */
export class FinalHead {
  private head: FinalTreeHead | undefined
  private broken = false

  /** Sets what the lists state; `undefined` for a log that accepts entries. */
  expect(head: FinalTreeHead | undefined): void {
    this.head = head
  }

  /** Whether no entry from `position` on will ever follow. */
  isReached(position: number): boolean {
    return this.head !== undefined && !this.broken && position >= this.head.treeSize
  }

  /**
   * How a signed head contradicts the last one: by more entries, or by another root for the same size. Reported once. Reading
   * goes on, because the certificates it added were really issued.
   */
  brokenBy(head: SignedHead, log: LogInfo): CtStreamError | undefined {
    const final = this.head
    if (final === undefined || this.broken || head.treeSize < final.treeSize) return undefined
    if (head.treeSize === final.treeSize && equalBytes(head.rootHash, final.rootHash)) return undefined
    this.broken = true
    return new CtStreamError(
      'CT_HEAD_CONFLICT',
      `${log.url}: read-only since ${final.treeSize} entries, but signed a head of ${head.treeSize}`,
      {
        logId: log.id,
        url: log.url,
        index: head.treeSize,
        expected: toHex(final.rootHash),
        actual: toHex(head.rootHash),
      },
    )
  }
}
