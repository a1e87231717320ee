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
export async function loadKafka(): Promise<KafkaClient> {
  // Suggests 1.x, because 2.x needs a newer Node than this library does.
  const kafka = await importPeer('Kafka', () => import('@platformatic/kafka'), '@platformatic/kafka@1')
  expectUnknownBrokers(kafka)
  return kafka
}

type Connected = (error: Error, connection?: undefined) => void
type Connect = (this: unknown, broker: object | undefined, callback: Connected) => void

/**
 * Has the client report a broker that it does not know, instead of throwing outside of any call, which would end the process: where a broker has
 * just died, a partition or a coordinator has none in what the client was told last. What failed is opened again then, and told anew.
 */
function expectUnknownBrokers({ Admin, NetworkError }: KafkaClient): void {
  const clients = Object.getPrototypeOf(Admin.prototype) as Record<symbol, Connect>
  const name = Object.getOwnPropertySymbols(clients).find(({ description = '' }) =>
    /\.getConnection$/.test(description),
  )
  const connect = name && clients[name]
  if (connect === undefined || guarded.has(connect)) return
  const guard: Connect = function (broker, callback) {
    if (broker !== undefined) return connect.call(this, broker, callback)
    callback(new NetworkError('no broker leads this at the moment', { canRetry: false, hasStaleMetadata: true }))
  }
  guarded.add(guard)
  clients[name as symbol] = guard
}

const guarded = new WeakSet<Connect>()

/** -1 asks the broker for a producer id. With the client's default of 0 a producer works once and is then fenced for ever. */
export const NEW_ID = { producerId: -1n, producerEpoch: -1 } as const

/** The broker's answer while it still completes the transaction before, which takes milliseconds. */
const MOMENTARY = new Set(['CONCURRENT_TRANSACTIONS'])
const MOMENT_MS = 1
/** So many attempts later it is no moment any more: a broker that cannot write its markers is not to be flooded. */
const MOMENTS = 20
const LONGER_MOMENT_MS = 5
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
  if ([...apiIds(error)].some((id) => MOMENTARY.has(id))) return attempt <= MOMENTS ? MOMENT_MS : LONGER_MOMENT_MS
  return Math.min(5 * 2 ** Math.min(attempt - 1, 10), LONGEST_DELAY_MS)
}

/** Which of its brokers the clients of an address ask first, by the address's list. */
const firsts = new Map<string, number>()

/** Index, in the list of an address, of the broker that its next client asks first. */
export const firstAsked = ({ brokers }: KafkaAddress): number => {
  const key = brokers.join()
  const first = firsts.get(key) ?? Math.floor(Math.random() * brokers.length)
  firsts.set(key, first)
  return first
}

/**
 * Has the next clients ask the broker behind one that gave no answer. A client asks the next one only when it cannot connect, and a broker that
 * is suspended takes connections.
 *
 * @param silent - Index of the broker that was asked first; nothing changes where the next clients ask another one already.
 */
export function askAnother(address: KafkaAddress, silent: number): void {
  if (firstAsked(address) === silent) firsts.set(address.brokers.join(), (silent + 1) % address.brokers.length)
}

/** The client would cut `host:port` at its first colon, which an IPv6 address has many of. */
function hostAndPort(broker: string): { readonly host: string; readonly port: number } {
  const colon = broker.lastIndexOf(':')
  return { host: broker.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(broker.slice(colon + 1)) }
}

/**
 * Options of every client.
 *
 * @param requestMs - Longest wait for an answer, after which the client asks again. Milliseconds.
 */
export function clientOptions(address: KafkaAddress, requestMs: number = REQUEST_MS): BaseOptions {
  const { brokers } = address
  const first = firstAsked(address)
  return {
    clientId: 'ct-stream',
    bootstrapBrokers: [...brokers.slice(first), ...brokers.slice(0, first)].map(hostAndPort),
    timeout: TRANSACTION_MS,
    connectTimeout: 5000,
    requestTimeout: requestMs,
    // `withDeadline` bounds the time instead: attempts come every few ms while the broker is busy for a moment.
    retries: 100_000,
    retryDelay,
    autocreateTopics: false,
    ...(address.tls === undefined ? {} : { tls: address.tls }),
    ...(address.sasl === undefined ? {} : { sasl: { ...address.sasl } }),
  }
}
