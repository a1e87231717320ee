import type { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import type { NatsConnection } from './connection.js'
import type { Received, StreamMessage } from './received.js'

const SECOND_NS = 1_000_000_000
/** The server forgets a reader that asks for nothing so long: the next one begins where this one was. */
const INACTIVE_NS = 300 * SECOND_NS
/**
 * How long the server waits for messages to come, before it says that none did; a page waits as long where retention has taken what would
 * have filled it. Milliseconds.
 */
const WAIT_MS = 2000
/** Longest silence of the server beyond that. Milliseconds. */
const SILENCE_MS = 5000
const MAX_BYTES = 2 ** 23

/** Where a reader begins. */
export interface ReaderStart {
  readonly stream: string
  readonly subject: string
  /** Number of the first message that may come. */
  readonly from: number
}

/** Reads the messages of one subject in order, each once. Broken with its connection, or when the server forgets it: open another. */
export class SubjectReader {
  readonly connection: NatsConnection
  private readonly requests: string
  private readonly inbox: ReturnType<NatsConnection['receive']>
  private readonly onReady: () => void
  private readonly elapsed: () => number
  private readonly remove: () => void
  private came: StreamMessage[] = []
  private delivery = 0
  /** Messages asked for that may still come. */
  private outstanding = 0
  private askedAt = 0
  private isBroken = false
  /** Messages in the stream that have not come, as of the last one. */
  private pending: number

  private constructor(
    connection: NatsConnection,
    consumer: { readonly stream_name: string; readonly name: string; readonly num_pending: number },
    onReady: () => void,
    elapsed: () => number,
  ) {
    this.connection = connection
    this.requests = `$JS.API.CONSUMER.MSG.NEXT.${consumer.stream_name}.${consumer.name}`
    this.pending = consumer.num_pending
    this.onReady = onReady
    this.elapsed = elapsed
    this.inbox = connection.receive((received) => this.receive(received))
    this.remove = () => void connection.manager.consumers.delete(consumer.stream_name, consumer.name).catch(() => {})
  }

  /**
   * @param onReady - Called when {@link take} has something to give.
   * @param elapsed - As of `Clock`.
   * @throws what the client throws.
   */
  static async open(
    connection: NatsConnection,
    { stream, subject, from }: ReaderStart,
    onReady: () => void,
    elapsed: () => number,
  ): Promise<SubjectReader> {
    const consumer = await connection.manager.consumers.add(stream, {
      ack_policy: 'none' as AckPolicy,
      deliver_policy: 'by_start_sequence' as DeliverPolicy,
      opt_start_seq: Math.max(1, from),
      filter_subject: subject,
      inactive_threshold: INACTIVE_NS,
    })
    return new SubjectReader(connection, consumer, onReady, elapsed)
  }

  /** Whether it goes on. */
  get isUsable(): boolean {
    const isOverdue = this.outstanding > 0 && this.elapsed() - this.askedAt > WAIT_MS + SILENCE_MS
    return !this.isBroken && !isOverdue && this.connection.isOpen
  }

  /** Whether a page can be taken: all that was asked for has come, or all that there was. */
  get isReady(): boolean {
    return this.came.length > 0 && (this.outstanding === 0 || this.pending === 0)
  }

  /** Whether all that there was has been taken. */
  get isAtEnd(): boolean {
    return this.came.length === 0 && this.pending === 0
  }

  /** Messages of the stream behind those that were taken. */
  get left(): number {
    return this.came.length + this.pending
  }

  /** There is more, whatever the server says: it is not at the end before it has said so again. */
  expectMore(): void {
    this.pending = Math.max(1, this.pending)
  }

  /** Asks for messages, unless some are asked for. */
  ask(count: number): void {
    if (this.outstanding > 0 || this.came.length > 0) return
    this.outstanding = count
    this.askedAt = this.elapsed()
    const request = { batch: count, max_bytes: MAX_BYTES, expires: WAIT_MS * 1e6 }
    this.connection.ask(this.requests, request, this.inbox.address)
  }

  take(): readonly StreamMessage[] {
    const taken = this.came
    this.came = []
    return taken
  }

  /** Messages that were taken last are not wanted yet. */
  giveBack(messages: readonly StreamMessage[]): void {
    this.came.unshift(...messages)
  }

  /** Idempotent. */
  close(): void {
    if (!this.isBroken && this.connection.isOpen) {
      this.inbox.end()
      this.remove()
    }
    this.isBroken = true
  }

  private receive(received: Received): void {
    if (received.kind === 'message') {
      // A message was lost on the way.
      if (received.delivery !== this.delivery + 1) this.isBroken = true
      if (this.isBroken) return
      this.delivery = received.delivery
      this.pending = received.pending
      this.came.push(received)
      this.outstanding = Math.max(0, this.outstanding - 1)
    } else if (received.code !== 100) {
      this.outstanding = 0
      // Expired: what there was has come.
      if (received.code === 408) this.pending = 0
    }
    if (this.isReady || this.outstanding === 0) this.onReady()
  }
}
