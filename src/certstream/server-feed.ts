import type { CtStreamError } from '../errors.js'
import { backoffDelay } from '../util/backoff.js'
import { cursorOfPing } from '../util/cursor-ping.js'
import { Connection } from './connection.js'
import type { CertStreamEvents, MissedMessages } from './events.js'
import { FrameQueue } from './frame-queue.js'
import type { ClientSettings } from './options.js'
import { decodeFrame, type ServerMessage } from './server-message.js'

const backoff = { baseMs: 1000, maxMs: 60_000 }
/** A connection that lasted so long was a good one, though nothing came that passes its filter. Milliseconds. */
const LASTING_MS = 30_000

type Say = <K extends keyof CertStreamEvents>(event: K, payload: CertStreamEvents[K]) => void

/**
 * The messages of one server, for ever: connects anew when a connection is over, goes on where the server can, and says what is
 * missing where it cannot.
 */
export class ServerFeed {
  private readonly settings: ClientSettings
  private readonly say: Say
  private readonly queue: FrameQueue
  private readonly closing = new AbortController()
  private decoded: ServerMessage[] = []
  private connection: Connection | undefined
  private running: Promise<void> | undefined
  private failure: unknown
  /** The cursor of the last message that had one. */
  private cursor: string | undefined
  /** The cursor of the newest ping, unless a frame came after it. */
  private pinged: string | undefined
  /** The cursor that the newest connection was asked to go on from. */
  private asked: string | undefined
  /** The cursor that a server did not go on from, which has none or refuses it: messages received before still name it. */
  private ignored: string | undefined
  /** The cursor with which the newest connection came to nothing, as it may again. */
  private refused: string | undefined
  /** What is missing unless the server goes on where it was asked to: its first certificate tells. */
  private unconfirmed: MissedMessages | undefined
  private hasOpened = false
  private lastFrameAt: number | undefined
  connections = 0
  malformed = 0

  constructor(settings: ClientSettings, say: Say) {
    this.settings = settings
    this.say = say
    this.cursor = settings.after
    this.queue = new FrameQueue(settings.maxBufferedBytes)
    this.queue.onRoom = () => this.connection?.resume()
  }

  get bufferedBytes(): number {
    return this.queue.bytes
  }

  /** A message that is here already; `undefined` when there is none. */
  atHand(): Exclude<ServerMessage, { kind: 'malformed' }> | undefined {
    for (;;) {
      const message = this.decoded.shift()
      if (message === undefined) {
        const frame = this.queue.take()
        if (frame === undefined) return undefined
        this.decoded = decodeFrame(frame, this.settings.shownUrl)
      } else if (message.kind === 'malformed') {
        this.malformed++
        this.say('error', message.error)
      } else {
        this.cursor = message.cursor ?? this.cursor
        if (message.kind === 'gap')
          this.say('gap', { reason: 'not-kept', since: undefined, until: undefined, message: message.raw })
        return message
      }
    }
  }

