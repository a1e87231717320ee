/** What an entry is taken to weigh before one was seen, bytes. */
const FIRST_BYTES_PER_ENTRY = 6_000

/**
 * How many bytes the entries of a log hold, as learned from its answers: what room is reserved by.
 *
 * A log may also give fewer entries than it is asked for because they are large, so an answer weighs what the entries of
 * the last answer did, not what all that is asked for would.
 */
export class EntryWeight {
  /** Whether an answer was seen: before, the estimate can be wrong by any factor. */
  isKnown = false
  /** Average bytes an entry holds. */
  bytesPerEntry = FIRST_BYTES_PER_ENTRY
  /** Entries of the last answer, where it was cut short. */
  private cutTo = Number.POSITIVE_INFINITY

  /** @param remembered - Bytes an entry held in an earlier run; anything but a positive number is ignored. */
  constructor(remembered?: unknown) {
    if (typeof remembered !== 'number' || !(remembered > 0)) return
    this.bytesPerEntry = remembered
    this.isKnown = true
  }

  /** Bytes the next answer is expected to hold when `count` entries are asked for. */
  ofAnswer(count: number): number {
    return Math.ceil(Math.min(count, this.cutTo) * this.bytesPerEntry)
  }

  /** An answer to a request for `asked` entries was given up when it held `bytes`: the next ones hold as much at least. */
  observeGivenUp(asked: number, bytes: number): void {
    this.bytesPerEntry = Math.max(this.bytesPerEntry, bytes / Math.min(asked, this.cutTo))
  }

  /** @param asked - Entries asked for; `received` of them came, and hold `bytes`. */
  observe(asked: number, received: number, bytes: number): void {
    const seen = bytes / received
    // Up at once, down slowly: a budget is kept by expecting too much.
    this.bytesPerEntry = this.isKnown ? Math.max(seen, this.bytesPerEntry + (seen - this.bytesPerEntry) / 8) : seen
    this.cutTo = received < asked ? received : Number.POSITIVE_INFINITY
    this.isKnown = true
  }
}
