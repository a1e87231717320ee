import type { CliOutput } from '../io.js'

/** Something to hide while other text is written to the same terminal: the status line. */
export interface Overlay {
  hide(): void
  show(): void
}

export interface OutputOptions {
  readonly overlay?: Overlay | undefined
  /** Whether all that is written are whole lines. They then begin one of their own where the file ends inside another. */
  readonly isLines?: boolean
}

/**
 * Writes to a stream at the pace of its reader.
 *
 * A closed reader (EPIPE) is not an error: {@link Output.isClosed} is then `true`, and nothing more is written.
 */
export class Output {
  private readonly stream: CliOutput
  private readonly overlay: Overlay | undefined
  private readonly isLines: boolean
  private begun: Promise<void> | undefined
  private failure: Error | undefined
  private wake: () => void = () => {}

  constructor(stream: CliOutput, { overlay, isLines = false }: OutputOptions = {}) {
    this.stream = stream
    this.overlay = overlay
    this.isLines = isLines
    // Otherwise it only says that it cannot be written to any more.
    this.failure = stream.errored ?? undefined
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
      await (this.begun ??= this.begin())
      const isTaken = await this.taken(text, giveUp)
      this.overlay?.show()
      if (isTaken) return true
    }
    if (this.failure === undefined) return text === ''
    if (this.isClosed) return false
    throw this.failure
  }

  /** Ends the line of somebody else, before the first text. */
  private async begin(): Promise<void> {
    if (this.isLines && (await this.stream.isInLine?.())) this.stream.write('\n')
  }

  private taken(text: string, giveUp: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isTaken: boolean) => {
        giveUp?.removeEventListener('abort', onGiveUp)
        resolve(isTaken)
      }
      const onGiveUp = () => settle(false)
      if (giveUp?.aborted) return settle(false)
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
