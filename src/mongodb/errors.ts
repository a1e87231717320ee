import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import type { MongoAddress } from './address.js'

/** The `_id` of a document, or another unique field, is there already. */
export const DUPLICATE = 11_000

/** Codes of a server that cannot take anything just now, by MongoDB's `error_codes.yml`: nothing is wrong with the document. */
const STATE_OF_SERVER = new Set([
  1, 6, 7, 8, 11, 24, 46, 50, 63, 64, 70, 82, 89, 91, 112, 117, 133, 150, 189, 202, 239, 246, 249, 250, 262, 264, 272,
  290, 317, 365, 371, 402, 407, 433, 449, 9001, 10_058, 10_107, 11_600, 11_602, 13_388, 13_435, 13_436, 14_031, 16_500,
  50_915,
])
/** Codes of a value, a field name, a size, a validator or an index that this document does not fit, whatever becomes of others. */
const OF_DOCUMENT = new Set([
  2,
  9,
  14,
  15,
  16,
  22,
  52,
  53,
  54,
  55,
  56,
  57,
  121,
  171,
  201,
  357,
  378,
  10_334,
  16_755,
  17_280,
  DUPLICATE,
])
/** The user may not do it. */
const REFUSED_USER = new Set([13, 18, 31, 8000])

/**
 * Whether an error of one document says that the document is what is wrong. What cannot be told is not of the document: a server that takes
 * none would have all of them set aside.
 *
 * @param takesOthers - Whether the server took another document after it refused this one.
 */
export const isOfDocument = (code: number, takesOthers: boolean): boolean =>
  OF_DOCUMENT.has(code) || (takesOthers && !STATE_OF_SERVER.has(code) && !REFUSED_USER.has(code))

/** Text of the server, which may quote a document, for a message. */
export const shownText = (text: unknown): string => cutText(harmless(String(text)), 300)

/**
 * Turns an error of the client into ours, saying what to do.
 *
 * @param doing - For messages, such as `write entries`.
 */
export function mongoError(error: unknown, doing: string, address: MongoAddress): CtStreamError {
  if (CtStreamError.is(error)) return error
  const { code, name = '' } = (error ?? {}) as { code?: unknown; name?: string }
  const text = shownText(messageOf(error))
  const fail = (why: string, retryable: boolean) =>
    new CtStreamError('CT_SINK_FAILED', `could not ${doing} at ${address.shown}: ${why}`, { cause: error, retryable })
  if (typeof code === 'number' && REFUSED_USER.has(code))
    return fail(`the user or password is wrong, or the user lacks the role readWrite of the database (${text})`, false)
  if (/CERT|ERR_TLS|ERR_SSL|SELF_SIGNED/.test(text)) return fail(`TLS: ${text}`, false)
  if (name === 'MongoServerSelectionError') return fail(`${text}; is a MongoDB server running there?`, true)
  if (/^Mongo(?:Parse|InvalidArgument|MissingCredentials|MissingDependency)Error$/.test(name))
    return new CtStreamError(
      'CT_OPTION_INVALID',
      `the MongoDB URL has an option that the client does not take: ${text}`,
      {
        cause: error,
      },
    )
  return fail(text, typeof code !== 'number' || STATE_OF_SERVER.has(code))
}
