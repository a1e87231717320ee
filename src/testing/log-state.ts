import { hash } from 'node:crypto'
import type { Clock } from '../types/clock.js'
import type { SignedHead } from '../types/log.js'
import { optionError } from '../util/options.js'
import type { LogKey } from './signing.js'
import { type StoredEntry, storeEntry, type TestLogEntry } from './stored-entry.js'
import { hashLeaf, TestTree } from './tree.js'

/** The state of a log: entries, their tree, and the heads it signed. No I/O. */
export class LogState {
  readonly tree: TestTree
  readonly entries: StoredEntry[]
  /** Every head signed, oldest first; the first is of the empty tree. */
  readonly heads: SignedHead[]
  /** Certificates of all chains by the lower-case hex SHA-256 of their DER. */
  readonly issuers: Map<string, Uint8Array>
  readonly key: LogKey
  /** Distinguishes the caches of two trees of one log. */
  readonly id: number
  private readonly clock: Clock
  private readonly servesTiles: boolean
  private readonly indexes = new Map<string, number>()
  private readonly seenChains = new WeakSet<readonly Uint8Array[]>()
  private indexed = 0
  /** Timestamp of the newest entry made here: no head may be older (RFC 6962 section 3.5). */
  private newest = 0
  private forks = 0

  constructor(
    key: LogKey,
    clock: Clock,
    servesTiles: boolean,
    from?: { readonly state: LogState; readonly size: number; readonly id: number },
  ) {
    this.key = key
    this.clock = clock
    this.servesTiles = servesTiles
    this.id = from?.id ?? 0
    this.tree = from === undefined ? new TestTree() : from.state.tree.copy(from.size)
    this.entries = from?.state.entries.slice(0, from.size) ?? []
    this.issuers = new Map(from?.state.issuers)
    this.heads = from?.state.heads.filter((head) => head.treeSize <= from.size) ?? []
  }

  get head(): SignedHead {
    return this.heads.at(-1) ?? this.publish(this.clock.now())
  }

  /** Appends entries without publishing them. */
  add(entries: Iterable<TestLogEntry>, timestamp: number | undefined): void {
    const now = timestamp ?? this.clock.now()
    if (!Number.isSafeInteger(now) || now < 0) throw optionError('timestamp', 'epoch milliseconds', now)
    this.newest = Math.max(this.newest, now)
    for (const entry of entries) {
      const stored = storeEntry(entry, now, this.servesTiles ? this.entries.length : undefined)
      if (this.servesTiles) stored.tileExtra() // throws for entries that tiles cannot hold, before they are in the tree
      this.rememberIssuers(stored.chain)
      this.tree.append(hashLeaf(stored.leafInput()))
      this.entries.push(stored)
    }
  }

  /** Signs a head over everything added. Its default timestamp is later than that of the last head. */
  publish(timestamp: number | undefined): SignedHead {
    const last = this.heads.at(-1)
    const at = timestamp ?? Math.max(this.clock.now(), this.newest, last === undefined ? 0 : last.timestamp + 1)
    const head = this.key.signHead(this.tree.size, at, this.tree.root())
    this.heads.push(head)
    return head
  }

  /** A second tree of the same log that shares the first `size` entries, for a split view. */
  fork(size: number): LogState {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.entries.length)
      throw optionError('atIndex', `an integer from 0 to ${this.entries.length}`, size)
    this.forks++
    return new LogState(this.key, this.clock, this.servesTiles, { state: this, size, id: this.id * 1000 + this.forks })
  }

  /** Index of the first entry with this leaf hash, or `undefined`. */
  indexOf(leafHash: Uint8Array): number | undefined {
    for (; this.indexed < this.entries.length; this.indexed++) {
      const key = Buffer.from(this.tree.leafHash(this.indexed)).toString('latin1')
      if (!this.indexes.has(key)) this.indexes.set(key, this.indexed)
    }
    return this.indexes.get(Buffer.from(leafHash).toString('latin1'))
  }

  private rememberIssuers(chain: readonly Uint8Array[]): void {
    if (this.seenChains.has(chain)) return
    this.seenChains.add(chain)
    for (const der of chain) this.issuers.set(hash('sha256', der, 'hex'), der)
  }
}
