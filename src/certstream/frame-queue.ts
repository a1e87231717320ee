import { Notifier } from '../util/notifier.js'

/** What an empty one takes of memory, about: a server may send millions. */
const FRAME_OVERHEAD = 100

interface Frame {
  readonly text: string
  readonly bytes: number
}

/** Frames received and not yet read, bounded by who fills it: it says when it is full, and when there is room again. */
export class FrameQueue {
  private readonly limit: number
  /** Those before `head` are taken. */
  private readonly frames: (Frame | undefined)[] = []
  private head = 0
  private held = 0
  private isFull = false
  private readonly changed = new Notifier()
  /** Called once when more than half of it is free again. */
  onRoom: () => void = () => {}

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes held. */
  get bytes(): number {
    return this.held
  }

  /** @param length - Bytes. @returns Whether there is room for more. */
  push(text: string, length: number): boolean {
    const bytes = length + FRAME_OVERHEAD
    this.frames.push({ text, bytes })
    this.held += bytes
    this.isFull = this.held >= this.limit
    this.changed.notify()
    return !this.isFull
  }

  take(): string | undefined {
    const frame = this.frames[this.head]
    if (frame === undefined) return undefined
    this.frames[this.head++] = undefined
    this.held -= frame.bytes
    // Not `shift()`, which can take time in proportion to what is left.
    if (this.head * 2 >= this.frames.length) {
      this.frames.splice(0, this.head)
      this.head = 0
    }
    if (this.isFull && this.held * 2 < this.limit) {
      this.isFull = false
      this.onRoom()
    }
    return frame.text
  }

  /** The frames held, from the newest to the oldest. */
  *newestFirst(): Generator<string> {
    for (let i = this.frames.length - 1; i >= this.head; i--) yield (this.frames[i] as Frame).text
  }

  /** Resolves when something was pushed, or {@link wake} was called. */
  wait(): Promise<void> {
    return this.changed.wait()
  }

  wake(): void {
    this.changed.notify()
  }
}
