import { ByteBudget, type Lease } from '../util/byte-budget.js'

/**
 * What one log may hold of the budget. A quarter lets no log starve the others, and is as much as helps: a page on its way,
 * one that is proven and one that is read, many times over. A budget that is small is not divided.
 *
 * Room that is reserved for answers is given back for as long as the log gives none, so that others can be read; answers
 * that come all the same are counted, room or not.
 */
export class LogShare extends ByteBudget {
  private readonly reserved = new Set<Reservation>()

  constructor(whole: ByteBudget) {
    super(Math.max(Math.ceil(whole.limit / 4), Math.min(whole.limit, 16 * 1024 * 1024)), whole)
  }

  override async reserve(bytes: number, priority: number, signal: AbortSignal): Promise<Lease> {
    const reservation = new Reservation(await super.reserve(bytes, priority, signal), (ended) =>
      this.reserved.delete(ended),
    )
    this.reserved.add(reservation)
    return reservation
  }

  /** The log does not answer: what is reserved is lent to others. */
  lend(): void {
    for (const reservation of this.reserved) reservation.lend()
  }

  /** The log answers again. */
  reclaim(): void {
    for (const reservation of this.reserved) reservation.reclaim()
  }
}

/** Room for an answer that is on its way. */
class Reservation implements Lease {
  bytes: number
  private readonly lease: Lease
  private readonly onRelease: (ended: Reservation) => void
  private lent = false

  constructor(lease: Lease, onRelease: (ended: Reservation) => void) {
    this.lease = lease
    this.bytes = lease.bytes
    this.onRelease = onRelease
  }

  resize(bytes: number): void {
    this.bytes = bytes
    if (!this.lent) this.lease.resize(bytes)
  }

  release(): void {
    this.onRelease(this)
    this.lease.release()
  }

  lend(): void {
    this.lent = true
    this.lease.resize(0)
  }

  reclaim(): void {
    this.lent = false
    this.lease.resize(this.bytes)
  }
}
