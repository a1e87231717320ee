/** Bytes reserved in a {@link ByteBudget}. */
export interface Lease {
  readonly bytes: number
  /** Replaces an estimate by the real size. Never waits, so one answer can overdraw a budget. */
  resize(bytes: number): void
  /** Gives everything back. Idempotent. */
  release(): void
}

interface Waiter {
  readonly bytes: number
  readonly priority: number
  /** The share for which it waits in the whole. */
  readonly share: ByteBudget | undefined
  grant(): void
}

/**
 * One bound for everything that is fetched and not yet acknowledged.
 *
 * Waiters are served by priority, then first come, first served. A reservation larger than the whole budget is granted when
 * nothing else is held, so that no answer is too large to be read. A share that the whole has granted nothing gets one reservation even
 * when the whole is full, so that other logs never stop a log from reading. At most the budget and one answer a log are held.
 */
export class ByteBudget {
  readonly limit: number
  private readonly whole: ByteBudget | undefined
  private held = 0
  /** What the whole has granted this share: what still waits there is held here already. */
  private granted = 0
  private readonly waiters: Waiter[] = []

  /** @param whole - The budget that this one is a share of: what the share holds counts in the whole, too. */
  constructor(limit: number, whole?: ByteBudget) {
    this.limit = limit
    this.whole = whole
  }

  /** Bytes held now. */
  get used(): number {
    return this.held
  }

  /** Whether more than half of the whole is held: the rest is reserved for shares that hold little. */
  get isScarce(): boolean {
    return this.whole?.isScarce ?? this.held * 2 > this.limit
  }

  /** Whether the share or the whole is overdrawn. */
  get isOverdrawn(): boolean {
    return this.held > this.limit || this.whole?.isOverdrawn === true
  }

  /** Whether a reservation waits for room. */
  get hasWaiters(): boolean {
    return this.waiters.length > 0
  }

  /** Whether `reserve(bytes)` would be granted at once. */
  fits(bytes: number): boolean {
    if (this.waiters.length > 0 || !this.allows(bytes)) return false
    return this.held === 0 || this.whole === undefined || this.whole.fits(bytes)
  }

  /** Waits until `bytes` fit. Rejects with `signal.reason` when aborted. */
  async reserve(bytes: number, priority: number, signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted()
    // Takes from share and whole in the same tick as `fits` was asked; otherwise another reservation could come in between.
    if (this.fits(bytes)) return this.take(bytes)
    const own = await this.wait(bytes, priority, signal)
    if (this.whole === undefined) return own
    try {
      return joined(own, await this.whole.wait(bytes, priority, signal, this))
    } catch (error) {
      own.release()
      throw error
    }
  }

  /**
   * Counts `bytes` that are in memory already, whether there is room or not.
   * @param onRelease - Called when the lease is released; frees the memory.
   */
  take(bytes: number, onRelease?: () => void): Lease {
    const own = this.lease(bytes, onRelease)
    return this.whole === undefined ? own : joined(own, this.whole.lease(bytes, undefined, this))
  }

  private wait(bytes: number, priority: number, signal: AbortSignal, share?: ByteBudget): Promise<Lease> {
    // It may have aborted since the share granted its part.
    signal.throwIfAborted()
    // A waiter may lack room only in the share, or only in the whole.
    if (share?.granted === 0 || (this.waiters.length === 0 && this.allows(bytes)))
      return Promise.resolve(this.lease(bytes, undefined, share))
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1)
        reject(signal.reason)
        this.serve()
      }
      const waiter: Waiter = {
        bytes,
        priority,
        share,
        grant: () => {
          signal.removeEventListener('abort', onAbort)
          resolve(this.lease(bytes, undefined, share))
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const before = this.waiters.findIndex((other) => other.priority < priority)
      this.waiters.splice(before === -1 ? this.waiters.length : before, 0, waiter)
    })
  }

  private allows(bytes: number): boolean {
    return this.held === 0 || this.held + bytes <= this.limit
  }

  private lease(bytes: number, onRelease?: () => void, share?: ByteBudget): Lease {
    const budget = this
    let held = bytes
    let released = false
    this.held += bytes
    if (share !== undefined) share.granted += bytes
    return {
      get bytes() {
        return held
      },
      resize(next) {
        budget.held += next - held
        if (share !== undefined) share.granted += next - held
        held = next
        budget.serve()
      },
      release() {
        if (!released) onRelease?.()
        released = true
        if (held > 0) this.resize(0)
      },
    }
  }

  private serve(): void {
    // A share with nothing is granted one reservation where there is no room, the first in order.
    for (const waiter of [...this.waiters]) {
      if (waiter.share?.granted !== 0) continue
      this.waiters.splice(this.waiters.indexOf(waiter), 1)
      waiter.grant()
    }
    for (let first = this.waiters[0]; first !== undefined && this.allows(first.bytes); first = this.waiters[0]) {
      this.waiters.shift()
      first.grant()
    }
  }
}

/** A lease of a share and of the whole, always of the same size. */
function joined(own: Lease, ofWhole: Lease): Lease {
  return {
    get bytes() {
      return own.bytes
    },
    resize(bytes) {
      own.resize(bytes)
      ofWhole.resize(bytes)
    },
    release() {
      own.release()
      ofWhole.release()
    },
  }
}
