import type { Admin, BaseOptions, Consumer, Producer } from '@platformatic/kafka'
import { importPeer } from '../util/import-peer.js'
import type { KafkaAddress } from './address.js'
import { apiIds, isRefused } from './errors.js'

/** The classes used of the client; versions 1.35 and 2.x both have them. */
export type KafkaClient = typeof import('@platformatic/kafka')
export type KafkaProducer = Producer<Buffer, Buffer, Buffer, Buffer>
export type KafkaConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>
export type KafkaAdmin = Admin

/**
 * Loads the client, which is an optional peer.
 *
 * @throws {@link CtStreamError} `CT_PEER_MISSING`, naming what to install.
 */
export function loadKafka(): Promise<KafkaClient> {
  // Suggests 1.x, because 2.x needs a newer Node than this library does.
  return importPeer('Kafka', () => import('@platformatic/kafka'), '@platformatic/kafka@1')
}

/** -1 asks the broker for a producer id. With the client's default of 0 a producer works once and is then fenced for ever. */
export const NEW_ID = { producerId: -1n, producerEpoch: -1 } as const

/** The broker's answer while it still completes the transaction before, which takes milliseconds. */
const MOMENTARY = new Set(['CONCURRENT_TRANSACTIONS'])
const MOMENT_MS = 2
const LONGEST_DELAY_MS = 500
/** A broker that is cut off, or suspended, takes connections and gives no answer. Below the time of a step, so that the next attempt is part of it. */
const REQUEST_MS = 12_000
/** The broker aborts a transaction that is open longer, and fences its producer. Milliseconds. */
const TRANSACTION_MS = 30_000

/**
 * How long the client waits before a retry; it does not retry a refused user or password.
 *
 * After every commit the broker refuses the next transaction until its markers are written. With the client's own delay of a second
 * there would be one transaction a second. Other errors are retried ever more slowly, so as not to flood a broker that is down.
 */
export function retryDelay(
  client: unknown,
  _operation: string,
  attempt: number,
  _retries: number,
  error: Error,
): number {
  const { closed } = client as KafkaAdmin
  // The client retries for ever. Once closed, it gives up and reports the errors it met.
  if (isRefused(error) && !closed) setImmediate(() => (client as KafkaAdmin).close(() => {}))
  // A request that was under way when the client was closed is retried for ever, too: it listens for that event only from here on.
  if (closed) setImmediate(() => (client as KafkaAdmin).emit('client:close'))
  if ([...apiIds(error)].some((id) => MOMENTARY.has(id))) return MOMENT_MS
  return Math.min(5 * 2 ** Math.min(attempt - 1, 10), LONGEST_DELAY_MS)
}

/** Which of its brokers the clients of an address ask first. */
const firsts = new Map<string, number>()

const firstOf = ({ brokers }: KafkaAddress): number => {
  const key = brokers.join()
  const first = firsts.get(key) ?? Math.floor(Math.random() * brokers.length)
  firsts.set(key, first)
  return first
}

/**
 * Has the next clients ask another broker first: one gave no answer. A client asks the next one only when it cannot connect, and a broker that
 * is suspended takes connections.
 */
export function askAnother(address: KafkaAddress): void {
  const { length } = address.brokers
  if (length === 1) return
  const others = 1 + Math.floor(Math.random() * (length - 1))
  firsts.set(address.brokers.join(), (firstOf(address) + others) % length)
}

/**
 * Options of every client.
 *
 * @param requestMs - Longest wait for an answer, after which the client asks again. Milliseconds.
 */
export function clientOptions(address: KafkaAddress, requestMs: number = REQUEST_MS): BaseOptions {
  const { brokers } = address
  const first = firstOf(address)
  return {
    clientId: 'ct-stream',
    bootstrapBrokers: [...brokers.slice(first), ...brokers.slice(0, first)],
    timeout: TRANSACTION_MS,
    connectTimeout: 5000,
    requestTimeout: requestMs,
    // `withDeadline` bounds the time instead: attempts come every 2 ms while the broker is busy for a moment.
    retries: 100_000,
    retryDelay,
    autocreateTopics: false,
    ...(address.tls === undefined ? {} : { tls: address.tls }),
    ...(address.sasl === undefined ? {} : { sasl: { ...address.sasl } }),
  }
}
