import { CtStreamError } from '../errors.js'
import { verifyConsistency } from '../merkle/consistency.js'
import { EMPTY_ROOT } from '../merkle/hash.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { equalBytes, toHex } from '../util/bytes.js'
import { isSame, UnservedHeads } from './unserved-heads.js'

/**
 * Requests the consistency proof between a tree size and a signed head, once; `undefined` without an answer: the log may serve it
 * later, or never.
 */
export type TryConsistency = (first: number, second: SignedHead) => Promise<readonly Uint8Array[] | undefined>

/** Number of compared heads to remember, so that heads from lagging replicas are recognized; and of accused ones. */
const REMEMBERED = 64

/**
 * The signed heads of one log, and whether each is known to agree with those before.
 *
 * A smaller head is no rollback, because replicas lag: it is compared if the log serves a proof, and reading goes on. A larger head is
 * proven consistent by the entries read next or by a consistency proof; until then it is pending, and stored. A head whose proofs or
 * entries the log does not serve is set aside: reading goes on with other heads, and it is compared as soon as possible.
 */
export class Heads {
  /** The head that reading aims at: the largest accepted one; `undefined` before the first. */
  newest: SignedHead | undefined
  /** The largest head with which everything delivered is known to be consistent. */
  verified: SignedHead | undefined
  /** Heads that the log signed but does not serve. */
  readonly unserved = new UnservedHeads()
  /** The last comparison: the evidence, when the heads disagreed. */
  disputed: {
    readonly head?: SignedHead
    readonly against?: SignedHead
    /** Whether the log itself says that it no longer has this tree. */
    readonly lost?: SignedHead
    readonly proof?: readonly Uint8Array[]
    /** In a fork: the root of the smaller tree according to the proof. */
    readonly firstRoot?: Uint8Array
  } = {}
  private readonly log: LogInfo
  private readonly ask: TryConsistency
  private readonly isPremature: (head: SignedHead) => boolean
  private readonly isServed: (head: SignedHead) => Promise<boolean>
  /** Accepted but unproven heads, oldest first. */
  private unproven: readonly SignedHead[] = []
  /** Heads known to agree with the verified or the newest one, by size. */
  private readonly agreed = new Map<number, SignedHead>()
  /** Roots of the trees that were reported as misbehaviour, in hexadecimal, those met last at the end. */
  private readonly accused = new Set<string>()

  /**
   * @param isPremature - Whether a head's timestamp lies in the future: of equal heads, one with a possible timestamp is preferred.
   * @param isServed - Whether the log serves the last entry of a head; checked before reading aims at a head again that was set aside.
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

  /** Unproven signed heads, oldest first: those set aside, then the accepted ones. */
  get pending(): readonly SignedHead[] {
    const aside = this.unserved.open.map(({ head }) => head)
    return [...aside.filter((head) => !this.unproven.some((other) => isSame(other, head))), ...this.unproven]
  }

  /** The largest signed head that is not known to be contradicted, whether it is served or not. */
  get largest(): SignedHead | undefined {
    return this.unserved.open.reduce<SignedHead | undefined>(
      (largest, { head }) => (largest === undefined || head.treeSize > largest.treeSize ? head : largest),
      this.newest,
    )
  }

  /** Continues with stored heads; those set aside stay so. */
  restore(verified: SignedHead | undefined): void {
    this.newest = this.verified = verified
    this.unproven = []
  }

  /**
   * Accepts a head, if it agrees with the ones before.
   *
   * @param provenTo - Index up to which entries are read and proven, if the entries read next will prove a larger head that follows a
   * head of that size; `undefined` when nothing is proven (the weaker modes).
   * @returns Whether there is a newer head than before. `false` also for a head that cannot be compared now; see `unserved`. The first head
   * is always accepted: there is a `newest` one afterwards.
   * @throws `CT_HEAD_CONFLICT`, `CT_CONSISTENCY` or `CT_ROOT_MISMATCH` when it disagrees.
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
    // A head taken for want of another stays among the unserved ones until its entries are read.
    else this.unserved.dropTo(known === undefined ? head.treeSize - 1 : head.treeSize)
    return true
  }

  /** Compares heads that were set aside with the verified one, as far as the log serves the proofs. */
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
   * Sets the newest head aside, because the log does not serve its tree: reading goes on from the verified head. It is compared later.
   */
  setAside(): void {
    if (this.newest !== undefined) this.unserved.add(this.newest)
    this.rewind()
  }

  /** Notes that everything read is proven consistent with the newest head. */
  confirm(): void {
    this.verified = this.newest
    this.unproven = []
    if (this.verified !== undefined) this.agree(this.verified)
  }

  /** Goes back to the last verified head. */
  rewind(): void {
    this.newest = this.verified
    this.unproven = []
    for (const size of this.agreed.keys()) if (size > (this.verified?.treeSize ?? -1)) this.agreed.delete(size)
  }

  /** Remembers what was reported as misbehaviour, so that a restarted session does not report it again. */
  accuse(): void {
    const { head, lost } = this.disputed
    for (const other of [head, ...this.unproven]) if (other !== undefined) this.rememberAccused(toHex(other.rootHash))
    if (head !== undefined) this.unserved.accuse(head)
    if (lost === undefined || (this.verified !== undefined && isSame(lost, this.verified))) return
    // Reading aims at it again only when it is served.
    this.unserved.add(lost)
    this.unserved.accuse(lost)
  }

  wasAccused(head: SignedHead): boolean {
    return this.accused.has(toHex(head.rootHash))
  }

  /** Of a log that signs ever more trees the first ones are forgotten: met again, they are reported once more. */
  private rememberAccused(root: string): void {
    this.accused.delete(root)
    this.accused.add(root)
    const [oldest] = this.accused
    if (this.accused.size > REMEMBERED && oldest !== undefined) this.accused.delete(oldest)
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

  /** Whether reading may aim at a larger head. Compares it with the one before, unless reading will do so. */
  private async mayFollow(
    known: SignedHead | undefined,
    head: SignedHead,
    provenTo: number | undefined,
  ): Promise<boolean> {
    const isCompared = known !== undefined && known.treeSize > 0 && provenTo !== undefined && provenTo < known.treeSize
    // With nothing else to aim at, what the log does not serve is asked for until it does.
    if (!isCompared) return known === undefined || !this.unserved.has(head) || (await this.isServed(head))
    if (await this.checkConsistency(known, head)) return true
    this.unserved.add(head)
    return false
  }

  private async checkSmaller(head: SignedHead, newest: SignedHead, provenTo: number | undefined): Promise<boolean> {
    if (this.agreed.has(head.treeSize)) return false
    const { verified } = this
    // The tree of the newest head may never be served; that of the verified head was.
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

  /** Returns whether it could be compared with anything. */
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
