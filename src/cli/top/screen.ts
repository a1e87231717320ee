import type { CliInput, CliOutput } from '../io.js'
import { type Key, keysIn } from './keys.js'

const ESC = '\u001b'
/** Control sequences: xterm's alternate screen, so that the previous content returns at the end; no cursor; no line wrapping. */
const enter = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l`
const leave = `${ESC}[?7h${ESC}[?25h${ESC}[?1049l`
const [begin, done] = [`${ESC}[?2026h`, `${ESC}[?2026l`]

export interface ScreenOptions {
  readonly stdin: CliInput
  readonly stdout: CliOutput
  readonly onKey: (key: Key) => void
  /** The terminal has another size. */
  readonly onResize: () => void
}

/** A whole terminal to draw on, from {@link Screen.open} until {@link Screen.close}. */
export class Screen {
  private readonly options: ScreenOptions
  private isOpen = false
  private drawn: readonly string[] = []

  constructor(options: ScreenOptions) {
    this.options = options
  }

  /** Default size of a terminal whose size was never set. */
  get columns(): number {
    return this.options.stdout.columns || 80
  }

  get lines(): number {
    return this.options.stdout.rows || 24
  }

  open(): void {
    const { stdin, stdout, onResize } = this.options
    this.isOpen = true
    stdout.write(`${enter}${ESC}[2J`)
    stdout.on('resize', this.resized)
    if (stdin.isTTY) stdin.setRawMode?.(true)
    stdin.setEncoding('utf8')
    stdin.on('data', this.read)
    onResize()
  }

  /** Draws one text a line, none wider than the terminal. Unchanged lines are not written again. */
  draw(lines: readonly string[]): void {
    if (!this.isOpen) return
    const changed = lines.flatMap((line, i) => (line === this.drawn[i] ? [] : [`${ESC}[${i + 1};1H${ESC}[2K${line}`]))
    if (changed.length > 0) this.options.stdout.write(`${begin}${changed.join('')}${done}`)
    this.drawn = lines
  }

  /** Restores the terminal. */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    const { stdin, stdout } = this.options
    stdin.off('data', this.read)
    stdout.off('resize', this.resized)
    if (stdin.isTTY) stdin.setRawMode?.(false)
    stdin.pause()
    stdout.write(leave)
  }

  private readonly read = (text: string): void => {
    for (const key of keysIn(String(text))) this.options.onKey(key)
  }

  private readonly resized = (): void => {
    this.drawn = []
    this.options.stdout.write(`${ESC}[2J`)
    this.options.onResize()
  }
}
