import { amqpAddress } from '../amqp/address.js'
import type { AmqpMessage } from '../amqp/confirmed-channel.js'
import { AmqpConnection } from '../amqp/connection.js'
import { LOG_HEADER, logHeader } from '../amqp/log-header.js'
import { sinkClosed } from '../checkpoint/keyed-records.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import type { Lease, Sink } from '../types/cluster.js'
import { systemClock } from '../util/clock.js'
import { objectOption } from '../util/options.js'
import { MessageEncoder, type MessageOptions } from './message.js'

export interface RabbitMqSinkOptions extends MessageOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
}

/**
 * A sink to RabbitMQ 3.10 or later: all entries go to the exchange `<prefix>.entries` (fanout), and from there into the quorum queue of the
 * same name; each is confirmed by a majority of its servers. With `groups` in the URL they go into a quorum queue of each group instead
 * (`<prefix>.entries.<group>`), for `queueSource` with `body: 'leaf'`. At least once: RabbitMQ keeps no positions, so after a crash everything
 * since the stream's last stored position is written again. Consumers drop the repetitions: messages whose `ct-index` is not above the last
 * one of their `ct-log`.
 *
 * @param url - `amqp://[user:password@]host[:port][,…][/virtual-host]`, or `amqps://` for TLS; parameters `prefix` (default `ct`), `groups`
 * (names, separated by commas), `ca`, `cert`, `key` (files, PEM), `servername`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 * @example
 * await pump({
 *   sink: rabbitMqSink('amqp://localhost'),
 *   stream: () => ctStream({ checkpoint: 'positions.db' }),
 * })
 */
export function rabbitMqSink(url: string, options: RabbitMqSinkOptions = {}): Sink {
  return new RabbitMqSink(url, options)
}

class RabbitMqSink implements Sink {
  readonly guarantee = 'at-least-once'
  private readonly address
  private readonly encoder: MessageEncoder
  /** Whether processors can read the messages, who must know of which log each is. */
  private readonly isWhole: boolean
  private readonly clock: Clock
  private connection: AmqpConnection | undefined
  private epoch = 0

  constructor(url: string, options: RabbitMqSinkOptions) {
    const known = ['body', 'key', 'maxBodyBytes', 'clock'] as const
    const { clock = systemClock, ...message } = objectOption<RabbitMqSinkOptions>('sink', options, known)
    this.encoder = new MessageEncoder(message)
    this.isWhole = message.body === 'leaf'
    this.address = amqpAddress(url)
    this.clock = clock
  }

  async open(lease: Lease | undefined): Promise<undefined> {
    await this.close()
    this.connection = await AmqpConnection.open(this.address, this.clock)
    this.epoch = lease?.epoch ?? 0
    // `undefined`: the positions are in the stream's checkpoint.
    return undefined
  }

  async write(page: readonly CtCertificate[]): Promise<void> {
    if (this.connection === undefined) throw sinkClosed()
    await this.connection.publish(this.messages(page))
  }

  async close(): Promise<void> {
    this.connection?.close()
    this.connection = undefined
  }

  private *messages(page: readonly CtCertificate[]): Generator<AmqpMessage> {
    for (const certificate of page) {
      const { headers, body } = this.encoder.encode(certificate, this.epoch)
      yield { headers: this.isWhole ? { ...headers, [LOG_HEADER]: logHeader(certificate.log) } : headers, body }
    }
  }
}
