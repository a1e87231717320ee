import type { Channel, Connection } from 'rabbitmq-client'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import { importPeer } from '../util/import-peer.js'
import type { AmqpAddress } from './address.js'
import { amqpError } from './errors.js'

const CONNECT_TIMEOUT_MS = 10_000
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

/** One connection and one channel in confirm mode. After any error, open another: the client would reconnect, but resend nothing. */
export class AmqpConnection {
  private readonly connection: Connection
  private readonly channel: Channel
  private readonly address: AmqpAddress
  private readonly clock: Clock
  /** Why the channel cannot be used any more; `undefined` while it can. */
  private failure: unknown

  private constructor(connection: Connection, channel: Channel, address: AmqpAddress, clock: Clock) {
    this.connection = connection
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

  /**
   * Connects to the first server that answers, and makes the queue if it is missing.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING`
   */
  static async open(address: AmqpAddress, clock: Clock): Promise<AmqpConnection> {
    const client = await importPeer('RabbitMQ', () => import('rabbitmq-client'), 'rabbitmq-client')
    let failure: unknown
    for (const { host, port } of address.url.hosts) {
      const { user, password, tls } = address.url
      const connection = new client.Connection({
        hostname: host.replace(/^\[|\]$/g, ''),
        port,
        vhost: address.virtualHost,
        connectionTimeout: CONNECT_TIMEOUT_MS,
        connectionName: 'ct-stream',
        noDelay: true,
        ...(user !== undefined && { username: user }),
        ...(password !== undefined && { password }),
        ...(tls !== undefined && { tls }),
      })
      try {
        const channel = await withDeadline(prepared(connection, address), clock, 3 * CONNECT_TIMEOUT_MS, () =>
          noAnswer('open the queue', address),
        )
        return new AmqpConnection(connection, channel, address, clock)
      } catch (error) {
        connection.unsafeDestroy()
        failure = error
        // Another server would refuse for the same reason.
        if (amqpError(error, '', address).retryable === false) break
      }
    }
    throw amqpError(failure, 'open the queue', address)
  }

  /**
   * Publishes messages in order. Resolves when a majority of the servers has all of them.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED`
   */
  async publish(messages: Iterable<AmqpMessage>): Promise<void> {
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
    try {
      for (const { headers, body } of messages) {
        const envelope = { routingKey: address.queue, mandatory: true, durable: true, headers: { ...headers } }
        const sent = this.channel.basicPublish(envelope, Buffer.from(body.buffer, body.byteOffset, body.byteLength))
        sent.catch(() => undefined)
        window.push(sent)
        bytes += body.length
        if (window.length >= MAX_IN_FLIGHT || bytes >= MAX_BYTES_IN_FLIGHT) await settle()
      }
      await settle()
    } catch (error) {
      this.close()
      throw amqpError(error, 'write entries', address)
    }
  }

  /** Idempotent. */
  close(): void {
    this.connection.unsafeDestroy()
  }
}

/** Makes the queue, then a channel in confirm mode. */
async function prepared(connection: Connection, address: AmqpAddress): Promise<Channel> {
  const failed = new Promise<never>((_, reject) => connection.on('error', reject))
  failed.catch(() => undefined)
  const channel = await Promise.race([connection.acquire(), failed])
  // The server refuses settings that differ from those of an existing queue, and names one.
  const declaration = { queue: address.queue, durable: true, arguments: { 'x-queue-type': 'quorum' } } as const
  await Promise.race([channel.queueDeclare(declaration), failed])
  await Promise.race([channel.confirmSelect(), failed])
  return channel
}

function noAnswer(doing: string, address: AmqpAddress): CtStreamError {
  return new CtStreamError(
    'CT_SINK_FAILED',
    `could not ${doing} at ${address.shown}: no answer in time; is a RabbitMQ server running there, with memory and disk to spare?`,
    { retryable: true },
  )
}
