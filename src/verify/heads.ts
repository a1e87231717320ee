import { CtStreamError } from '../errors.js'
import { verifyConsistency } from '../merkle/consistency.js'
import { EMPTY_ROOT } from '../merkle/hash.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { equalBytes, toHex } from '../util/bytes.js'
import { isSame, UnservedHeads } from './unserved-heads.js'

/**
 * Asks the log once for the consistency proof between a tree size and a signed head; `undefined` when it gives no answer: what
 * a head needs may not be there yet, or never.
 */
export type TryConsistency = (first: number, second: SignedHead) => Promise<readonly Uint8Array[] | undefined>

/** Heads of which it is remembered that they were compared, to know them again when a replica lags. */
const REMEMBERED = 64

/**
 * The signed heads of one log and what is known of them: whether each agrees with those before.
 *
 * A smaller head is no rollback, replicas lag: it is checked where the log lets it be, and reading goes on where it was. A larger one is proven to
 * be consistent, by what is then read or by a consistency proof; until it is, it is pending and not forgotten. One whose proofs or
 * entries the log does not serve is set aside: reading goes on by others, and it is compared as soon as it can be.
 */
export class Heads {
  /** The head that reading goes by: the largest that was taken over; `undefined` before the first. */
  newest: SignedHead | undefined
  /** The largest head that everything delivered is known to be consistent with. */
  verified: SignedHead | undefined
  /** Heads that the log signed and does not serve. */
  readonly unserved = new UnservedHeads()
  /** What was compared last, and with what: the evidence, when it did not agree. */
  disputed: {
    readonly head?: SignedHead
    readonly against?: SignedHead
    /** The log itself says that it no longer has this tree. */
    readonly lost?: SignedHead
    readonly proof?: readonly Uint8Array[]
    /** Of a fork: what the proof shows the root of the smaller tree to be. */
    readonly firstRoot?: Uint8Array
  } = {}
  private readonly log: LogInfo
  private readonly ask: TryConsistency
  private readonly isPremature: (head: SignedHead) => boolean
  private readonly isServed: (head: SignedHead) => Promise<boolean>
  /** Taken over and not yet proven, oldest first. */
  private unproven: readonly SignedHead[] = []
  /** Heads that agree with the verified one, or with the newest, by size. */
  private readonly agreed = new Map<number, SignedHead>()
  private readonly accused: SignedHead[] = []

  /**
   * @param isPremature - Whether a head's timestamp cannot be right: of equal heads, one that can goes first.
   * @param isServed - Whether the log serves the last entry of a head: asked of one that was set aside before reading goes by it again.
   */
  constructor(
    log: LogInfo,
    ask: TryConsistency,
    isPremature: (head: SignedHead) => boolean = () => false,
    isServed: (head: SignedHead) => Promise<boolean> = async () => false,
  ) {
    this.log = log
    this.ask = ask
    this.isPremature = isPremature
    this.isServed = isServed
  }

  /** Signed heads not yet proven, oldest first: those set aside, then those that reading goes by. */
  get pending(): readonly SignedHead[] {
    const aside = this.unserved.open.map(({ head }) => head)
    return [...aside.filter((head) => !this.unproven.some((other) => isSame(other, head))), ...this.unproven]
  }

  /** The largest head signed that nothing speaks against, served or not. */
  get largest(): SignedHead | undefined {
    return this.unserved.open.reduce<SignedHead | undefined>(
      (largest, { head }) => (largest === undefined || head.treeSize > largest.treeSize ? head : largest),
      this.newest,
    )
  }

  /** Goes on from what was remembered; what is set aside stays so. */
  restore(verified: SignedHead | undefined): void {
    this.newest = this.verified = verified
    this.unproven = []
  }

  /**
   * Takes a head over, if it agrees with the ones before.
   *
   * @param provenTo - Index up to which entries are read and proven, when what is read next will prove a larger head
   * that follows one of that size; `undefined` when nothing is to be proven at all (the weaker modes).
   * @returns Whether there is a newer head than before. `false` also for one that cannot be compared now, see `unserved`.
   * @throws `CT_HEAD_CONFLICT`, `CT_CONSISTENCY` or `CT_ROOT_MISMATCH` when it does not agree.
   */
  async adopt(head: SignedHead, provenTo: number | undefined): Promise<boolean> {
    const known = this.newest
    if (head.treeSize === 0 && (known === undefined ? provenTo !== undefined : known.treeSize > 0))
      this.checkEmpty(head)
    for (const other of [this.agreed.get(head.treeSize), this.unserved.ofSize(head.treeSize)])
      if (other !== undefined) this.checkEqual(other, head)
    if (known !== undefined && head.treeSize === known.treeSize) return this.adoptEqual(known, head)
    if (known !== undefined && head.treeSize < known.treeSize) return this.checkSmaller(head, known, provenTo)
    if (!(await this.mayFollow(known, head, provenTo))) return false
    this.newest = head
    if (provenTo !== undefined) this.unproven = [...this.unproven.filter((p) => p.treeSize >= head.treeSize), head]
    else this.unserved.dropTo(head.treeSize)
    return true
  }

