import type { CliOutput } from '../io.js'

/** Something to hide while other text is written to the same terminal: the status line. */
export interface Overlay {
  hide(): void
  show(): void
}

/**
 * Writes to a stream at the pace of its reader.
 *
 * A closed reader (EPIPE) is not an error: {@link Output.isClosed} is then `true`, and nothing more is written.
 */
export class Output {
  private readonly stream: CliOutput
  private readonly overlay: Overlay | undefined
  private failure: Error | undefined
  private wake: () => void = () => {}

  constructor(stream: CliOutput, overlay?: Overlay) {
    this.stream = stream
    this.overlay = overlay
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.failure ??= error
      this.wake()
    })
  }

  /** Whether the reader has closed the stream. */
  get isClosed(): boolean {
    return isGone(this.failure)
  }

  /**
   * Resolves with `true` when the operating system has taken all of `text`; with `false` when the reader has closed the stream, or did not
   * take the text before `giveUp` aborted.
   *
   * Rejects with Node's error when writing fails for another reason, such as a full disk.
   */
  async write(text: string, giveUp?: AbortSignal): Promise<boolean> {
    if (this.failure === undefined && text !== '' && !giveUp?.aborted) {
      this.overlay?.hide()
      const isTaken = await this.taken(text, giveUp)
      this.overlay?.show()
      if (isTaken) return true
    }
    if (this.failure === undefined) return text === ''
    if (this.isClosed) return false
    throw this.failure
  }

  private taken(text: string, giveUp: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isTaken: boolean) => {
        giveUp?.removeEventListener('abort', onGiveUp)
        resolve(isTaken)
      }
      const onGiveUp = () => settle(false)
      this.wake = onGiveUp
      giveUp?.addEventListener('abort', onGiveUp, { once: true })
      this.stream.write(text, (error) => {
        if (error) this.failure ??= error
        settle(!error)
      })
    })
  }
}

function isGone(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === 'EPIPE' || error?.code === 'ECONNRESET' || error?.code === 'ERR_STREAM_DESTROYED'
}
