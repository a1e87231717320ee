import type { SignedHead } from '../types/log.js'
import { equalBytes, toBase64 } from '../util/bytes.js'

/** Heads remembered; a log can sign as many as it likes, and the oldest ones are evidence first. */
const MAX_HEADS = 16

/** A head that its log signed, of a tree that it did not serve when it was asked. */
export interface UnservedHead {
  readonly head: SignedHead
  /** How long the log has been asked for it while it answered, milliseconds, in this run and those before. */
  waitedMs: number
  /** Whether it was reported. */
  isTold: boolean
  /** Whether it was held against the log. */
  isAccused: boolean
}

/** The heads of one log that it signed and did not serve: none is forgotten before it was compared or held against the log. */
export class UnservedHeads {
  private heads: UnservedHead[] = []

  /** All of them, the oldest first. */
  get all(): readonly UnservedHead[] {
    return this.heads
  }

  /** Those not held against the log, the oldest first. */
  get open(): readonly UnservedHead[] {
    return this.heads.filter(({ isAccused }) => !isAccused)
  }

  /** @param waitedMs - As {@link record} said. */
  add(head: SignedHead, waitedMs = 0): void {
    if (this.find(head) !== undefined) return
    // One that was held against the log is on record.
    if (this.heads.length >= MAX_HEADS) this.remove(this.heads.find(({ isAccused }) => isAccused))
    if (this.heads.length < MAX_HEADS) this.heads.push({ head, waitedMs, isTold: waitedMs > 0, isAccused: false })
  }

  has(head: SignedHead): boolean {
    return this.find(head) !== undefined
  }

  /** The first head of this many entries. */
  ofSize(treeSize: number): SignedHead | undefined {
    return this.open.find(({ head }) => head.treeSize === treeSize)?.head
  }

  /** It was served, or compared, after all. */
  drop(head: SignedHead): void {
    this.remove(this.find(head))
  }

  /** Drops all of up to this many entries. */
  dropTo(treeSize: number): void {
    this.heads = this.heads.filter(({ head }) => head.treeSize > treeSize)
  }

  /** Others have their turn first. */
  postpone(head: SignedHead): void {
    const found = this.find(head)
    this.remove(found)
    if (found !== undefined) this.heads.push(found)
  }

  accuse(head: SignedHead): void {
    const found = this.find(head)
    if (found !== undefined) found.isAccused = true
  }

  /** The log answered for this long, and still did not serve them. */
  wait(ms: number): void {
    for (const unserved of this.heads) unserved.waitedMs += ms
  }

  /** What is to be remembered: how long each was waited for, milliseconds, by its root in base64. */
  record(): Record<string, number> {
    return Object.fromEntries(this.open.map(({ head, waitedMs }) => [toBase64(head.rootHash), Math.round(waitedMs)]))
  }

  private find(head: SignedHead): UnservedHead | undefined {
    return this.heads.find((known) => isSame(known.head, head))
  }

  private remove(unserved: UnservedHead | undefined): void {
    this.heads = this.heads.filter((known) => known !== unserved)
  }
}

/** Whether two heads are of one tree, whenever they were signed. */
export function isSame(a: SignedHead, b: SignedHead): boolean {
  return a.treeSize === b.treeSize && equalBytes(a.rootHash, b.rootHash)
}
