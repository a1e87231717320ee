import type { CtErrorCode } from '../../errors.js'
import { CompactRange } from '../../merkle/compact-range.js'
import type { LearnedLimits } from '../../poll/learned-limits.js'
import type { LogRequests } from '../../poll/log-requests.js'
import { type Patience, RangeReader } from '../../poll/range-reader.js'
import type { SignedHead } from '../../types/log.js'
import type { Lease } from '../../util/byte-budget.js'
import type { Heads } from '../../verify/heads.js'
import { HeldEntries, type ProvenBatch } from '../../verify/held-entries.js'
import type { Asking, LogSessionOptions } from './log-session-options.js'
import type { ProvenPage } from './proven-page.js'

/** Most pages to hold for one consistency proof: one extra request in fifty is the 2 % that proofs may cost. */
const PAGES_PER_PROOF = 50

/** How long entries are read without proof before the log's heads are read again, milliseconds. */
const UNPROVEN_MS = 60_000

type UnprovenBatch = Pick<ProvenBatch<Lease>, 'batch' | 'payload'>

export interface ProofWindowContext {
  readonly options: Pick<LogSessionOptions, 'client' | 'settings' | 'share' | 'clock' | 'events'>
  readonly requests: LogRequests
  readonly limits: LearnedLimits
  readonly heads: Heads
  /** Where reading most likely begins; `undefined` when that depends on the log. */
  readonly from: number | undefined
  /** Options for the next request. Its signal aborts when the request is known to be futile. */
  readonly asking: () => Asking
  /** Size of the log when it was opened. */
  readonly openedSize: () => number
  /** Something was proven. */
  readonly onProven: () => void
  /** Something is handed on. */
  readonly onHandOn: () => void
}

/**
 * The pages of one log between its server and the reader: those in transfer, and those held until a signed root covers them. Hands
 * nothing on before that, except in the modes without proofs.
 */
export class ProofWindow {
  /** Bytes of entries received. */
  bytes = 0
  /** Compact range of everything before the first entry, where entries are proven; `undefined` while opening. */
  startRange: CompactRange | undefined
  /** Index after the last entry handed on. */
  handedOn: number
  held = new HeldEntries<Lease>(CompactRange.empty)
  /** Whether entries were handed on without proof, and none were proven since. */
  isAdrift = false
  private readonly context: ProofWindowContext
  private reader: RangeReader | undefined
  /** Number of pages to hold for the next proof: few at first, so that the reader soon gets some, then more and more. */
  private pagesPerProof = 1

  constructor(context: ProofWindowContext) {
    this.context = context
    this.handedOn = context.from ?? 0
  }

  /** Whether entries are proven. */
  get proves(): boolean {
    return this.context.options.settings.verify === 'full'
  }

  /** Index after the last entry received: reading goes on there. */
  get fetchedTo(): number {
    return this.proves && !this.isLost ? this.held.end : this.handedOn
  }

  /** Whether the compact range before the next entry is unknown: nothing can be proven until the log proves one. */
  private get isLost(): boolean {
    return this.isAdrift && this.held.provenRange.size !== this.handedOn
  }

  /** Index up to which entries are received; `undefined` where nothing is proven. */
  get provenTo(): number | undefined {
    return this.proves ? this.held.end : undefined
  }

  /** Compact range of everything handed on; `undefined` where it is not known. */
  get rangeHandedOn(): CompactRange | undefined {
    const { provenRange } = this.held
    return this.proves && provenRange.size === this.handedOn ? provenRange : undefined
  }

  /** Starts to hold entries after this range. */
  startFrom(range: CompactRange): void {
    this.held = new HeldEntries(range)
  }

  /** The range it started from is proven: entry `start` is the first to be handed on. */
  begin(start: number, range: CompactRange | undefined): void {
    if (range !== undefined) {
      this.startFrom(range)
      this.startRange = range
    }
    this.handedOn = start
  }

  /**
   * Takes the next page. Proves the held pages when there are enough of them, or no more can be held.
   *
   * @param target - Index up to which there is something to read.
   * @returns `'handed-on'` when nothing is held and there may be more to read; `'end'` when no page is in transfer.
   * @throws what a request threw, or what the entries disprove.
   */
  async advance(target: number): Promise<'end' | 'handed-on' | 'received'> {
    const next = await this.readerTo(target).next(this.patience)
    if (next === undefined) return 'end'
    if (next === 'starved') {
      await this.prove()
      return 'handed-on'
    }
    const { batch, lease } = next
    this.bytes += batch.byteLength
    if (!this.proves) {
      this.handOn([{ batch, payload: lease }])
      return 'handed-on'
    }
    this.held.hold(batch, lease)
    if (this.held.end >= target || this.held.pages < this.pagesPerProof) return 'received'
    await this.prove()
    return 'handed-on'
  }

  /** Pages that fill half of the budget are proven while others are on their way, so that neither the log nor the reader waits. */
  private get patience(): Patience {
    const { pages, bytes } = this.held
    if (pages === 0) return 'all'
    return bytes * 2 < this.context.options.share.limit ? 'some' : 'none'
  }

