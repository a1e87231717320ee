import type { Channel } from 'rabbitmq-client'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import type { AmqpAddress } from './address.js'
import { noAnswer } from './connect.js'

/** Longest wait for the next confirm: a server that has just recovered from a crash may never confirm what it took first. */
const CONFIRM_TIMEOUT_MS = 15_000
/** Confirms waited for with one timer. */
const CONFIRMS = 64
/** Most messages sent and not confirmed. */
const MAX_IN_FLIGHT = 512
const MAX_BYTES_IN_FLIGHT = 2 ** 23

export interface AmqpMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Where messages go: to all queues of an exchange, or to one queue. */
export type Destination = { readonly exchange: string } | { readonly queue: string }

/** A channel in confirm mode. After any error open another connection: the client would reconnect, but resend nothing. */
export class ConfirmedChannel {
  private readonly channel: Channel
  private readonly address: AmqpAddress
  private readonly clock: Clock
  /** Why the channel cannot be used any more; `undefined` while it can. */
  private failure: unknown

  private constructor(channel: Channel, address: AmqpAddress, clock: Clock) {
    this.channel = channel
    this.address = address
    this.clock = clock
    // A message that no queue took is confirmed as well; only its return shows the loss.
    channel.on('basic.return', () => {
      this.failure ??= new CtStreamError('CT_SINK_FAILED', `the RabbitMQ queue ${address.queue} is gone`, {
        retryable: true,
      })
    })
    channel.on('close', () => {
      this.failure ??= new Error('the channel was closed')
    })
  }

  /** @throws what the client throws. */
  static async of(channel: Channel, address: AmqpAddress, clock: Clock): Promise<ConfirmedChannel> {
    await channel.confirmSelect()
    return new ConfirmedChannel(channel, address, clock)
  }

  /**
   * Publishes messages in order. Resolves when a majority of the servers has all of them.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED`; what the client throws.
   */
  async publish(messages: Iterable<AmqpMessage>, to: Destination): Promise<void> {
    const { address, clock } = this
    let window: Promise<void>[] = []
    let bytes = 0
    const settle = async () => {
      const all = window
      window = []
      bytes = 0
      for (let from = 0; from < all.length; from += CONFIRMS) {
        const some = Promise.all(all.slice(from, from + CONFIRMS))
        await withDeadline(some, clock, CONFIRM_TIMEOUT_MS, () => noAnswer('write entries', address))
      }
      // The client reports a returned message one turn of the event loop after its confirm.
      await new Promise(setImmediate)
      if (this.failure !== undefined) throw this.failure
    }
    const place = 'queue' in to ? { routingKey: to.queue } : { exchange: to.exchange, routingKey: '' }
    for (const { headers, body } of messages) {
      const envelope = { ...place, mandatory: true, durable: true, headers: { ...headers } }
      const sent = this.channel.basicPublish(envelope, Buffer.from(body.buffer, body.byteOffset, body.byteLength))
      sent.catch(() => undefined)
      window.push(sent)
      bytes += body.length
      if (window.length >= MAX_IN_FLIGHT || bytes >= MAX_BYTES_IN_FLIGHT) await settle()
    }
    await settle()
  }
}
