import type { Writable } from 'node:stream'
import type { Backlog } from './backlog.js'
import { framed } from './framing.js'
import type { Dedupe, Issuances } from './issuances.js'
import { messageId } from './message-id.js'
import { gapMessage, heartbeatMessage } from './messages.js'
import type { Selection, ServedPage } from './served-page.js'
import { Tally } from './tally.js'

/** What is used of a socket or an HTTP answer. */
export type Sink = Pick<
  Writable,
  'write' | 'writableLength' | 'writableNeedDrain' | 'once' | 'removeListener' | 'destroy'
> & {
  /** `false`: it takes nothing any more. */
  readonly writable: boolean
}

export interface ClientOptions {
  readonly sink: Sink
  /** Whether it may still be written to; default: as long as the sink can. */
  readonly isOpen?: () => boolean
  readonly selection: Selection
  readonly backlog: Backlog
  /** Number of the last entry it has. */
  readonly position: number
  /** What may wait to be sent to it: with more, it is given nothing before that is gone. */
  readonly maxQueueBytes: number
  readonly tally?: Tally
  /** Needed where the selection wants each issuance once. */
  readonly issuances?: Issuances
  /** Told when the backlog cannot be read; the client is disconnected. */
  readonly onFailure: (error: unknown) => void
}

/**
 * One who is sent messages: each page as it comes, as long as they are taken. One that falls behind is sent the pages it missed from the
 * backlog, at its own pace, until it has caught up; what is no longer there is reported to it as a gap. It holds up nobody.
 */
export class Client {
  readonly selection: Selection
  private readonly options: ClientOptions
  private sent: number
  private readonly tally: Tally
  private readonly dedupe: Dedupe | undefined
  private isCatchingUp = false

  constructor(options: ClientOptions) {
    this.options = options
    this.tally = options.tally ?? new Tally()
    this.selection = options.selection
    this.sent = options.position
    const { issuances, position: since } = options
    this.dedupe = this.selection.once === undefined || issuances === undefined ? undefined : { issuances, since }
  }

  /** Number of the last entry it was sent, or that it does not want. */
  get position(): number {
    return this.sent
  }

  /** Whether it is sent pages as they come. */
  get isLive(): boolean {
    return !this.isCatchingUp && this.sent === this.options.backlog.newest
  }

  /** The id it can go on from. */
  get id(): string {
    return messageId(this.options.backlog.series, this.sent)
  }

  /** Whether what it was given last is still waiting to be sent. */
  get isSlow(): boolean {
    return this.options.sink.writableNeedDrain
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.options.sink.writableLength
  }

  private get isOpen(): boolean {
    const { sink, isOpen } = this.options
    return sink.writable && (isOpen?.() ?? true)
  }

  /** The newest page. */
  take(page: ServedPage): void {
    const { sink, maxQueueBytes } = this.options
    if (this.isCatchingUp || !this.isOpen) return
    if (page.first === this.sent + 1 && sink.writableLength <= maxQueueBytes) this.send(page)
    else this.catchUp()
  }

  /** Sends what it has missed, then what comes. */
  catchUp(): void {
    if (this.isCatchingUp) return
    this.isCatchingUp = true
    if (this.sent < this.options.backlog.newest) this.tally.catchUps++
    this.sendMissed().catch((error: unknown) => {
      this.options.onFailure(error)
      this.options.sink.destroy()
    })
  }

  /** @param after - The id of the last message it has; default: as we know. @param id - The id before which nothing is kept. */
  tellGap(id: string, missed: number | undefined, after = this.id): void {
    const { tally } = this
    tally.gaps++
    tally.missedEntries += missed ?? 0
    this.write(gapMessage(after, id, missed), id)
  }

  tellHeartbeat(now: number): void {
    if (this.isOpen) this.write(heartbeatMessage(now, this.id), this.id)
  }

  private write(message: Buffer, id: string): void {
    this.options.sink.write(framed(this.selection.framing, message, id))
  }

  private send(page: ServedPage): void {
    const bytes = page.encode(this.selection, this.sent + 1, this.dedupe)
    this.sent = page.last
    this.tally.sentBytes += bytes.length
    if (bytes.length > 0) this.options.sink.write(bytes)
  }

  private async sendMissed(): Promise<void> {
    const { sink, backlog } = this.options
    // The last look and the end of catching up are one step: a page that comes in between would be lost.
    while (this.isOpen && this.sent < backlog.newest) {
      await drained(sink)
      if (!this.isOpen) return
      const page = await backlog.pageAfter(this.sent)
      if (!this.isOpen) return
      const next = page?.first ?? backlog.newest + 1
      if (next > this.sent + 1) {
        this.tellGap(messageId(backlog.series, next - 1), next - 1 - this.sent)
        this.sent = next - 1
      }
      if (page !== undefined) this.send(page)
    }
    this.isCatchingUp = false
  }
}

/** Resolves when what was written is sent, or nothing will be any more. */
function drained(sink: Sink): Promise<void> {
  return new Promise((resolve) => {
    if (!sink.writable || !sink.writableNeedDrain) return resolve()
    const done = () => {
      sink.removeListener('drain', done)
      sink.removeListener('close', done)
      resolve()
    }
    sink.once('drain', done)
    sink.once('close', done)
  })
}
