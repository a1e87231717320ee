import type { EntryBatch } from '../types/entries.js'
import { type LinkedController, linkedController } from '../util/abort.js'
import type { ByteBudget, Lease } from '../util/byte-budget.js'
import { Notifier } from '../util/notifier.js'
import type { LogRequests } from './log-requests.js'
import type { PagePlanner, Window } from './page-planner.js'

/** A page as it was received, with the bytes it holds out of the budget; to release them releases the page. */
export interface FetchedBatch {
  readonly batch: EntryBatch
  readonly lease: Lease
}

export interface RangeReaderOptions {
  readonly requests: LogRequests
  readonly planner: PagePlanner
  readonly budget: ByteBudget
  /** Requests in flight at once. */
  readonly inFlight: number
  /** How to ask, looked up for each request: a log that caught up is served before those that did not. */
  readonly asking: () => { readonly priority: number; readonly fresh: boolean }
  readonly signal: AbortSignal
  /** Average bytes an entry holds, as learned so far; the estimate by which room is reserved. */
  readonly bytesPerEntry: { value: number }
}

/** One request's window: what has arrived of it, in order. */
interface Slot {
  readonly parts: FetchedBatch[]
  done: boolean
  error?: unknown
}

/**
 * Reads `[start, end)` of one log with several requests in flight and hands the pages on in order, without gap or overlap.
 *
 * Room in the byte budget is reserved window by window in index order, so the next page in order always has its room: the
 * budget can make reading wait, never dead-lock it. A short answer is followed by a request for the rest of its window,
 * from where it ended: what is counted is what was received, never what was asked.
 */
export class RangeReader {
  private readonly options: RangeReaderOptions
  private readonly stopper: LinkedController
  private readonly signal: AbortSignal
  private readonly changed = new Notifier()
  private readonly slots: Slot[] = []
  private nextStart: number
  private end: number
  private filling = false
  private starved = false
  private nudged = false
  private fillError: unknown

  constructor(start: number, end: number, options: RangeReaderOptions) {
    this.options = options
    this.stopper = linkedController(options.signal)
    this.signal = this.stopper.signal
    this.nextStart = start
    this.end = end
    this.fill()
  }

  /** Continues to a later end. */
  extend(end: number): void {
    this.end = Math.max(this.end, end)
    this.fill()
  }

  /**
   * The next page. `undefined` when the end is reached; `'starved'` when nothing is on its way because the budget has no
   * room, or nothing came for a while: whoever holds pages should let them go (`wait: true` waits instead).
   * @throws what a request threw: an answer that disproves something, or the reason of the abort.
   */
  async next(wait: boolean): Promise<FetchedBatch | 'starved' | undefined> {
    for (;;) {
      const first = this.slots[0]
      const part = first?.parts.shift()
      if (part !== undefined) return part
      if (this.nudged && !wait) {
        this.nudged = false
        return 'starved'
      }
      if (first?.done) {
        if (first.error !== undefined) throw first.error
        this.slots.shift()
        this.fill()
        continue
      }
      if (first === undefined) {
        if (this.fillError !== undefined) throw this.fillError
        if (this.nextStart >= this.end) return undefined
        if (this.starved && !wait) return 'starved'
      }
      await this.changed.wait()
    }
  }

  /** Says that the next page may take long: whoever waits for it is answered with `'starved'`. */
  nudge(): void {
    this.nudged = true
    this.changed.notify()
  }

  /** Drops everything on its way and what arrived but was not taken. Idempotent. */
  stop(): void {
    this.stopper.abort()
    for (const slot of this.slots) for (const part of slot.parts.splice(0)) part.lease.release()
  }

  /** Starts requests until enough are in flight; one at a time waits for room. */
  private fill(): void {
    if (this.filling || this.signal.aborted) return
    this.filling = true
    this.fillSlots()
      .catch((error) => {
        this.fillError = error
      })
      .finally(() => this.changed.notify())
  }

  private async fillSlots(): Promise<void> {
    try {
      while (this.slots.length < this.options.inFlight && this.nextStart < this.end) await this.fillSlot()
    } finally {
      // With the last look at what is to be done, not a moment later: who asks for more in between would not be heard.
      this.filling = false
      this.starved = false
    }
  }

  private async fillSlot(): Promise<void> {
    const { planner, budget, bytesPerEntry } = this.options
    const window = planner.next(this.nextStart, this.end)
    const estimate = Math.ceil((window.end - window.start) * bytesPerEntry.value)
    if (!budget.fits(estimate)) {
      this.starved = true
      this.changed.notify()
    }
    const lease = await budget.reserve(estimate, this.options.asking().priority, this.signal)
    this.starved = false
    this.nextStart = window.end
    const slot: Slot = { parts: [], done: false }
    this.slots.push(slot)
    this.read(window, lease, slot)
      .catch((error) => {
        slot.error = error
      })
      .finally(() => {
        slot.done = true
        this.changed.notify()
      })
  }

  /** Reads a whole window, in as many answers as the log makes of it. */
  private async read(window: Window, reserved: Lease, slot: Slot): Promise<void> {
    const { requests, planner, budget, bytesPerEntry, asking } = this.options
    try {
      for (let start = window.start; start < window.end; ) {
        const batch = await requests.entries(start, window.end, { ...asking(), signal: this.signal })
        planner.observe({ start, end: window.end }, batch.length)
        start += batch.length
        bytesPerEntry.value += (batch.byteLength / batch.length - bytesPerEntry.value) / 8
        if (this.signal.aborted) throw this.signal.reason
        // The part takes its bytes over from the reservation; the rest stays reserved for the rest of the window.
        slot.parts.push({ batch, lease: budget.take(batch.byteLength, () => batch.release()) })
        reserved.resize(Math.ceil((window.end - start) * bytesPerEntry.value))
        this.changed.notify()
      }
    } finally {
      reserved.release()
    }
  }
}
