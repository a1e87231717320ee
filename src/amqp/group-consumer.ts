import type { Channel, Connection } from 'rabbitmq-client'
import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import type { AmqpAddress, GroupQueues } from './address.js'
import { type AmqpMessage, ConfirmedChannel } from './confirmed-channel.js'
import { connect, noAnswer } from './connect.js'
import { type Delivery, deliveryOf } from './delivery.js'
import { amqpError } from './errors.js'
import { declareForGroup } from './queues.js'

const ANSWER_TIMEOUT_MS = 15_000

export interface ConsumerSettings {
  readonly address: AmqpAddress
  readonly queues: GroupQueues
  readonly clock: Clock
  readonly heartbeatSeconds: number
  /** Most messages that are delivered and not acknowledged. */
  readonly prefetch: number
  /** Ends it while it is being opened, not later. */
  readonly signal: AbortSignal
  /** Must not throw. */
  readonly onDelivery: (delivery: Delivery) => void
  /** Called when it cannot be used any more. */
  readonly onEnd: () => void
}

/** One processor at the queue of its group. After any error open another. */
export class GroupConsumer {
  /** Messages that waited when it was opened. */
  readonly waiting: number
  private readonly settings: ConsumerSettings
  private readonly connection: Connection
  private readonly entries: Channel
  private readonly control: Channel
  private readonly confirmed: ConfirmedChannel
  private isEnded = false

  private constructor(
    settings: ConsumerSettings,
    connection: Connection,
    { entries, control, confirmed, waiting }: Awaited<ReturnType<typeof prepare>>,
  ) {
    this.settings = settings
    this.connection = connection
    this.entries = entries
    this.control = control
    this.confirmed = confirmed
    this.waiting = waiting
    const end = () => this.end()
    connection.on('error', end)
    for (const channel of [entries, control]) channel.on('close', end)
    entries.on('basic.cancel', end)
  }

  /** Makes the queues of the group where they are missing. @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING`; the reason of the signal */
  static async open(settings: ConsumerSettings): Promise<GroupConsumer> {
    const { address, clock } = settings
    const { connection, prepared } = await connect(address, clock, (open) => prepare(settings, open), settings)
    const consumer = new GroupConsumer(settings, connection, prepared)
    await consumer.answered('read entries', () =>
      prepared.entries.basicConsume({ queue: settings.queues.entries }, (message) => {
        if (!consumer.isEnded) settings.onDelivery(deliveryOf(message))
      }),
    )
    return consumer
  }

  get isOpen(): boolean {
    return !this.isEnded
  }

  /** Everything that was delivered up to here is finished with. */
  acknowledge(tag: number): void {
    if (!this.isEnded) this.entries.basicAck({ deliveryTag: tag, multiple: true })
  }

  /** Resolves when the server has taken all acknowledgements. */
  async flush(): Promise<void> {
    const { entries: queue } = this.settings.queues
    await this.answered('acknowledge entries', () => this.entries.queueDeclare({ queue, passive: true }))
  }

  /** Messages that wait for a consumer. Also shows that the server still knows this one. */
  count(): Promise<number> {
    const { entries: queue } = this.settings.queues
    return this.answered(
      'look at the queue',
      async () => (await this.control.queueDeclare({ queue, passive: true })).messageCount,
    )
  }

  /** Whether something was written. Takes nothing out: who stands by must not come between one who reads and one who writes. */
  hasMarks(): Promise<boolean> {
    const { marks: queue } = this.settings.queues
    return this.answered(
      'look for watermarks',
      async () => (await this.control.queueDeclare({ queue, passive: true })).messageCount > 0,
    )
  }

  /**
   * What was written last; `undefined`: nothing. Only for the one that gets the entries: it is written again, as a message that is given back
   * counts as failed, and a server may drop it after some times.
   */
  readMarks(): Promise<string | undefined> {
    const { marks: queue } = this.settings.queues
    return this.answered('read watermarks', async () => {
      const found = await this.control.basicGet({ queue })
      if (found === undefined) return undefined
      const { body } = deliveryOf(found)
      await this.confirmed.publish([{ headers: {}, body }], { queue })
      // Not before: without an acknowledgement it comes back, in front of the new one, and goes first.
      this.control.basicAck({ deliveryTag: found.deliveryTag })
      return Buffer.from(body).toString('utf8')
    })
  }

  writeMarks(text: string): Promise<void> {
    return this.publish(this.settings.queues.marks, [{ headers: {}, body: Buffer.from(text) }])
  }

  park(message: AmqpMessage): Promise<void> {
    return this.publish(this.settings.queues.parked, [message])
  }

  /** Idempotent. */
  close(): void {
    this.isEnded = true
    this.connection.unsafeDestroy()
  }

  private publish(queue: string, messages: readonly AmqpMessage[]): Promise<void> {
    return this.answered('write', () => this.confirmed.publish(messages, { queue }))
  }

  private async answered<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { address, clock } = this.settings
    try {
      return await withDeadline(work(), clock, ANSWER_TIMEOUT_MS, () => noAnswer(doing, address))
    } catch (error) {
      this.end()
      throw amqpError(error, doing, address)
    }
  }

  private end(): void {
    if (this.isEnded) return
    this.isEnded = true
    // Not in the client's own event: it would connect again behind that, and keep the process alive.
    setImmediate(() => this.close())
    this.settings.onEnd()
  }
}

async function prepare({ address, queues, clock, prefetch }: ConsumerSettings, open: () => Promise<Channel>) {
  const [control, entries, writing] = [await open(), await open(), await open()]
  await declareForGroup(control, address, queues)
  const { messageCount: waiting } = await control.queueDeclare({ queue: queues.entries, passive: true })
  await entries.basicQos({ prefetchCount: prefetch })
  return { control, entries, waiting, confirmed: await ConfirmedChannel.of(writing, address, clock) }
}
