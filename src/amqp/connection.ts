import type { Channel, Connection } from 'rabbitmq-client'
import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import type { AmqpAddress } from './address.js'
import { type AmqpMessage, ConfirmedChannel } from './confirmed-channel.js'
import { connect, noAnswer } from './connect.js'
import { amqpError } from './errors.js'
import { declareForSink } from './queues.js'

const CHECK_TIMEOUT_MS = 15_000

/** The connection of a sink. After any error, open another. */
export class AmqpConnection {
  private readonly connection: Connection
  private readonly channel: Channel
  private readonly confirmed: ConfirmedChannel
  private readonly queues: readonly string[]
  private readonly address: AmqpAddress
  private readonly clock: Clock

  private constructor(
    connection: Connection,
    [channel, confirmed, queues]: readonly [Channel, ConfirmedChannel, readonly string[]],
    address: AmqpAddress,
    clock: Clock,
  ) {
    this.connection = connection
    this.channel = channel
    this.confirmed = confirmed
    this.queues = queues
    this.address = address
    this.clock = clock
  }

  /**
   * Connects to the first server that answers, and makes exchange and queues where they are missing.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING`
   */
  static async open(address: AmqpAddress, clock: Clock): Promise<AmqpConnection> {
    const { connection, prepared } = await connect(address, clock, async (open) => {
      const channel = await open()
      const queues = await declareForSink(channel, address)
      return [channel, await ConfirmedChannel.of(channel, address, clock), queues] as const
    })
    return new AmqpConnection(connection, prepared, address, clock)
  }

  /**
   * Publishes messages in order. Resolves when a majority of the servers has all of them, in each queue.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED`
   */
  async publish(messages: Iterable<AmqpMessage>): Promise<void> {
    const { address, clock } = this
    try {
      await this.confirmed.publish(messages, { exchange: address.queue })
      // A message that another queue took does not come back: of several queues one may be gone, and nothing says so.
      if (this.queues.length > 1)
        await withDeadline(this.check(), clock, CHECK_TIMEOUT_MS, () => noAnswer('look for the queues', address))
    } catch (error) {
      this.close()
      throw amqpError(error, 'write entries', address)
    }
  }

  /** Idempotent. */
  close(): void {
    this.connection.unsafeDestroy()
  }

  private async check(): Promise<void> {
    for (const queue of this.queues) await this.channel.queueDeclare({ queue, passive: true })
  }
}
