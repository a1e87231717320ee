import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import type { NatsAddress } from './address.js'

/** JetStream's error codes for a wrong last message, by id and by number: somebody else has published. */
const WRONG_LAST = [10070, 10071]

/** … of a cluster that is choosing a leader, or of which too few servers are there. */
const NO_LEADER = [10004, 10006, 10007, 10008, 10009, 10118, 10119]

/** … for a stream that is not there. */
const NO_STREAM = 10059

/** Error codes of JetStream, what to say of them, and whether a retry may succeed. */
const ANSWERS: Readonly<Record<number, readonly [why: string, retryable: boolean]>> = {
  10023: ['the server has no room left for JetStream: see its max_file_store', true],
  10047: ['the server has no room left for JetStream: see its max_file_store', true],
  10077: ['the stream is full and takes nothing new: raise its max_bytes or max_msgs, or set discard old', true],
  10054: ['a message is larger than the stream takes: raise its max_msg_size to 1 MiB at least', false],
  10058: ['a stream of this name is there with other settings', false],
  10065: ['another stream has these subjects: use another prefix in the URL', false],
  10074: ['the server is alone and cannot keep several copies: replicas=1 in the URL', false],
}

/** Whether somebody else has published into the stream. */
export const isOvertaken = (error: unknown): boolean =>
  WRONG_LAST.includes((error as { code?: number } | null)?.code ?? 0)

/** Whether there is no such stream. */
export const isNoStream = (error: unknown): boolean => (error as { code?: number } | null)?.code === NO_STREAM

/**
 * Turns an error of the client into ours, saying what to do.
 *
 * @param doing - For messages, such as `write entries`.
 */
export function natsError(error: unknown, doing: string, address: NatsAddress): CtStreamError {
  if (CtStreamError.is(error)) return error
  const { name, code } = error instanceof Error ? (error as Error & { code?: unknown }) : { name: '', code: undefined }
  const text = cutText(harmless(messageOf(error)), 300)
  const fail = (why: string, retryable: boolean) =>
    new CtStreamError('CT_SINK_FAILED', `could not ${doing} at ${address.shown}: ${why}`, { cause: error, retryable })
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError')
    return fail('the server does not accept the user or password', false)
  if (name === 'PermissionViolationError')
    return fail(`the user lacks a permission (${text}): allow it $JS.API.> and the subjects of the prefix`, false)
  if (name === 'JetStreamNotEnabled')
    return fail('JetStream is off, or has no leader at the moment: start the server with -js', doing !== 'connect')
  if (name === 'TimeoutError') return fail('no answer in time; is a NATS server running there?', true)
  if (typeof code === 'number' && name === 'JetStreamApiError') {
    if (NO_LEADER.includes(code)) return fail(`the cluster has no leader at the moment (${text})`, true)
    const [why, retryable] = ANSWERS[code] ?? [undefined, WRONG_LAST.includes(code)]
    return fail(why === undefined ? `${text} (${code})` : `${why} (${text})`, retryable)
  }
  if (/CERT|ERR_TLS|ERR_SSL|SELF_SIGNED/.test(String(code)) || /certificate/i.test(text))
    return fail(`TLS: ${text}`, false)
  return fail(text, true)
}
