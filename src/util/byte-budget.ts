/** Bytes held out of a {@link ByteBudget}. */
export interface Lease {
  readonly bytes: number
  /** Changes what is held: an estimate becomes the real size. Never waits, so a budget can be overdrawn by one answer. */
  resize(bytes: number): void
  /** Gives everything back. Idempotent. */
  release(): void
}

interface Waiter {
  readonly bytes: number
  readonly priority: number
  /** Whether it is granted room or not. */
  isExempt(): boolean
  grant(): void
}

/**
 * One bound for everything that is fetched and not yet acknowledged.
 *
 * Waiters are served by priority, then in order of asking. A request larger than the whole budget is granted when nothing
 * else is held, so that no answer is too large to be read. A share that holds nothing is granted one request although the
 * whole is full: whatever others hold, no log is kept from reading. So at most the budget and one answer a log is held.
 */
export class ByteBudget {
  readonly limit: number
  private readonly whole: ByteBudget | undefined
  private held = 0
  private readonly waiters: Waiter[] = []

  /** @param whole - The budget that this one is a share of: what is held of the share is held of the whole. */
  constructor(limit: number, whole?: ByteBudget) {
    this.limit = limit
    this.whole = whole
  }

  /** Bytes held now. */
  get used(): number {
    return this.held
  }

  /** Whether more than half of the whole is held: what is left is for those who hold little. */
  get isScarce(): boolean {
    return this.whole?.isScarce ?? this.held * 2 > this.limit
  }

  /** Whether more is held than there is room for, of the share or of the whole. */
  get isOverdrawn(): boolean {
    return this.held > this.limit || this.whole?.isOverdrawn === true
  }

  /** Whether somebody waits for room. */
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
    // Of the share and the whole at once: nobody comes between this and what `fits` said.
    if (this.fits(bytes)) return this.take(bytes)
    const own = await this.wait(bytes, priority, signal, () => false)
    if (this.whole === undefined) return own
    try {
      return joined(own, await this.whole.wait(bytes, priority, signal, () => this.held === own.bytes))
    } catch (error) {
      own.release()
      throw error
    }
  }

  /**
   * Holds `bytes` that are there already, room or not: an estimate can turn out too small.
   * @param onRelease - Called when the lease is released: lets go of what the bytes are.
   */
  take(bytes: number, onRelease?: () => void): Lease {
    const own = this.lease(bytes, onRelease)
    return this.whole === undefined ? own : joined(own, this.whole.take(bytes))
  }

  private wait(bytes: number, priority: number, signal: AbortSignal, isExempt: () => boolean): Promise<Lease> {
    // Of a share and the whole, it may be only the other that has no room.
    if (isExempt() || (this.waiters.length === 0 && this.allows(bytes))) return Promise.resolve(this.lease(bytes))
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1)
        reject(signal.reason)
        this.serve()
      }
      const waiter: Waiter = {
        bytes,
        priority,
        isExempt,
        grant: () => {
          signal.removeEventListener('abort', onAbort)
          resolve(this.lease(bytes))
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

  private lease(bytes: number, onRelease?: () => void): Lease {
    const budget = this
    let held = bytes
    let released = false
    this.held += bytes
    return {
      get bytes() {
        return held
      },
      resize(next) {
        budget.held += next - held
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
    for (let i = this.waiters.length - 1; i >= 0; i--)
      if (this.waiters[i]?.isExempt()) this.waiters.splice(i, 1)[0]?.grant()
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