  /**
   * Hands the held pages on without proof, after the log was accused.
   * @returns Whether anything was held.
   */
  handOnHeld(accusedOf: CtErrorCode): boolean {
    const held = this.held.discard()
    if (held.length === 0) return false
    this.handOnUnproven(held, accusedOf)
    return true
  }

  /**
   * Reads up to `end` and hands pages on without proof, after the log was accused. For a minute at most, because then its heads are due.
   * @param treeSize - Size of the tree that is read, at least `end`.
   * @throws what a request threw.
   */
  async readUnproven(accusedOf: CtErrorCode, end: number, treeSize: number): Promise<void> {
    if (this.handedOn >= end) return
    const { elapsed } = this.context.options.settings
    const until = elapsed() + UNPROVEN_MS
    this.dropReader()
    const reader = this.newReader(this.handedOn, end, () => ({ ...this.context.asking(), treeSize }))
    this.reader = reader
    while (elapsed() < until) {
      const next = await reader.next('all')
      if (next === undefined || next === 'starved') break
      this.bytes += next.batch.byteLength
      this.handOnUnproven([{ batch: next.batch, payload: next.lease }], accusedOf)
    }
  }

  /** Where the compact range before the next entry is unknown, requests a proof of it, so that later entries can be proven again. */
  async resume(): Promise<void> {
    const { heads, requests, asking } = this.context
    const { newest } = heads
    if (!this.isLost || newest === undefined || newest.treeSize < this.handedOn) return
    heads.disputed = { head: newest }
    this.startFrom(await requests.frontier(this.handedOn, newest, asking()))
    heads.confirm()
  }

  /** Proves the held pages, if there are any. */
  async proveRest(): Promise<void> {
    if (this.held.pages > 0) await this.prove()
  }

  /** Proves the held pages without waiting for the next one, which may take long. */
  nudge(): void {
    this.reader?.nudge()
  }

  /** Drops pages in transfer; they are requested again. */
  dropReader(): void {
    this.reader?.stop()
    this.reader = undefined
  }

  /** Goes back to the proven position, and releases everything after it. */
  rewind(): void {
    this.dropReader()
    // With `continue-unverified`, small windows keep the number of unproven entries low.
    if (this.context.options.settings.onMisbehaviour === 'continue-unverified') this.pagesPerProof = 1
    for (const { payload } of this.held.discard()) payload.release()
  }

  /** Proves all held pages, by the head itself or by a consistency proof to it, and hands them on. */
  private async prove(): Promise<void> {
    const { settings, client } = this.context.options
    if (!settings.tracing?.isOn) return this.proveHeld()
    const { description, url } = client.log
    const attributes = {
      'ct_stream.log': description,
      'url.full': url,
      'ct_stream.start': this.handedOn,
      'ct_stream.entries': this.held.end - this.handedOn,
      'ct_stream.tree_size': this.context.heads.newest?.treeSize,
    }
    return settings.tracing.span({ name: 'ct_stream.prove', kind: 'internal', attributes }, () => this.proveHeld())
  }

  private async proveHeld(): Promise<void> {
    const { heads, requests, asking } = this.context
    const head = heads.newest as SignedHead
    const { end } = this.held
    heads.disputed = { head }
    if (end === head.treeSize) return this.proven(this.held.proveByHead(head))
    const proof = await requests.consistency(end, head, asking())
    heads.disputed = { head, proof }
    this.proven(this.held.proveByConsistency(head, proof))
  }

  private proven(batches: readonly ProvenBatch<Lease>[]): void {
    this.context.heads.confirm()
    this.isAdrift = false
    this.pagesPerProof = Math.min(this.pagesPerProof * 2, PAGES_PER_PROOF)
    this.context.onProven()
    this.handOn(batches)
  }

  private handOnUnproven(pages: readonly UnprovenBatch[], accusedOf: CtErrorCode): void {
    this.isAdrift = this.proves
    this.startFrom(CompactRange.empty)
    this.handOn(
      pages.map(({ batch, payload }) => ({ batch, payload })),
      accusedOf,
    )
  }

  private handOn(batches: readonly (Partial<ProvenBatch<Lease>> & UnprovenBatch)[], accusedOf?: CtErrorCode): void {
    const openedSize = this.context.openedSize()
    const pages: ProvenPage[] = []
    for (const { batch, rangeBefore, rangeAfter, payload: lease } of batches) {
      this.handedOn = batch.start + batch.length
      pages.push({ batch, rangeBefore, rangeAfter, accusedOf, lease, openedSize })
    }
    // Without proofs, the served entries are all there is to go by.
    if (!this.proves) this.context.heads.unserved.dropTo(this.handedOn)
    this.context.onHandOn()
    this.context.options.events.deliver(pages)
  }

  private readerTo(end: number): RangeReader {
    this.reader ??= this.newReader(this.fetchedTo, end)
    this.reader.extend(end)
    return this.reader
  }

  private newReader(start: number, end: number, asking = this.context.asking): RangeReader {
    const { requests, limits, options } = this.context
    return new RangeReader(start, end, {
      requests,
      planner: limits.planner,
      budget: options.share,
      inFlight: options.settings.concurrency.perLog,
      asking,
      signal: asking().signal,
      clock: options.clock,
      weight: limits.weight,
    })
  }
}
