import type { Writable } from 'node:stream'
import type { Backlog } from './backlog.js'
import { framed } from './framing.js'
import type { Dedupe, Issuances } from './issuances.js'
import { messageId } from './message-id.js'
import { gapMessage, heartbeatMessage } from './messages.js'
import type { Selection, ServedPage } from './served-page.js'
import { Tally } from './tally.js'

/** The part of a socket or an HTTP answer that is used here. */
export type Sink = Pick<
  Writable,
  'write' | 'writableLength' | 'writableNeedDrain' | 'once' | 'removeListener' | 'destroy'
> & {
  /** `false` once nothing more can be written. */
  readonly writable: boolean
}

export interface ClientOptions {
  readonly sink: Sink
  /** Whether it may still be written to. Default: while the sink is writable. */
  readonly isOpen?: () => boolean
  readonly selection: Selection
  readonly backlog: Backlog
  /** Number of the last entry that the client has. */
  readonly position: number
  /** Most bytes queued for sending before further pages wait. */
  readonly maxQueueBytes: number
  readonly tally?: Tally
  /** Needed when the selection wants each issuance only once. */
  readonly issuances?: Issuances
  /** Called when the backlog cannot be read; the client is then disconnected. */
  readonly onFailure: (error: unknown) => void
}

/**
 * One client that receives messages: each page as it arrives, while it keeps up. A client that falls behind receives the pages it missed
 * from the backlog at its own pace; entries no longer kept are reported to it as a gap. A slow client delays no other.
 */
export class Client {
  readonly selection: Selection
  private readonly options: ClientOptions
  private sent: number
  private readonly tally: Tally
  private dedupe: Dedupe | undefined
  private isCatchingUp = false

  constructor(options: ClientOptions) {
    this.options = options
    this.tally = options.tally ?? new Tally()
    this.selection = options.selection
    this.sent = options.position
    const { issuances, position: since } = options
    this.dedupe = this.selection.once === undefined || issuances === undefined ? undefined : { issuances, since }
  }

  /** Number of the last entry it was sent, or that its filter dropped. */
  get position(): number {
    return this.sent
  }

  /** Whether it receives pages as they arrive, rather than from the backlog. */
  get isLive(): boolean {
    return !this.isCatchingUp && this.sent === this.options.backlog.newest
  }

  /** The message id from which it can resume. */
  get id(): string {
    return messageId(this.options.backlog.series, this.sent)
  }

  /** Whether written bytes are still waiting to be sent. */
  get isSlow(): boolean {
    return this.options.sink.writableNeedDrain
  }

  /** Bytes queued for sending. */
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

  /** Sends missed pages from the backlog until it has caught up. */
  catchUp(): void {
    if (this.isCatchingUp) return
    this.isCatchingUp = true
    if (this.sent < this.options.backlog.newest) this.tally.catchUps++
    this.sendMissed().catch((error: unknown) => {
      this.options.onFailure(error)
      this.options.sink.destroy()
    })
  }

  /** @param after - The id of its last message; default: the last one sent. @param id - The id of the last entry missing. */
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
    // No await between the last check and the end of catching up: a page arriving in between would be lost.
    while (this.isOpen && this.sent < backlog.newest) {
      await drained(sink)
      if (!this.isOpen) return
      const page = await backlog.pageAfter(this.sent)
      if (!this.isOpen) return
      const next = page?.first ?? backlog.newest + 1
      if (next > this.sent + 1) {
        this.tellGap(messageId(backlog.series, next - 1), next - 1 - this.sent)
        this.sent = next - 1
        // What is in the gap was sent to others, not to this client: rather an issuance again than never.
        this.dedupe = this.dedupe && { ...this.dedupe, since: this.sent }
      }
      if (page !== undefined) this.send(page)
    }
    this.isCatchingUp = false
  }
}

/** Resolves when the written bytes are sent, or the sink is closed. */
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
