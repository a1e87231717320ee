import { CtStreamError } from '../errors.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import type { FinalTreeHead } from '../types/log-list.js'
import { equalBytes, toHex } from '../util/bytes.js'

/** The head at which a read-only log stopped, as the lists state it: with it the log is complete, and must not grow. */
export class FinalHead {
  private head: FinalTreeHead | undefined
  private broken = false

  /** What the lists say; `undefined` for a log that takes entries. */
  expect(head: FinalTreeHead | undefined): void {
    this.head = head
  }

  /** Whether everything up to `position` is everything there will be. */
  isReached(position: number): boolean {
    return this.head !== undefined && !this.broken && position >= this.head.treeSize
  }

  /**
   * What a signed head says against it: more entries, or another root for as many. Told once; such a log is read on, for
   * what it added was issued all the same.
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
