import { CtStreamError } from '../errors.js'
import { decodeMessage } from '../sinks/read-message.js'
import type { LogInfo } from '../types/log.js'
import { toHex } from '../util/bytes.js'
import type { QueuedEntry } from './engine.js'

/** A message as engines have it: its headers, and its body. */
export interface QueuedMessage {
  readonly headers: readonly (readonly [string, string | Buffer])[]
  readonly body: Uint8Array
}

type IssuerOf = (fingerprint: Uint8Array) => Promise<Uint8Array>

/** What a message is, as far as its headers say. */
export type MessageEntry =
  | { readonly logId: string; readonly index: number; readonly entry: QueuedEntry }
  /** It is of no log that is known. */
  | {
      readonly logId: string | undefined
      readonly index: number | undefined
      readonly reason: string
      /** The body of a message that is an entry, but not a whole one. */
      readonly otherBody?: string
    }

/** Refuses a queue without whole entries, rather than to have each of them set aside. */
export const withoutWhole = (otherBody: string) =>
  new CtStreamError(
    'CT_SINK_FAILED',
    `the messages have ${otherBody} as body, which is not the whole entry: write them with body=leaf in the URL of the sink`,
  )

/** What to say of one message among others that are whole. */
export const notWhole = (otherBody: string) => `its body is ${otherBody}, not the whole entry, which is in its log`

/**
 * Reads a message that a sink with `body: 'leaf'` wrote.
 *
 * @param engine - Its name, for messages.
 * @param issuerOf - Finds an issuer by its SHA-256. Default: the engine has none.
 */
export function readEntry(
  engine: string,
  message: QueuedMessage,
  logOf: (logId: string) => LogInfo | undefined,
  issuerOf: IssuerOf = (fingerprint) =>
    Promise.reject(new CtStreamError('CT_SINK_FAILED', `${engine} does not have the issuer ${toHex(fingerprint)}`)),
): MessageEntry {
  const decoded = decodeMessage(message.headers, message.body, (logId) => ({
    log: logOf(logId) as LogInfo,
    historical: false,
    verified: true,
    // A cursor would need the positions of all logs, and a processor has only some.
    cursor: () => '',
    issuer: issuerOf,
  }))
  const { logId, index } = decoded
  if (decoded.body === 'refused') {
    const { reason } = decoded
    if (logId === undefined || index === undefined || logOf(logId) === undefined) return { logId, index, reason }
    return { logId, index, entry: { kind: 'refused', index, reason, body: message.body } }
  }
  const log = logOf(decoded.logId)
  const otherBody = 'value' in decoded ? decoded.body : undefined
  // A sink with another body may not describe logs.
  if (log === undefined && otherBody !== undefined) return { logId, index, reason: notWhole(otherBody), otherBody }
  if (log === undefined) return { logId, index, reason: 'no collector of this prefix has described its log' }
  const { epoch } = decoded
  const place = { logId: decoded.logId, index: decoded.index }
  if (!('certificate' in decoded))
    return {
      ...place,
      entry: { kind: 'omitted', epoch, index: decoded.index, log, ...(otherBody !== undefined && { otherBody }) },
    }
  return { ...place, entry: { kind: 'certificate', epoch, certificate: decoded.certificate } }
}

/** Reads a message that was set aside: one that {@link readEntry} reads, or the place alone of an entry that only its log has. */
export function readParkedMessage(...parts: Parameters<typeof readEntry>): MessageEntry {
  const [, { headers, body }, logOf] = parts
  const found = readEntry(...parts)
  const isPlaceAlone = body.length === 0 && headers.every(([name]) => name !== 'ct-v')
  if (!('entry' in found) || !isPlaceAlone) return found
  const { logId, index } = found
  return { logId, index, entry: { kind: 'omitted', epoch: 0, index, log: logOf(logId) as LogInfo } }
}
