/**
 * Tasks that run behind a stream until it is closed. A failure that is no log's fault ends the stream: its reader receives the first.
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
   * @param signal - Aborts when the stream is closed; later failures are a consequence of that, and ignored.
   * @param onChange - Called when a task failed, or will bring no more entries.
   */
  constructor(signal: AbortSignal, onChange: () => void) {
    this.signal = signal
    this.onChange = onChange
  }

  /** Whether no running task can bring entries any more. */
  get isIdle(): boolean {
    return this.followers === 0
  }

  /** Adds a task that may bring entries until it settles. */
  follow(running: Promise<void>): void {
    this.followers++
    // Only after the failure is recorded: otherwise the reader would see a normal end.
    this.run(running, () => {
      this.followers--
      this.onChange()
    })
  }

  /** Adds a task that brings no entries. */
  run(running: Promise<void>, settled: () => void = () => {}): void {
    const guarded = running.catch((error) => this.fail(error))
    this.work.push(guarded.then(settled))
  }

  /** Ends the stream with an error; does nothing when it is closed. */
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
