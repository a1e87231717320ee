import type { Channel, Connection } from 'rabbitmq-client'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { abortable } from '../util/abort.js'
import { withDeadline } from '../util/deadline.js'
import { importPeer } from '../util/import-peer.js'
import type { AmqpAddress } from './address.js'
import { amqpError } from './errors.js'

const CONNECT_TIMEOUT_MS = 10_000

/** A connection, and what was prepared on it. */
export interface Connected<T> {
  readonly connection: Connection
  readonly prepared: T
}

export interface ConnectOptions {
  /** A server that hears nothing for two of them closes the connection. Default: what the server suggests. */
  readonly heartbeatSeconds?: number
  /** Ends a connection that is being opened. */
  readonly signal?: AbortSignal
}

/**
 * Connects to the first server that answers.
 *
 * @param prepare - What is done first with the connection.
 * @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING`; the reason of the signal.
 */
export async function connect<T>(
  address: AmqpAddress,
  clock: Clock,
  prepare: (open: OpenChannel) => Promise<T>,
  { heartbeatSeconds, signal = new AbortController().signal }: ConnectOptions = {},
): Promise<Connected<T>> {
  const client = await importPeer('RabbitMQ', () => import('rabbitmq-client'), 'rabbitmq-client')
  let failure: unknown
  signal.throwIfAborted()
  for (const { host, port } of address.url.hosts) {
    const { user, password, tls } = address.url
    const connection = new client.Connection({
      hostname: host.replace(/^\[|\]$/g, ''),
      port,
      vhost: address.virtualHost,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      connectionName: 'ct-stream',
      noDelay: true,
      ...(heartbeatSeconds !== undefined && { heartbeat: heartbeatSeconds }),
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls }),
    })
    const failed = new Promise<never>((_, reject) => connection.on('error', reject))
    failed.catch(() => undefined)
    try {
      const work = Promise.race([prepare(() => connection.acquire()), failed])
      const late = () => noAnswer('open the queue', address)
      const prepared = await abortable(withDeadline(work, clock, 3 * CONNECT_TIMEOUT_MS, late), signal)
      return { connection, prepared }
    } catch (error) {
      connection.unsafeDestroy()
      signal.throwIfAborted()
      failure = error
      // Another server would refuse for the same reason.
      if (amqpError(error, '', address).retryable === false) break
    }
  }
  throw amqpError(failure, 'open the queue', address)
}

export type OpenChannel = () => Promise<Channel>

export function noAnswer(doing: string, address: AmqpAddress): CtStreamError {
  return new CtStreamError(
    'CT_SINK_FAILED',
    `could not ${doing} at ${address.shown}: no answer in time; is a RabbitMQ server running there, with memory and disk to spare?`,
    { retryable: true },
  )
}
