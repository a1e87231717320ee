/**
 * What runs behind a stream until it is closed. What no log can be blamed for ends the stream: the first failure, which its reader
 * gets.
 */
export class Background {
  private readonly signal: AbortSignal
  private readonly onChange: () => void
  private readonly work: Promise<unknown>[] = []
  private followers = 0
  private failure: { readonly error: unknown } | undefined
  /** Whether the reader got the failure. */
  isFailureDelivered = false

  /**
   * @param signal - Aborts when the stream is closed: what fails from then on fails for that.
   * @param onChange - Called when something failed, or no longer brings entries.
   */
  constructor(signal: AbortSignal, onChange: () => void) {
    this.signal = signal
    this.onChange = onChange
  }

  /** Whether nothing runs any more that could bring entries. */
  get isIdle(): boolean {
    return this.followers === 0
  }

  /** Something runs that may bring entries, until it settles. */
  follow(running: Promise<void>): void {
    this.followers++
    // Only when the failure is known: no reader takes it for an end.
    this.run(running, () => {
      this.followers--
      this.onChange()
    })
  }

  /** Something runs beside. */
  run(running: Promise<void>, settled: () => void = () => {}): void {
    const guarded = running.catch((error) => this.fail(error))
    this.work.push(guarded.then(settled))
  }

  /** Ends the stream; nothing happens to one that is closed. */
  fail(error: unknown): void {
    if (this.signal.aborted) return
    this.failure ??= { error }
    this.onChange()
  }

  /** @throws the first failure, if there is one. */
  throwIfFailed(): void {
    if (this.failure === undefined) return
    this.isFailureDelivered = true
    throw this.failure.error
  }

  /** Resolves when everything has ended; never rejects. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.work)
  }
}
