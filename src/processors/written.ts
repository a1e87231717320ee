import type { Clock } from '../types/clock.js'
import { elapsedOf } from '../util/clock.js'
import type { QueuedEntry } from './engine.js'
import type { MessageEntry } from './queued-message.js'

/** How far collectors have written a log, which is committed with the entries or a moment later. */
export interface WrittenPlace {
  /** Index of the first entry that was not written. */
  readonly end: number
  /** Of the last owner of its shard; `undefined` where epochs of messages do not count. */
  readonly epoch?: number | undefined
}

type FoundEntry = Extract<MessageEntry, { readonly entry: QueuedEntry }>

/** How long a position may take to show what a message has shown. Milliseconds. */
const SETTLE_MS = 1000
/** Between looks at a position. Milliseconds. */
const SOON_MS = 50

/**
 * Tells entries that collectors have written from others with a place of their own choice: taken for an entry, one such message would have
 * everything up to its index, or of a lower epoch, count as read.
 *
 * One who may write to the engine can put an entry below what was written; it is then no more than a repetition.
 */
export class WrittenCheck {
  private readonly known: (logId: string) => WrittenPlace | undefined
  private readonly look: (logId: string) => Promise<void>
  private readonly clock: Clock
  private readonly elapsed: () => number
  private readonly signal: AbortSignal
  /** Logs that were looked at for long enough since the last fetch. */
  private readonly settled = new Set<string>()

  /**
   * @param known - The place of a log as of the last look, or of another unit that is written in order.
   * @param look - Reads it again.
   */
  constructor(
    known: (logId: string) => WrittenPlace | undefined,
    look: (logId: string) => Promise<void>,
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.known = known
    this.look = look
    this.clock = clock
    this.elapsed = elapsedOf(clock)
    this.signal = signal
  }

  /** More messages were fetched: the position may come later. */
  fetched(): void {
    this.settled.clear()
  }

  /**
   * @param next - The index that follows what was read, where an entry there needs no position: it skips nothing.
   * @param unit - The unit that was written. Default: the log.
   * @returns The entry, or what to say of a message that is none. @throws what `look` throws.
   */
  async check(found: MessageEntry, next = -1, unit = found.logId): Promise<MessageEntry> {
    if (!('entry' in found) || unit === undefined || this.isWritten(found, next, unit)) return found
    const { logId, index } = found
    const until = this.elapsed() + SETTLE_MS
    while (!this.settled.has(unit)) {
      await this.look(unit)
      if (this.isWritten(found, next, unit)) return found
      if (this.elapsed() >= until || this.signal.aborted) this.settled.add(unit)
      else await this.clock.sleep(SOON_MS, this.signal).catch(() => {})
    }
    const { entry } = found
    const reason = entry.kind === 'refused' ? entry.reason : 'no collector has written an entry at this index and epoch'
    return { logId, index, reason }
  }

  private isWritten({ index, entry }: FoundEntry, next: number, unit: string): boolean {
    if (index <= next) return true
    const place = this.known(unit)
    if (place === undefined || index >= place.end) return false
    return place.epoch === undefined || entry.kind === 'refused' || entry.epoch <= place.epoch
  }
}
