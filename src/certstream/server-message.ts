import { decodePassedOn, type EntryContext, ToldEntry } from '../decode/index.js'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogInfo } from '../types/log.js'
import { fromBase64 } from '../util/bytes.js'
import { cutText, harmless } from '../util/harmless.js'
import { hexOf, isRecord, type JsonRecord, listOf, millisecondsOf, recordOf, textOf } from './json-values.js'
import { fieldsOfNames, toldFields } from './told-fields.js'
import { ToldLogs } from './told-log.js'

/** `ASN.1Cert` of RFC 6962 has a length of three bytes. */
const MAX_DER = 0xffffff
/** Longer chains are none (RFC 6962 allows any; logs take up to ten or so). */
const MAX_CHAIN = 16
const MAX_CURSOR = 4096
/** In one frame; servers send one, and 25 as their latest. */
const MAX_MESSAGES = 1000
/** uint40 of static-ct; no log is near it. */
const MAX_INDEX = 2 ** 40 - 1

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
    return [malformed(url, `a message that is no JSON: ${harmless(cutText(frame, 80))}`, cause)]
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
  if (typeof type !== 'string') return malformed(url, 'a message without `message_type`')
  return { kind: 'other', raw: value, cursor }
}

/** Where a server can go on: text, or a number. Messages that are not of CertStream's paths have it as `id`. */
function cursorOf({ id, cursor = id }: RawMessage): string | undefined {
  if (typeof cursor === 'number' && Number.isSafeInteger(cursor)) return String(cursor)
  const text = textOf(cursor)
  return text === undefined || text.length > MAX_CURSOR ? undefined : text
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
    const data = recordOf(raw.data)
    const leaf = recordOf(data.leaf_cert)
    const context = contextOf(this.logs.of(data), cursor, millisecondsOf(data.seen))
    const index = indexOf(data.cert_index)
    const timestamp = timestampOf(data)
    const der = derOf(leaf.as_der)
    if (der !== undefined) return decodePassedOn(der, { index, timestamp, chain: chainOf(data.chain) }, context)
    return new ToldEntry(
      {
        kind: data.update_type === 'PrecertLogEntry' ? 'precertificate' : 'certificate',
        index,
        timestamp,
        fields: toldFields(leaf),
        sha1: digest(leaf.sha1 ?? leaf.fingerprint, 20),
        sha256: digest(leaf.sha256, 32),
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

function indexOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_INDEX ? value : 0
}

/** When the log promised the entry; servers before 2026 did not say. */
function timestampOf(data: JsonRecord): number | undefined {
  const told = millisecondsOf(data.submission_timestamp) ?? millisecondsOf(recordOf(data.source).timestamp)
  return told === undefined || told < 0 ? undefined : told
}

/** `undefined` for what is not there, or is no base64 of a size a log takes: some servers write other things in its place. */
function derOf(value: unknown): Uint8Array | undefined {
  const der = typeof value === 'string' ? fromBase64(value) : undefined
  return der === undefined || der.length === 0 || der.length > MAX_DER || der[0] !== 0x30 ? undefined : der
}

/** Up to the first that was not sent: what comes after it is nobody's issuer. */
function chainOf(value: unknown): Uint8Array[] {
  const chain: Uint8Array[] = []
  for (const issuer of listOf(value).slice(0, MAX_CHAIN)) {
    const der = derOf(recordOf(issuer).as_der)
    if (der === undefined) break
    chain.push(der)
  }
  return chain
}

function digest(value: unknown, length: number): string | undefined {
  const hex = hexOf(value)
  return hex?.length === 2 * length ? hex : undefined
}

function malformed(url: string, what: string, cause?: unknown): ServerMessage {
  const error = new CtStreamError('CT_RESPONSE_MALFORMED', `${url} sent ${what}`, { url, retryable: true, cause })
  return { kind: 'malformed', error }
}
