import type { FeedMessage } from '../server/ui/shapes.js'

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** @param since - Epoch milliseconds. */
  | { readonly kind: 'lost'; readonly since: number; readonly reason: string }
  /** @param isWrong - Whether a token was tried and refused. */
  | { readonly kind: 'locked'; readonly isWrong: boolean }

export interface FeedListener {
  connection(connection: Connection): void
  message(message: FeedMessage): void
}

/** How the server is asked. */
export interface Requests {
  /** @param path - Relative to `ui/`. */
  request(path: string, signal: AbortSignal): Promise<Response>
  hasToken(): boolean
}

/** The server sends something every second: after a longer silence the connection counts as broken. */
const SILENCE_MS = 10_000
const [firstPauseMs, longestPauseMs] = [500, 5000]
const noAnswer = new Error('no answer')

/**
 * Reads the server's messages, and reconnects whenever the connection is lost. Not an `EventSource`, which can send a token only in the URL
 * and does not report why it was refused.
 */
export class Feed {
  private readonly listener: FeedListener
  private readonly requests: Requests
  private match = ''
  private reading = new AbortController()
  private attempt = new AbortController()
  private lostAt: number | undefined

  constructor(listener: FeedListener, requests: Requests) {
    this.listener = listener
    this.requests = requests
  }

  /** Starts, or restarts with another filter or token. */
  open(match: string): void {
    this.match = match
    this.reading.abort()
    this.attempt.abort()
    this.reading = new AbortController()
    void this.keepReading(this.reading.signal)
  }

  private async keepReading(signal: AbortSignal): Promise<void> {
    let pause = firstPauseMs
    while (!signal.aborted) {
      let reason = 'the server closed the connection'
      try {
        const answer = await this.ask(`feed?match=${encodeURIComponent(this.match)}`)
        if (signal.aborted) return
        if (answer.status === 401) {
          this.listener.connection({ kind: 'locked', isWrong: this.requests.hasToken() })
          return
        }
        if (!answer.ok || answer.body === null) reason = `the server answered ${answer.status}`
        else {
          pause = firstPauseMs
          await this.read(answer.body, signal)
        }
      } catch (error) {
        reason = error === noAnswer ? 'the server does not answer' : 'the server cannot be reached'
      }
      if (signal.aborted) return
      this.lostAt ??= Date.now()
      this.listener.connection({ kind: 'lost', since: this.lostAt, reason })
      await new Promise((resolve) => setTimeout(resolve, pause))
      pause = Math.min(2 * pause, longestPauseMs)
    }
  }

  /** Gives up when no answer begins for long: a connection may be dead without anybody saying so. */
  private async ask(path: string): Promise<Response> {
    const attempt = new AbortController()
    this.attempt = attempt
    const timer = setTimeout(() => attempt.abort(noAnswer), SILENCE_MS)
    try {
      return await this.requests.request(path, attempt.signal)
    } finally {
      clearTimeout(timer)
    }
  }

  private async read(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    const reader = body.getReader()
    const decoder = new TextDecoder()
    let timer: ReturnType<typeof setTimeout> | undefined
    let text = ''
    try {
      for (;;) {
        clearTimeout(timer)
        timer = setTimeout(() => void reader.cancel(), SILENCE_MS)
        const { done, value } = await reader.read()
        if (done || signal.aborted) return
        const blocks = `${text}${decoder.decode(value, { stream: true })}`.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) this.take(block)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  private take(block: string): void {
    if (!block.startsWith('data: ')) return
    const message = JSON.parse(block.slice(6)) as FeedMessage
    if (message.kind === 'begin') {
      this.lostAt = undefined
      this.listener.connection({ kind: 'connected' })
    }
    this.listener.message(message)
  }
}
