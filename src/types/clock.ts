/** Time as the library sees it; tests and simulations bring their own. */
export interface Clock {
  /** Epoch milliseconds. Only for what is compared with the times of logs and records: it jumps when the clock is set. */
  now(): number
  /**
   * Milliseconds since any fixed moment, for measuring how long something takes: never goes back, and does not jump when the
   * clock is set. Time for which the machine is suspended may count or not. Default: the time that passed by `now()`, where a
   * step back counts as none.
   */
  elapsed?(): number
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Where the library says what it does; silent when none is given. */
export interface Logger {
  /** What helps to find a fault: every request that fails, and more. */
  debug(message: string, context?: Record<string, unknown>): void
  /** What goes well and is worth a line. */
  info(message: string, context?: Record<string, unknown>): void
  /** What needs a look: it goes on by itself. */
  warn(message: string, context?: Record<string, unknown>): void
  /** What needs somebody: something is wrong, or over. */
  error(message: string, context?: Record<string, unknown>): void
}
