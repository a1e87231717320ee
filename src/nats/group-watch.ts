import type { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import { Notifier } from '../util/notifier.js'
import type { NatsConnection } from './connection.js'
import type { GroupStream } from './group-stream.js'
import type { Received } from './received.js'

const HEARTBEAT_NS = 2_000_000_000

/** A record of a group, as it was written last. */
export interface GroupRecord {
  /** The number of its message, by which the next one says what it replaces. */
  readonly revision: number
  /** When the server took it. Epoch milliseconds, by the server's clock. */
  readonly time: number
  /** JSON; empty: it was taken back. */
  readonly value: string
}

/** What all processors of a group have written of themselves, as it changes. */
export class GroupWatch {
  /** By their keys: subjects without what all have in common. */
  readonly records = new Map<string, GroupRecord>()
  readonly connection: NatsConnection
  private readonly below: string
  private readonly changed = new Notifier()
  private readonly onChange: (key: string) => void
  private inbox: ReturnType<NatsConnection['receive']> | undefined
  private delivery = 0
  private seen = 0

  /** @param onChange - Called for each change of a record. Must not throw. */
  constructor(connection: NatsConnection, stream: GroupStream, onChange: (key: string) => void) {
    this.connection = connection
    this.below = `${stream.base}.live.`
    this.onChange = onChange
  }

  /** @throws what the client throws. */
  async open(stream: GroupStream): Promise<void> {
    this.inbox = this.connection.receive((received) => this.take(received))
    await this.connection.manager.consumers.add(stream.name, {
      ack_policy: 'none' as AckPolicy,
      deliver_policy: 'last_per_subject' as DeliverPolicy,
      filter_subject: `${this.below}>`,
      deliver_subject: this.inbox.address,
      idle_heartbeat: HEARTBEAT_NS,
    })
  }

  /**
   * Writes a record.
   *
   * @param before - The revision that it replaces; 0: there is none. Default: whichever.
   * @returns Its revision.
   * @throws what the client throws.
   */
  put(key: string, value: string, before?: number): Promise<number> {
    return this.connection.put({ subject: this.below + key, headers: {}, body: Buffer.from(value) }, before)
  }

  /**
   * Waits until everything has been seen that was written up to a revision.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED`, retryable, when it is not seen in time: open another.
   */
  async upTo(revision: number, clock: Clock, timeoutMs: number): Promise<void> {
    const wait = async () => {
      while (this.seen < revision) await this.changed.wait()
    }
    await withDeadline(
      wait(),
      clock,
      timeoutMs,
      () => new CtStreamError('CT_SINK_FAILED', 'the NATS server does not say what changes', { retryable: true }),
    )
  }

  private take(received: Received): void {
    if (received.kind !== 'message') return
    const { subject, sequence, delivery, time, body } = received
    // After a loss nothing is seen any more, which `upTo` notices.
    if (delivery !== this.delivery + 1) return
    this.delivery = delivery
    this.seen = sequence
    const key = subject.slice(this.below.length)
    this.records.set(key, { revision: sequence, time, value: Buffer.from(body).toString('utf8') })
    this.onChange(key)
    this.changed.notify()
  }
}
