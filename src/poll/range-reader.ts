import type { Clock } from '../types/clock.js'
import type { EntryBatch } from '../types/entries.js'
import { ENDED, type LinkedController, linkedController } from '../util/abort.js'
import type { ByteBudget, Lease } from '../util/byte-budget.js'
import { Notifier } from '../util/notifier.js'
import type { EntryWeight } from './entry-weight.js'
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
  /** Requests in flight at once: asked for, and their answers not complete. */
  readonly inFlight: number
  /** How to ask, looked up for each request: a log that caught up is served before those that did not. */
  readonly asking: () => { readonly priority: number; readonly fresh: boolean }
  readonly signal: AbortSignal
  readonly clock: Pick<Clock, 'sleep'>
  /** By which room is reserved; learned from each answer. */
  readonly weight: EntryWeight
}

/** How long whoever waits for a page would rather wait than let go of the pages that it holds. */
export type Patience = 'none' | 'some' | 'all'

/**
 * An answer that takes longer than this, milliseconds, is late: the room reserved for it goes to others until it comes.
 * Sound logs answer within a fraction of it; `npm run bench` shows what twelve slow ones cost a sound one.
 */
const LATE_MS = 1_000

/** One request's window: what has arrived of it, in order. */
interface Slot {
  readonly window: Window
  readonly parts: FetchedBatch[]
  readonly stopper: LinkedController
  /** What is held for the answer that is under way: as reserved, or more as it grows. */
  lease: Lease
  /** The most that this answer has held so far: more than its entries while it is unpacked. */
  mostHeld: number
  /** What was reserved of it. */
  reserved: number
  /** Entries that it was asked for. */
  asked: number
  /** Whether the answer under way is complete, and being unpacked and read. */
  isReceived: boolean
  /** Whether the rest of it waits for room in the budget. */
  isStarved: boolean
  done: boolean
  error?: unknown
}

