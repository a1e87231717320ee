import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import type { KafkaAddress } from './address.js'

/** Most errors looked at in a tree of them: a client that has retried a thousand times has collected a thousand. */
const MOST_ERRORS = 2000
/** Another producer took the transactional id, or the broker gave this one up: the broker refuses whatever it sends. */
const FENCED = ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING', 'UNKNOWN_PRODUCER_ID']
const LASTING: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: 'the user may not use the topic: allow it to read, write, describe and create there',
  GROUP_AUTHORIZATION_FAILED: 'the user may not use the consumer group: allow it to read there',
  CLUSTER_AUTHORIZATION_FAILED: 'the user lacks a permission in this cluster: allow it IdempotentWrite and Create',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    'the user may not use the transactional id: allow it to write and describe there',
  UNSUPPORTED_SASL_MECHANISM: 'the broker does not have this sasl mechanism: see its sasl.enabled.mechanisms',
  MESSAGE_TOO_LARGE: 'a batch is larger than the broker takes: raise max.message.bytes of the topic to 1 MiB at least',
  RECORD_LIST_TOO_LARGE: 'a batch is larger than segment.bytes of the topic: raise it to 1 MiB at least',
  INVALID_REPLICATION_FACTOR: 'there are fewer brokers than copies are asked for: replication=… in the URL',
  POLICY_VIOLATION: 'the cluster has a policy against such a topic: create it by hand',
  INVALID_TRANSACTION_TIMEOUT: "the transaction's timeout is longer than the broker's transaction.max.timeout.ms",
  INVALID_SESSION_TIMEOUT:
    'leaseMs is not within group.min.session.timeout.ms (6,000 unless it was changed) and group.max.session.timeout.ms of the broker',
  UNSUPPORTED_VERSION: 'the broker is too old: Kafka 3.0 at least',
}

/** Names of protocol errors (`PRODUCER_FENCED`) in an error and its causes. */
export function* apiIds(error: unknown): Generator<string> {
  for (const each of errorsOf(error)) if (typeof each.apiId === 'string') yield each.apiId
}

type AnyError = Error & { readonly apiId?: unknown; readonly code?: unknown; readonly errors?: unknown }

function* errorsOf(error: unknown): Generator<AnyError> {
  const open: unknown[] = [error]
  for (let seen = 0; open.length > 0 && seen < MOST_ERRORS; seen++) {
    const next = open.pop()
    if (!(next instanceof Error)) continue
    yield next
    const { errors, cause } = next as AnyError
    if (Array.isArray(errors)) open.push(...errors.slice(0, MOST_ERRORS))
    if (cause !== undefined) open.push(cause)
  }
}

/** Whether the broker has fenced this producer, in either form in which brokers report it. */
export const isFenced = (error: unknown): boolean => [...apiIds(error)].some((id) => FENCED.includes(id))

/** Whether an error or one of its causes has this code of the client's. */
function hasCode(error: unknown, wanted: string): boolean {
  for (const { code } of errorsOf(error)) if (code === wanted) return true
  return false
}

/** Whether the broker refused the user, the password or the mechanism. */
export const isRefused = (error: unknown): boolean => hasCode(error, 'PLT_KFK_AUTHENTICATION')

/** Whether the broker has no such request, or it was switched off. */
export const isUnsupported = (error: unknown): boolean => hasCode(error, 'PLT_KFK_UNSUPPORTED_API')

/**
 * Turns an error of the client into ours, saying what to do.
 *
 * @param doing - What was tried, such as `write entries`; the message begins `could not write entries at …`.
 */
export function kafkaError(error: unknown, doing: string, address: KafkaAddress): CtStreamError {
  if (CtStreamError.is(error)) return error
  const fail = (why: string, retryable: boolean) =>
    new CtStreamError('CT_SINK_FAILED', `could not ${doing} at ${address.shown}: ${why}`, { cause: error, retryable })
  const all = [...errorsOf(error)]
  const ids = new Set(apiIds(error))
  if (isFenced(error))
    return new CtStreamError(
      'CT_LEASE_LOST',
      `could not ${doing} at ${address.shown}: another producer took over, or the transaction was open for too long`,
      { cause: error, retryable: true },
    )
  for (const id of ids) {
    const why = LASTING[id]
    if (why !== undefined) return fail(`${why} (${id})`, false)
  }
  if (isRefused(error))
    return fail('the broker does not accept the user or password, or does not have this sasl mechanism', false)
  if (isUnsupported(error))
    return fail('the broker is too old, or has what is needed switched off: Kafka 3.0 at least', false)
  const certificate = all.find(
    ({ code }) => typeof code === 'string' && /CERT|^ERR_TLS|^ERR_SSL|SELF_SIGNED/.test(code),
  )
  if (certificate !== undefined) return fail(`TLS: ${oneLine(certificate)}`, false)
  const last = all.find((each) => !Array.isArray(each.errors)) ?? error
  return fail([...ids].join(', ') || oneLine(last), true)
}

const oneLine = (error: unknown) => cutText(harmless(messageOf(error)), 300)
