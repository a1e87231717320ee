import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import type { RedisAddress } from './address.js'

/** Error replies of Redis, what to say of them, and whether a retry may succeed. */
const ANSWERS: readonly (readonly [RegExp, string, boolean])[] = [
  [/^(?:WRONGPASS|NOAUTH|ERR AUTH|ERR Client sent AUTH)/, 'the server does not accept the user or password', false],
  [/^NOPERM/, 'the user lacks a permission: allow it the commands and the keys of the prefix', false],
  [/\bOOM\b/, 'the server is full (maxmemory): give it more, or have streams trimmed with maxlen=… in the URL', true],
  [/^MISCONF/, 'the server cannot save to its disk and takes no writes: see its log', true],
  [/^READONLY/, 'the server is a replica: name the primary in the URL', true],
  [/^WRONGTYPE/, 'a key of the prefix has another type: use another prefix in the URL', false],
  [/^(?:LOADING|BUSY|MASTERDOWN|NOREPLICAS|TRYAGAIN|NOSCRIPT)/, '', true],
  [/^(?:MOVED|CROSSSLOT|CLUSTERDOWN)/, 'the server is part of a Redis Cluster: name one that is not', false],
  [/^ERR DB index/, 'the server has no database of this number', false],
]

/** Turns an error of the client into ours, saying what to do. */
export function redisError(error: unknown, doing: string, address: RedisAddress): CtStreamError {
  if (CtStreamError.is(error)) return error
  const text = cutText(harmless(messageOf(error)), 300)
  const known = ANSWERS.find(([pattern]) => pattern.test(text))
  const isCertificate = /CERT|ERR_TLS|ERR_SSL|SELF_SIGNED/.test(String((error as { code?: unknown }).code))
  // Another error reply would come again; a failed connection may pass.
  const isAnswer = error instanceof Error && /^[A-Z]{3,} /.test(text)
  const why = known?.[1] ? `${known[1]} (${text})` : isCertificate ? `TLS: ${text}` : text
  return new CtStreamError('CT_SINK_FAILED', `could not ${doing} at ${address.shown}: ${why}`, {
    cause: error,
    retryable: known?.[2] ?? !(isCertificate || isAnswer),
  })
}

export function noAnswer(doing: string, address: RedisAddress, timeoutMs: number): CtStreamError {
  return new CtStreamError(
    'CT_SINK_FAILED',
    `could not ${doing} at ${address.shown}: no answer for ${timeoutMs / 1000} s; is a Redis server running there?`,
    { retryable: true },
  )
}