/**
 * Reads `[start, end)` of one log with several requests in flight and hands the pages on in order, without gap or overlap.
 *
 * Room in the byte budget is reserved for every answer before it is asked for. The next page in order always gets its room
 * in the end: when it waits, what was read beyond it is dropped, to be read again later. So the budget can make reading
 * wait, never dead-lock it. An answer counts as it grows beyond what was reserved, by which the budget is passed by about one answer:
 * where there is no room for more, only the next one in order goes on. A short answer is followed by a request for the rest of
 * its window, from where it ended: what counts is what was received, never what was asked.
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
  /** Whether the last answer was late, or the one under way is. */
  private isLate = false
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
   * The next page. `undefined` when the end is reached; `'starved'` when whoever holds pages should let them go, since the budget has no
   * room, or since nothing came for a while.
   *
   * @param patience - `none`: for callers who hold much, starved as soon as there is no room for another answer. `some`: only when
   * nothing is on its way any more. `all`: never, for those who hold nothing.
   * @throws what a request threw: an answer that disproves something, or the reason of the abort.
   */
  async next(patience: Patience): Promise<FetchedBatch | 'starved' | undefined> {
    const wait = patience === 'all'
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
      if (this.starved && patience === 'none') return 'starved'
      if (first?.isStarved) {
        this.dropAfter(first)
        if (!wait) return 'starved'
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
    for (const slot of this.slots) drop(slot)
  }

  /** What was read beyond a slot that waits for room makes room for it. */
  private dropAfter(first: Slot): void {
    const next = this.slots.indexOf(first) + 1
    if (this.slots.length === next) return
    for (const slot of this.slots.splice(next)) {
      // Whoever asks for it again is to reserve what it needs.
      if (!slot.done && slot.mostHeld > slot.reserved) this.options.weight.observeGivenUp(slot.asked, slot.mostHeld)
      drop(slot)
    }
    this.nextStart = first.window.end
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
      while (this.mayAsk && this.nextStart < this.end) await this.fillSlot()
    } finally {
      // Reset in the same tick as the last check; otherwise an `extend()` in between is lost.
      this.filling = false
      this.starved = false
    }
  }

  /** One request while nothing is known of the size of entries, or the log is slow and others need the room. */
  private get mayBeInFlight(): number {
    const { weight, inFlight, budget } = this.options
    return weight.isKnown && !(this.isLate && budget.isScarce) ? inFlight : 1
  }

  /** Whether there may be one more in flight. As many may be read, or wait behind one that is slow. */
  private get mayAsk(): boolean {
    const inFlight = this.slots.reduce((sum, { done, isReceived }) => sum + (done || isReceived ? 0 : 1), 0)
    return inFlight < this.mayBeInFlight && this.slots.length < 2 * this.options.inFlight
  }

  private async fillSlot(): Promise<void> {
    const { planner, budget } = this.options
    const window = planner.next(this.nextStart, this.end)
    const bytes = this.answerBytes(window)
    if (!budget.fits(bytes)) {
      this.starved = true
      this.changed.notify()
    }
    const lease = await budget.reserve(bytes, this.options.asking().priority, this.signal)
    this.starved = false
    // What was read beyond a starved slot was dropped meanwhile: the next window is another one.
    if (window.start !== this.nextStart) return lease.release()
    this.nextStart = window.end
    const slot: Slot = {
      window,
      parts: [],
      stopper: linkedController(this.signal),
      lease,
      mostHeld: 0,
      reserved: lease.bytes,
      asked: 0,
      isReceived: false,
      isStarved: false,
      done: false,
    }
    this.slots.push(slot)
    this.read(slot)
      .catch((error) => {
        slot.error = error
      })
      .finally(() => {
        slot.stopper.unlink()
        slot.done = true
        this.changed.notify()
      })
  }

  /** Reads a whole window, in as many answers as the log makes of it. */
  private async read(slot: Slot): Promise<void> {
    const { planner, budget, weight } = this.options
    const { window, parts } = slot
    try {
      for (let start = window.start; start < window.end; ) {
        const batch = await this.ask(slot, start)
        planner.observe({ start, end: start + slot.asked }, batch.length)
        // An answer holds more while it is unpacked; of a tile, for entries that were not asked for, too.
        const held = Math.ceil((slot.mostHeld * batch.length) / batch.pageLength)
        weight.observe(slot.asked, batch.length, Math.max(batch.byteLength, held))
        start += batch.length
        slot.reserved = start < window.end ? this.answerBytes({ start, end: window.end }) : 0
        // The part takes its bytes over from the reservation; what is left of it often is enough for the rest of the window.
        const isEnough = slot.reserved <= Math.max(0, slot.lease.bytes - batch.byteLength)
        parts.push({ batch, lease: budget.take(batch.byteLength, () => batch.release()) })
        slot.lease.resize(isEnough ? slot.reserved : 0)
        this.changed.notify()
        this.fill()
        if (!isEnough) slot.lease = await this.reserveMore(slot, slot.reserved)
      }
    } finally {
      slot.lease.release()
    }
  }

  /**
   * Asks for the window from `start` on, or for less of it where so much fails; an answer that is late gives back what is reserved for it,
   * and is taken all the same when it comes.
   */
  private async ask(slot: Slot, start: number): Promise<EntryBatch> {
    const { requests, planner, clock, asking } = this.options
    const { lease, reserved, window } = slot
    const { signal } = slot.stopper
    const waiting = linkedController(signal)
    let isLate = false
    let held = 0
    slot.isReceived = false
    slot.mostHeld = 0
    const onReceived = () => {
      slot.isReceived = true
      this.fill()
    }
    const onBytes = (bytes: number) => {
      held = bytes
      slot.mostHeld = Math.max(slot.mostHeld, held)
      if (held === 0) slot.isReceived = false
      if (signal.aborted) return
      const counted = isLate ? held : Math.max(held, reserved)
      if (counted === lease.bytes) return
      lease.resize(counted)
      this.shed()
    }
    const onAsk = (count: number) => {
      slot.asked = count
    }
    clock.sleep(LATE_MS, waiting.signal).then(
      () => {
        isLate = true
        this.isLate = true
        lease.resize(held)
      },
      () => {}, // answered in time, or stopped
    )
    try {
      const options = { ...asking(), signal, sizes: planner, onAsk, onBytes, onReceived }
      const batch = await requests.entries(start, window.end, options)
      this.isLate = isLate
      if (!signal.aborted) return batch
      batch.release()
      throw signal.reason
    } finally {
      waiting.abort(ENDED)
    }
  }

  /**
   * Where the budget is overdrawn, and answers under way have grown by more than one of them may, all but the next one in order
   * are given up, to be asked for again when there is room.
   */
  private shed(): void {
    if (!this.options.budget.isOverdrawn) return
    const underWay = this.slots.filter(({ done }) => !done)
    // Those before it have come, and may have been taken.
    const [first] = underWay
    if (first === undefined) return
    const grown = underWay.reduce((sum, { lease, reserved }) => sum + Math.max(0, lease.bytes - reserved), 0)
    if (grown > Math.max(...underWay.map(({ lease }) => lease.bytes))) this.dropAfter(first)
  }

  private async reserveMore(slot: Slot, bytes: number): Promise<Lease> {
    const { budget, asking } = this.options
    slot.isStarved = !budget.fits(bytes)
    if (slot.isStarved) this.changed.notify()
    try {
      // Before any window that is not begun yet.
      return await budget.reserve(bytes, asking().priority + 0.5, slot.stopper.signal)
    } finally {
      slot.isStarved = false
    }
  }

  private answerBytes({ start, end }: Window): number {
    const { weight, budget } = this.options
    return Math.min(weight.ofAnswer(end - start), budget.limit)
  }
}

function drop({ stopper, parts, lease }: Slot): void {
  stopper.abort()
  lease.release()
  for (const part of parts.splice(0)) part.lease.release()
}
