import { decodePassedOn, type EntryContext, ToldEntry } from '../decode/index.js'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogInfo } from '../types/log.js'
import { cutText, harmless } from '../util/harmless.js'
import { isRecord, type JsonRecord, listOf, millisecondsOf, recordOf, textOf } from './json-values.js'
import { chainOf, derOf, digestOf, indexOf } from './message-parts.js'
import { hasEntry, isOwnMessage, ownCertificate } from './own-message.js'
import { fieldsOfNames, tellsOfCertificate, toldFields } from './told-fields.js'
import { ToldLogs } from './told-log.js'

const MAX_CURSOR = 4096
/** In one frame; servers send one, and 25 as their latest. */
const MAX_MESSAGES = 1000

/** One message of a server, as JSON. Its keys are whatever the server sends. */
export type RawMessage = JsonRecord

/** What a message says. */
export type ServerMessage =
  | { readonly kind: 'certificate'; readonly raw: RawMessage; readonly cursor: string | undefined }
  | { readonly kind: 'gap'; readonly raw: RawMessage; readonly cursor: string | undefined }
  /** A heartbeat, and whatever else a server has to say. */
  | { readonly kind: 'other'; readonly raw: RawMessage; readonly cursor: string | undefined }
  /** `CT_RESPONSE_MALFORMED`. */
  | { readonly kind: 'malformed'; readonly error: CtStreamError }

/** The messages in one frame: one, or an array of them. Total: what is no message is malformed. */
export function decodeFrame(frame: string, url: string): ServerMessage[] {
  let value: unknown
  try {
    value = JSON.parse(frame)
  } catch (cause) {
    return [malformed(url, `a message that is not JSON: ${harmless(cutText(frame, 80))}`, cause)]
  }
  const messages = Array.isArray(value) ? value : [value]
  if (messages.length > MAX_MESSAGES)
    return [malformed(url, `${messages.length} messages in one, of at most ${MAX_MESSAGES}`)]
  return messages.map((one) => decodeMessage(one, url))
}

function decodeMessage(value: unknown, url: string): ServerMessage {
  if (!isRecord(value)) return malformed(url, 'a message that is no object')
  const type = value.message_type
  const cursor = cursorOf(value)
  if (type === 'gap') return { kind: 'gap', raw: value, cursor }
  if (type === 'dns_entries') {
    if (!Array.isArray(value.data)) return malformed(url, 'a message `dns_entries` whose `data` is no array')
    return { kind: 'certificate', raw: value, cursor }
  }
  if (type === 'certificate_update') {
    if (!isRecord(recordOf(value.data).leaf_cert)) return malformed(url, 'a `certificate_update` without `leaf_cert`')
    return { kind: 'certificate', raw: value, cursor }
  }
  if (type === undefined && isOwnMessage(value)) {
    if (!hasEntry(value)) return malformed(url, 'an entry without its DER: ask for it with `format=full`')
    return { kind: 'certificate', raw: value, cursor }
  }
  if (typeof type !== 'string') return malformed(url, 'a message without `message_type`')
  return { kind: 'other', raw: value, cursor }
}

/** Where a server can go on: text, or a number. Messages that are not of CertStream's paths have it as `id`. */
function cursorOf({ cursor, id }: RawMessage): string | undefined {
  for (const value of [cursor, id]) {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
    const text = textOf(value)
    if (text !== undefined && text.length <= MAX_CURSOR) return text
  }
  return undefined
}

/** Makes certificates of messages; one for each server. */
export class CertificateMaker {
  private readonly logs = new ToldLogs()

  /** @param message - Of kind `certificate`. */
  certificate({ raw, cursor = '' }: { readonly raw: RawMessage; readonly cursor?: string | undefined }): CtCertificate {
    if (raw.message_type === 'dns_entries') {
      const fields = fieldsOfNames(raw.data)
      const told = { kind: 'certificate', index: 0, timestamp: undefined, sha1: undefined, sha256: undefined } as const
      return new ToldEntry({ ...told, fields }, contextOf(ToldLogs.unknown, cursor, undefined))
    }
    if (raw.message_type === undefined) {
      const context = contextOf(this.logs.named(raw.log), cursor, undefined)
      return ownCertificate(raw, { ...context, historical: raw.historical === true })
    }
    const data = recordOf(raw.data)
    const leaf = recordOf(data.leaf_cert)
    const context = contextOf(this.logs.of(data), cursor, millisecondsOf(data.seen))
    const index = indexOf(data.cert_index)
    const timestamp = timestampOf(data)
    const der = derOf(leaf.as_der)
    if (der !== undefined)
      return decodePassedOn(
        der,
        { index, timestamp, chain: chainOf(listOf(data.chain).map((issuer) => recordOf(issuer).as_der)) },
        context,
      )
    const fields = toldFields(leaf)
    return new ToldEntry(
      {
        kind: data.update_type === 'PrecertLogEntry' ? 'precertificate' : 'certificate',
        index,
        timestamp,
        fields: tellsOfCertificate(fields) ? fields : undefined,
        sha1: digestOf(leaf.sha1 ?? leaf.fingerprint, 20),
        sha256: digestOf(leaf.sha256, 32),
      },
      context,
    )
  }
}

function contextOf(log: LogInfo, cursor: string, seenAt: number | undefined): EntryContext {
  const issuer = async (): Promise<never> => {
    throw new CtStreamError('CT_OPTION_INVALID', 'the issuers of an entry that a server tells of are those it sends')
  }
  return { log, historical: false, cursor: () => cursor, issuer, ...(seenAt !== undefined && { seenAt }) }
}

/** When the log promised the entry; servers before 2026 did not say. */
function timestampOf(data: JsonRecord): number | undefined {
  const told = millisecondsOf(data.submission_timestamp) ?? millisecondsOf(recordOf(data.source).timestamp)
  return told === undefined || told < 0 ? undefined : told
}

function malformed(url: string, what: string, cause?: unknown): ServerMessage {
  const error = new CtStreamError('CT_RESPONSE_MALFORMED', `${url} sent ${what}`, { url, retryable: true, cause })
  return { kind: 'malformed', error }
}