  /**
   * The next message; `undefined` after {@link close}.
   * @throws What made the stream end: a server that refuses who never got in.
   */
  async next(): Promise<Exclude<ServerMessage, { kind: 'malformed' }> | undefined> {
    this.running ??= this.run()
    for (;;) {
      const message = this.closing.signal.aborted ? undefined : this.atHand()
      if (message !== undefined) return message
      if (this.failure !== undefined) throw this.failure
      if (this.closing.signal.aborted) return undefined
      await this.queue.wait()
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.closing.abort()
    this.queue.wake()
    await this.connection?.close()
    await this.running
  }

  private async run(): Promise<void> {
    const { clock, elapsed, random } = this.settings
    const { signal } = this.closing
    for (let failures = 0; !signal.aborted; ) {
      let openedAt = Number.POSITIVE_INFINITY
      const connection = new Connection(this.urlToAsk(), this.settings, {
        onOpen: () => {
          openedAt = elapsed()
          this.opened()
        },
        onFrame: (text, bytes) => {
          failures = 0
          this.lastFrameAt = clock.now()
          this.pinged = undefined
          this.refused = undefined
          if (this.unconfirmed !== undefined) this.confirm(text, this.unconfirmed)
          return this.queue.push(text, bytes)
        },
        onPing: (payload) => {
          this.pinged = cursorOfPing(payload) ?? this.pinged
        },
      })
      this.connection = connection
      const error = await connection.done.catch((reason: CtStreamError) => reason)
      this.connection = undefined
      if (signal.aborted) return
      if (!this.hasOpened && !error.retryable) {
        this.failure = error
        this.queue.wake()
        return
      }
      this.judge(error)
      if (elapsed() - openedAt >= LASTING_MS) failures = 0
      const inMs = Math.max(backoffDelay(backoff, failures++, random), error.retryAfterMs ?? 0)
      this.say('error', error)
      this.say('reconnect', { attempt: failures, inMs, error })
      await clock.sleep(inMs, signal).catch(() => {})
    }
  }

  private opened(): void {
    const { lastFrameAt, unconfirmed, asked, settings } = this
    const now = settings.clock.now()
    this.connections++
    this.say('open', { url: settings.shownUrl, after: asked })
    const lost = lastFrameAt === undefined ? undefined : new Date(lastFrameAt)
    const gap = {
      reason: 'no-resume',
      since: unconfirmed === undefined ? lost : unconfirmed.since,
      until: new Date(now),
      message: undefined,
    } as const
    if (asked !== undefined) this.unconfirmed = gap
    else if (this.hasOpened) {
      this.unconfirmed = undefined
      this.say('gap', gap)
    }
    this.hasOpened = true
    this.lastFrameAt ??= now
  }

  /**
   * A cursor with which nothing can come is given up after the second time: another server's, which this one refuses, or one before a
   * message that is too large. With it, the client would try for ever. What is missing is said when it is connected.
   */
  private judge({ code, status }: CtStreamError): void {
    const { asked, refused } = this
    const isRefused = status === 400
    this.refused = undefined
    if (!isRefused && code !== 'CT_RESPONSE_TOO_LARGE') return
    if (asked !== undefined && asked === refused) this.ignored = asked
    else if (asked !== undefined) this.refused = asked
    // The cursor was not the reason.
    else if (isRefused) this.ignored = undefined
  }

  /** Servers without cursors pass over one they are asked for, and send what is new: certificates without cursors. */
  private confirm(frame: string, gap: MissedMessages): void {
    const first = decodeFrame(frame, this.settings.shownUrl).find(
      ({ kind }) => kind === 'certificate' || kind === 'gap',
    )
    if (first === undefined) return
    this.unconfirmed = undefined
    if (first.kind !== 'certificate' || first.cursor !== undefined) return
    this.ignored = this.asked
    this.say('gap', gap)
  }

  private urlToAsk(): URL {
    const url = new URL(this.settings.url)
    const cursor = this.newestCursor()
    this.asked = cursor === this.ignored ? undefined : cursor
    if (this.asked !== undefined) url.searchParams.set('after', this.asked)
    return url
  }

  /** Of the newest message or ping received, read or not. */
  private newestCursor(): string | undefined {
    if (this.pinged !== undefined) return this.pinged
    for (const frame of this.queue.newestFirst()) {
      if (!/"(?:cursor|id)"/.test(frame)) continue
      const cursor = newestOf(decodeFrame(frame, this.settings.shownUrl))
      if (cursor !== undefined) return cursor
    }
    // Of the frame before those of the queue: what of it is not read yet.
    return newestOf(this.decoded) ?? this.cursor
  }
}

function newestOf(messages: readonly ServerMessage[]): string | undefined {
  const last = messages.findLast((message) => 'cursor' in message && message.cursor !== undefined)
  return last !== undefined && 'cursor' in last ? last.cursor : undefined
}
