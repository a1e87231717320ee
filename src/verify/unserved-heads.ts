import type { SignedHead } from '../types/log.js'
import { equalBytes, toBase64 } from '../util/bytes.js'

/** Most heads to remember: a log can sign any number, and the oldest ones become evidence first. */
const MAX_HEADS = 16

/** A head whose tree the log did not serve when it was requested. */
export interface UnservedHead {
  readonly head: SignedHead
  /** How long the log answered other requests while it was not read, for whatever reason, milliseconds, over this run and those before. */
  waitedMs: number
  /** How much of that the log refused to serve it: each time that it was asked. */
  refusedMs: number
  /** When the last entry of the tree, and the one to read next, were last requested, elapsed time, and whether the log refused one. */
  askedAt: number
  isRefused: boolean
  /** Whether it was reported. */
  isTold: boolean
  /** Whether it was reported as misbehaviour. */
  isAccused: boolean
}

/** The unserved heads of one log. None is forgotten before it was compared, or reported as misbehaviour. */
export class UnservedHeads {
  private heads: UnservedHead[] = []

  /** All of them, the oldest first. */
  get all(): readonly UnservedHead[] {
    return this.heads
  }

  /** Those not reported as misbehaviour, the oldest first. */
  get open(): readonly UnservedHead[] {
    return this.heads.filter(({ isAccused }) => !isAccused)
  }

  /** @param waitedMs - As returned by {@link record}. */
  add(head: SignedHead, waitedMs = 0): void {
    if (this.find(head) !== undefined) return
    // A head reported as misbehaviour is stored as evidence.
    if (this.heads.length >= MAX_HEADS) this.remove(this.heads.find(({ isAccused }) => isAccused))
    if (this.heads.length >= MAX_HEADS) return
    const asked = { refusedMs: waitedMs, askedAt: Number.NEGATIVE_INFINITY, isRefused: false }
    this.heads.push({ head, waitedMs, ...asked, isTold: waitedMs > 0, isAccused: false })
  }

  has(head: SignedHead): boolean {
    return this.find(head) !== undefined
  }

  /** The first unserved head of this size. */
  ofSize(treeSize: number): SignedHead | undefined {
    return this.open.find(({ head }) => head.treeSize === treeSize)?.head
  }

  /** Removes a head that was served or compared after all. */
  drop(head: SignedHead): void {
    this.remove(this.find(head))
  }

  /** Removes all heads up to this size. */
  dropTo(treeSize: number): void {
    this.heads = this.heads.filter(({ head }) => head.treeSize > treeSize)
  }

  /** Moves a head behind the others. */
  postpone(head: SignedHead): void {
    const found = this.find(head)
    this.remove(found)
    if (found !== undefined) this.heads.push(found)
  }

  accuse(head: SignedHead): void {
    const found = this.find(head)
    if (found !== undefined) found.isAccused = true
  }

  /** Adds time in which the log answered, but did not serve these heads. */
  wait(ms: number): void {
    for (const unserved of this.heads) {
      unserved.waitedMs += ms
      if (unserved.isRefused) unserved.refusedMs += ms
    }
  }

  /**
   * Notes whether the log served the last entry of a head, and the one to read next.
   * @param isServed - `undefined` when that remained open.
   * @param now - Elapsed time.
   */
  asked(unserved: UnservedHead, isServed: boolean | undefined, now: number): void {
    unserved.askedAt = now
    unserved.isRefused = isServed === false
    if (isServed) unserved.refusedMs = 0
  }

  /** The state to store: how long the log refused each head, milliseconds, by its root in base64. */
  record(): Record<string, number> {
    return Object.fromEntries(this.open.map(({ head, refusedMs }) => [toBase64(head.rootHash), Math.round(refusedMs)]))
  }

  private find(head: SignedHead): UnservedHead | undefined {
    return this.heads.find((known) => isSame(known.head, head))
  }

  private remove(unserved: UnservedHead | undefined): void {
    this.heads = this.heads.filter((known) => known !== unserved)
  }
}

/** Whether two heads are of the same tree, whenever they were signed. */
export function isSame(a: SignedHead, b: SignedHead): boolean {
  return a.treeSize === b.treeSize && equalBytes(a.rootHash, b.rootHash)
}