  /** Compares what was set aside with what is verified, as far as the log lets it be. */
  async checkUnserved(): Promise<void> {
    const { verified } = this
    if (verified === undefined) return
    for (const { head } of this.unserved.open.filter(({ head }) => head.treeSize <= verified.treeSize).slice(0, 2)) {
      if (head.treeSize === verified.treeSize) this.checkEqual(verified, head)
      else if (!(await this.checkConsistency(head, verified))) {
        this.unserved.postpone(head)
        continue
      }
      this.agree(head)
    }
  }

  /**
   * The log does not serve what the newest head is of: reading goes on by others, from what is verified. It stays to be
   * compared.
   */
  setAside(): void {
    if (this.newest !== undefined) this.unserved.add(this.newest)
    this.rewind()
  }

  /** Everything read is proven to be consistent with the newest head. */
  confirm(): void {
    this.verified = this.newest
    this.unproven = []
    if (this.verified !== undefined) this.agree(this.verified)
  }

  /** Back to the last verified head. */
  rewind(): void {
    this.newest = this.verified
    this.unproven = []
    for (const size of this.agreed.keys()) if (size > (this.verified?.treeSize ?? -1)) this.agreed.delete(size)
  }

  /** Remembers what was laid at the log's door, so that it is not held against it again after a restart of the session. */
  accuse(): void {
    const { head, lost } = this.disputed
    for (const other of [head, ...this.unproven]) if (other !== undefined) this.accused.push(other)
    if (head !== undefined) this.unserved.accuse(head)
    if (lost === undefined || (this.verified !== undefined && isSame(lost, this.verified))) return
    // Reading does not go by it again before it is served.
    this.unserved.add(lost)
    this.unserved.accuse(lost)
  }

  wasAccused(head: SignedHead): boolean {
    return this.accused.some((accused) => equalBytes(accused.rootHash, head.rootHash))
  }

  private adoptEqual(known: SignedHead, head: SignedHead): boolean {
    this.checkEqual(known, head)
    if (!this.isLater(head, known)) return false
    if (this.verified === known) this.verified = head
    this.unproven = this.unproven.map((pending) => (pending === known ? head : pending))
    this.newest = head
    return true
  }

  private checkEqual(known: SignedHead, head: SignedHead): void {
    if (equalBytes(known.rootHash, head.rootHash)) return
    this.disputed = { head, against: known }
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

  private isLater(head: SignedHead, known: SignedHead): boolean {
    const premature = this.isPremature(head)
    return premature === this.isPremature(known) ? head.timestamp > known.timestamp : !premature
  }

  /** Whether reading may go by a larger head: it is compared with the one before, where reading will not do that. */
  private async mayFollow(
    known: SignedHead | undefined,
    head: SignedHead,
    provenTo: number | undefined,
  ): Promise<boolean> {
    const isCompared = known !== undefined && known.treeSize > 0 && provenTo !== undefined && provenTo < known.treeSize
    if (!isCompared) return !this.unserved.has(head) || (await this.isServed(head))
    if (await this.checkConsistency(known, head)) return true
    this.unserved.add(head)
    return false
  }

  private async checkSmaller(head: SignedHead, newest: SignedHead, provenTo: number | undefined): Promise<boolean> {
    if (this.agreed.has(head.treeSize)) return false
    const { verified } = this
    // The newest one may be of a tree that is never served; what is verified was.
    const known = verified !== undefined && head.treeSize <= verified.treeSize ? verified : newest
    if (head.treeSize === known.treeSize) this.checkEqual(known, head)
    else if (head.treeSize > 0 && provenTo !== undefined && !(await this.checkConsistency(head, known))) {
      this.unserved.add(head)
      return false
    }
    if (provenTo !== undefined) this.agree(head)
    return false
  }

  private agree(head: SignedHead): void {
    this.unserved.drop(head)
    this.agreed.delete(head.treeSize)
    this.agreed.set(head.treeSize, head)
    const [oldest] = this.agreed.keys()
    if (this.agreed.size > REMEMBERED && oldest !== undefined) this.agreed.delete(oldest)
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
  private async checkConsistency(first: SignedHead, second: SignedHead): Promise<boolean> {
    const isFirst = second === this.newest || second === this.verified
    this.disputed = isFirst ? { head: first, against: second } : { head: second, against: first }
    const proof = await this.ask(first.treeSize, second)
    if (proof === undefined) return false
    this.disputed = { ...this.disputed, proof }
    verifyConsistency(first.treeSize, second.treeSize, proof, first.rootHash, second.rootHash)
    return true
  }
}
