import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import type { AmqpAddress } from './address.js'

/**
 * Turns an error of the client into ours, saying what to do.
 *
 * @param doing - For messages, such as `write entries`.
 */
export function amqpError(error: unknown, doing: string, address: AmqpAddress): CtStreamError {
  if (CtStreamError.is(error)) return error
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  const text = cutText(harmless(messageOf(error)), 300)
  const fail = (why: string, retryable: boolean) =>
    new CtStreamError('CT_SINK_FAILED', `could not ${doing} at ${address.shown}: ${why}`, { cause: error, retryable })
  if (code === 'PRECONDITION_FAILED') return fail(otherSetting(text) ?? text, false)
  if (code === 'ACCESS_REFUSED' || /ACCESS_REFUSED|ACCESS-REFUSED/i.test(text))
    return fail(
      `the user or password is wrong, or the user may not configure and write ${address.queue} (${text})`,
      false,
    )
  if (code === 'NOT_ALLOWED')
    return fail(`there is no virtual host ${harmless(address.virtualHost)} for the user`, false)
  if (code === 'NOT_FOUND') return fail(`a queue is gone (${text})`, true)
  if (code === 'NACK')
    return fail('the queue refuses messages: it is full (overflow reject-publish), or has lost its majority', true)
  if (/CERT|ERR_TLS|ERR_SSL|SELF_SIGNED/.test(code)) return fail(`TLS: ${text}`, false)
  return fail(text, true)
}

/** What is wrong with a queue or an exchange that is there and has another setting; `undefined`: the server says something else. */
function otherSetting(text: string): string | undefined {
  const [, setting, kind, name] =
    /inequivalent arg '([^']{1,100})' for (queue|exchange) '([^']{1,255})'/.exec(text) ?? []
  if (setting === undefined) return undefined
  const remedy = 'delete it, or use another prefix in the URL'
  if (setting === 'x-queue-type')
    return `the queue ${name} is no quorum queue: its x-queue-type must be quorum; ${remedy}`
  if (text.includes('received none'))
    return `the ${kind} ${name} has ${setting} set: set it with a policy instead, or use another prefix in the URL`
  return `the ${kind} ${name} has another ${setting} than it is made with: ${remedy}`
}
