import type { Admin, BaseOptions, Consumer, Producer } from '@platformatic/kafka'
import { importPeer } from '../util/import-peer.js'
import type { KafkaAddress } from './address.js'
import { apiIds, isRefused } from './errors.js'

/** The classes of the client, by their shape: 1.35 and 2.x have them. */
export type KafkaClient = typeof import('@platformatic/kafka')
export type KafkaProducer = Producer<Buffer, Buffer, Buffer, Buffer>
export type KafkaConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>
export type KafkaAdmin = Admin

/**
 * Loads the client, which is an optional peer.
 *
 * @throws {@link CtStreamError} `CT_PEER_MISSING`, with what to install.
 */
export function loadKafka(): Promise<KafkaClient> {
  // 2.x needs a newer Node than this library does.
  return importPeer('Kafka', () => import('@platformatic/kafka'), '@platformatic/kafka@1')
}

/** Idempotent and transactional producers: -1 asks the broker for an id. The client's own 0 works once, then it is fenced for ever. */
export const NEW_ID = { producerId: -1n, producerEpoch: -1 } as const

/** What the broker answers while it is busy with the transaction before: over in milliseconds. */
const MOMENTARY = new Set(['CONCURRENT_TRANSACTIONS'])
const MOMENT_MS = 2
const LONGEST_DELAY_MS = 500

/**
 * How long the client waits before it asks again; a user or password that is refused it does not try again.
 *
 * After every commit the broker refuses the next transaction until its markers are written. With the client's own delay of a second
 * that is the rate of transactions; everything else is tried again ever more slowly, so that a broker that is down is not flooded.
 */
export function retryDelay(
  client: unknown,
  _operation: string,
  attempt: number,
  _retries: number,
  error: Error,
): number {
  // The client itself tries for ever. Closed, it gives up, and tells what it has seen.
  if (isRefused(error)) setImmediate(() => (client as KafkaAdmin).close(() => {}))
  if ([...apiIds(error)].some((id) => MOMENTARY.has(id))) return MOMENT_MS
  return Math.min(5 * 2 ** Math.min(attempt - 1, 10), LONGEST_DELAY_MS)
}

/**
 * Options of every client.
 *
 * @param timeoutMs - How long a request may take; of a transactional producer also the longest transaction: one that is open longer is
 * aborted by the broker, and its producer fenced.
 */
export function clientOptions(address: KafkaAddress, timeoutMs: number): BaseOptions {
  return {
    clientId: 'ct-stream',
    bootstrapBrokers: [...address.brokers],
    timeout: timeoutMs,
    connectTimeout: 5000,
    requestTimeout: Math.max(timeoutMs, 10_000),
    // Bounded by time instead (`withDeadline`): attempts come every 2 ms where the broker is busy for a moment.
    retries: 100_000,
    retryDelay,
    autocreateTopics: false,
    ...(address.tls === undefined ? {} : { tls: address.tls }),
    ...(address.sasl === undefined ? {} : { sasl: { ...address.sasl } }),
  }
}
