import { CtStreamError } from '../errors.js'
import { verifyConsistency } from '../merkle/consistency.js'
import { EMPTY_ROOT } from '../merkle/hash.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { equalBytes, toHex } from '../util/bytes.js'

/** As {@link AskConsistency}, of what is not worth asking twice: `undefined` when the log gives no answer. */
export type TryConsistency = (first: number, second: SignedHead) => Promise<readonly Uint8Array[] | undefined>

/** Asks the log for the consistency proof between a tree size and a signed head. */
export type AskConsistency = (first: number, second: SignedHead) => Promise<readonly Uint8Array[]>

/**
 * The signed heads of one log and what is known of them: whether each agrees with those before.
 *
 * A smaller head is no rollback, replicas lag: it is checked where the log lets it be, and reading goes on where it was. A larger one is proven to
 * be consistent, by what is then read or by a consistency proof; until it is, it is pending and not forgotten.
 */
export class Heads {
  /** The largest head that was taken over; `undefined` before the first. */
  newest: SignedHead | undefined
  /** The largest head that everything delivered is known to be consistent with. */
  verified: SignedHead | undefined
  /** Signed heads taken over and not yet proven, oldest first. */
  pending: readonly SignedHead[] = []
  /** What was compared last: the evidence, when it did not agree. */
  disputed: {
    readonly head?: SignedHead
    readonly proof?: readonly Uint8Array[]
    /** Of a fork: what the proof shows the root of the smaller tree to be. */
    readonly firstRoot?: Uint8Array
  } = {}
  private readonly log: LogInfo
  private readonly ask: AskConsistency
  private readonly tryAsk: TryConsistency
  private readonly isPremature: (head: SignedHead) => boolean
  private smaller: SignedHead | undefined
  private readonly accused: SignedHead[] = []

  /** @param isPremature - Whether a head's timestamp cannot be right: of equal heads, one that can goes first. */
  constructor(
    log: LogInfo,
    ask: AskConsistency,
    isPremature: (head: SignedHead) => boolean = () => false,
    tryAsk: TryConsistency = ask,
  ) {
    this.tryAsk = tryAsk
    this.log = log
    this.ask = ask
    this.isPremature = isPremature
  }

  /** Goes on from what was remembered. */
  restore(verified: SignedHead | undefined): void {
    this.newest = this.verified = verified
    this.pending = []
  }

  /**
   * Takes a head over, if it agrees with the ones before.
   *
   * @param provenTo - Index up to which entries are read and proven, when what is read next will prove a larger head
   * that follows one of that size; `undefined` when nothing is to be proven at all (the weaker modes).
   * @returns Whether there is a newer head than before.
   * @throws `CT_HEAD_CONFLICT`, `CT_CONSISTENCY` or `CT_ROOT_MISMATCH` when it does not agree.
   */
  async adopt(head: SignedHead, provenTo: number | undefined): Promise<boolean> {
    const known = this.newest
    if (known === undefined && head.treeSize === 0 && provenTo !== undefined) this.checkEmpty(head)
    if (known !== undefined && head.treeSize === known.treeSize) return this.adoptEqual(known, head)
    if (known !== undefined && head.treeSize < known.treeSize) return this.checkSmaller(head, known, provenTo)
    if (known !== undefined && known.treeSize > 0 && provenTo !== undefined && provenTo < known.treeSize)
      await this.checkConsistency(known, head)
    this.newest = head
    if (provenTo !== undefined) this.pending = [...this.pending.filter((p) => p.treeSize >= head.treeSize), head]
    return true
  }

  /** Everything read is proven to be consistent with the newest head. */
  confirm(): void {
    this.verified = this.newest
    this.pending = []
    this.smaller = undefined
  }

  /** Back to the last verified head. */
  rewind(): void {
    this.newest = this.verified
    this.pending = []
    this.smaller = undefined
  }

  /** Remembers what was laid at the log's door, so that it is not held against it again after a restart of the session. */
  accuse(): void {
    for (const head of [this.disputed.head, ...this.pending]) if (head !== undefined) this.accused.push(head)
  }

  wasAccused(head: SignedHead): boolean {
    return this.accused.some((accused) => equalBytes(accused.rootHash, head.rootHash))
  }

  private adoptEqual(known: SignedHead, head: SignedHead): boolean {
    if (!equalBytes(known.rootHash, head.rootHash)) {
      this.disputed = { head }
      throw new CtStreamError(
        'CT_HEAD_CONFLICT',
        `${this.log.url}: fork: the log signed two trees of ${head.treeSize} entries`,
        {
          logId: this.log.id,
          url: this.log.url,
          index: head.treeSize,
          expected: toHex(known.rootHash),
          actual: toHex(head.rootHash),
        },
      )
    }
    if (!this.isLater(head, known)) return false
    if (this.verified === known) this.verified = head
    this.pending = this.pending.map((pending) => (pending === known ? head : pending))
    this.newest = head
    return true
  }

  private isLater(head: SignedHead, known: SignedHead): boolean {
    const premature = this.isPremature(head)
    return premature === this.isPremature(known) ? head.timestamp > known.timestamp : !premature
  }

  private async checkSmaller(head: SignedHead, known: SignedHead, provenTo: number | undefined): Promise<boolean> {
    if (this.smaller !== undefined && equalBytes(this.smaller.rootHash, head.rootHash)) return false
    if (head.treeSize === 0) this.checkEmpty(head)
    else if (provenTo !== undefined && !(await this.checkConsistency(head, known, this.tryAsk))) return false
    this.smaller = head
    return false
  }

  private checkEmpty(head: SignedHead): void {
    if (equalBytes(head.rootHash, EMPTY_ROOT)) return
    this.disputed = { head }
    throw new CtStreamError('CT_ROOT_MISMATCH', `${this.log.url}: the signed root of no entries is not SHA-256("")`, {
      logId: this.log.id,
      expected: toHex(EMPTY_ROOT),
      actual: toHex(head.rootHash),
    })
  }

  /** Returns whether there was anything to check it by. */
  private async checkConsistency(
    first: SignedHead,
    second: SignedHead,
    ask: TryConsistency = this.ask,
  ): Promise<boolean> {
    this.disputed = { head: second === this.newest ? first : second }
    const proof = await ask(first.treeSize, second)
    if (proof === undefined) return false
    this.disputed = { ...this.disputed, proof }
    verifyConsistency(first.treeSize, second.treeSize, proof, first.rootHash, second.rootHash)
    return true
  }
}
