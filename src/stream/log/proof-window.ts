import type { CtErrorCode } from '../../errors.js'
import { CompactRange } from '../../merkle/compact-range.js'
import type { LearnedLimits } from '../../poll/learned-limits.js'
import type { LogRequests } from '../../poll/log-requests.js'
import { RangeReader } from '../../poll/range-reader.js'
import type { SignedHead } from '../../types/log.js'
import type { Lease } from '../../util/byte-budget.js'
import type { Heads } from '../../verify/heads.js'
import { HeldEntries, type ProvenBatch } from '../../verify/held-entries.js'
import type { Asking, LogSessionOptions } from './log-session-options.js'
import type { ProvenPage } from './proven-page.js'

/** Pages held for one consistency proof: one extra request in fifty is the 2 % a backlog may cost. */
const PAGES_PER_PROOF = 50

/** How long entries are read without proof before the log's heads are looked at again, milliseconds. */
const UNPROVEN_MS = 60_000

type UnprovenBatch = Pick<ProvenBatch<Lease>, 'batch' | 'payload'>

export interface ProofWindowContext {
  readonly options: Pick<LogSessionOptions, 'client' | 'settings' | 'share' | 'clock' | 'events'>
  readonly requests: LogRequests
  readonly limits: LearnedLimits
  readonly heads: Heads
  /** Where reading most likely begins; `undefined` when that depends on the log. */
  readonly from: number | undefined
  /** How to ask now. Its signal aborts what is known to lead nowhere. */
  readonly asking: () => Asking
  /** Size of the log when it was opened. */
  readonly openedSize: () => number
  /** Something was proven. */
  readonly onProven: () => void
  /** Something is handed on. */
  readonly onHandOn: () => void
}

/**
 * What of one log is between its server and the reader: pages on their way, and pages held until a signed root covers them.
 * Nothing is handed on before that, except in the modes that prove nothing.
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
  /** Pages held for the next proof: few at first, so that the reader soon has something, then ever more. */
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

  /** Whether no range is known of what precedes the next entry: nothing can be proven before the log proves one. */
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

  /** Holds from here on what follows this range. */
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
   * Takes the next page; has what is held proven where enough of it is held, or no more can be.
   *
   * @param target - Index up to which there is something to read.
   * @returns `'proven'` when it had enough proven and there is more to read; `'end'` when nothing is on its way.
   * @throws what a request threw, or what the entries disprove.
   */
  async advance(target: number): Promise<'end' | 'proven' | 'received'> {
    const next = await this.readerTo(target).next(this.held.pages === 0)
    if (next === undefined) return 'end'
    if (next === 'starved') {
      await this.prove()
      return 'received'
    }
    const { batch, lease } = next
    this.bytes += batch.byteLength
    if (!this.proves) {
      this.handOn([{ batch, payload: lease }])
      return 'received'
    }
    this.held.hold(batch, lease)
    if (this.held.end >= target || this.held.pages < this.pagesPerProof) return 'received'
    await this.prove()
    return 'proven'
  }

  /**
   * Hands on without proof what is held, after the log was accused.
   * @returns Whether anything was held.
   */
  handOnHeld(accusedOf: CtErrorCode): boolean {
    const held = this.held.discard()
    if (held.length === 0) return false
    this.handOnUnproven(held, accusedOf)
    return true
  }

  /**
   * Reads up to `end` and hands on without proof, after the log was accused; for a minute at most, then its heads are due.
   * @param treeSize - Of the tree it is read of, at least `end`.
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
      const next = await reader.next(true)
      if (next === undefined || next === 'starved') break
      this.bytes += next.batch.byteLength
      this.handOnUnproven([{ batch: next.batch, payload: next.lease }], accusedOf)
    }
  }

  /** Has the log prove what precedes the next entry, where that is not known: then what follows can be proven again. */
  async resume(): Promise<void> {
    const { heads, requests, asking } = this.context
    const { newest } = heads
    if (!this.isLost || newest === undefined || newest.treeSize < this.handedOn) return
    heads.disputed = { head: newest }
    this.startFrom(await requests.frontier(this.handedOn, newest, asking()))
    heads.confirm()
  }

  /** Has what is held proven, if anything is. */
  async proveRest(): Promise<void> {
    if (this.held.pages > 0) await this.prove()
  }

  /** The next page may take long: what is held is proven without it. */
  nudge(): void {
    this.reader?.nudge()
  }

  /** Drops what is on its way: it is asked for again. */
  dropReader(): void {
    this.reader?.stop()
    this.reader = undefined
  }

  /** Back to what is proven: gives back everything else. */
  rewind(): void {
    this.dropReader()
    // Where what cannot be proven is handed on all the same, it is as little as possible.
    if (this.context.options.settings.onMisbehaviour === 'continue-unverified') this.pagesPerProof = 1
    for (const { payload } of this.held.discard()) payload.release()
  }

  /** Has everything held proven, by the head itself or by a consistency proof to it, and hands it on. */
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
    // Where nothing is proven, what was served is all there is to know.
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
