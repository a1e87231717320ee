import type { Clock } from '../../types/clock.js'
import type { EndOption } from '../../types/stream-options.js'
import type { StreamStatus } from '../../types/stream-status.js'
import type { CliOutput } from '../io.js'
import type { Overlay } from './output.js'
import { ProgressMeter } from './progress.js'
import { fitLine, progressText, statusText, summaryText, waitingText } from './status-text.js'
import type { Style } from './style.js'

const EVERY_MS = 500
const ERASE_LINE = '\r\u001b[2K'

/** A line at the bottom of a terminal, kept up to date until it is stopped. */
export class StatusLine implements Overlay {
  private readonly terminal: CliOutput
  private readonly style: Style
  private readonly clock: Clock
  private stopped = new AbortController()
  private text = ''
  private hidden = false

  constructor(terminal: CliOutput, style: Style, clock: Clock) {
    this.terminal = terminal
    this.style = style
    this.clock = clock
  }

  /** Starts to show `status()`; also after it was stopped. */
  start(status: () => StreamStatus, end: EndOption): void {
    this.stopped.abort()
    this.stopped = new AbortController()
    this.run(status, end).catch(() => {})
  }

  /** Removes the line. */
  stop(): void {
    this.stopped.abort()
    this.draw('')
  }

  /** Replaces the line by a summary that stays, unless no log was followed. */
  finish(status: StreamStatus): void {
    this.stop()
    if (status.logs.length > 0) this.terminal.write(`${this.style.dim(summaryText(status))}\n`)
  }

  hide(): void {
    if (this.text !== '') this.terminal.write(ERASE_LINE)
    this.hidden = true
  }

  show(): void {
    this.hidden = false
    this.draw(this.text)
  }

  private async run(status: () => StreamStatus, end: EndOption): Promise<void> {
    const meter = new ProgressMeter(end)
    const { signal } = this.stopped
    while (!signal.aborted) {
      this.draw(lineOf(status(), meter, end))
      await this.clock.sleep(EVERY_MS, signal)
    }
  }

  private draw(text: string): void {
    if (text === '' && this.text === '') return
    this.text = text
    if (this.hidden) return
    // A terminal whose size was never set reports 0 columns.
    const line = fitLine(text, this.terminal.columns || 80)
    this.terminal.write(line === '' ? ERASE_LINE : `${ERASE_LINE}${this.style.dim(line)}`)
  }
}

function lineOf(status: StreamStatus, meter: ProgressMeter, end: EndOption): string {
  const progress = meter.measure(status.logs)
  const text = progress === undefined ? statusText(status) : progressText(progress, status.entriesPerSecond)
  const waiting = waitingText(status, end)
  return waiting === '' ? text : `${waiting} · ${text}`
}
