import { decodeLeafBody } from '../decode/leaf-body.js'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CertificateKind } from '../types/certificate-kind.js'
import { bufferOf } from '../util/bytes.js'
import { harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import { type ContextOf, MESSAGE_VERSION, type MessageFacts } from './message.js'

/** What a message contains. One that cannot be read is no error, but data to count and set aside. */
export type DecodedMessage =
  | (MessageFacts & { readonly body: 'leaf'; readonly certificate: CtCertificate })
  | (MessageFacts & { readonly body: 'json' | 'certstream'; readonly value: Readonly<Record<string, unknown>> })
  /** The body was too large for the engine: read the entry from its log. */
  | (MessageFacts & { readonly body: 'omitted' })
  | RefusedMessage

/** A message that cannot be read, and why. */
export interface RefusedMessage {
  readonly body: 'refused'
  /** `foreign`: not a message of this library; `newer`: of a later version of it; `malformed`: damaged, or made to deceive. */
  readonly why: 'foreign' | 'newer' | 'malformed'
  /** One line, harmless to a terminal. */
  readonly reason: string
  /** The log's id; `undefined` where it could not be read. */
  readonly logId: string | undefined
  /** Its position in that log; `undefined` where it could not be read. */
  readonly index: number | undefined
}

/** Headers as engines deliver them: text or bytes. */
export type MessageHeaders = Iterable<readonly [name: string, value: string | Uint8Array]>

/** Longest value of a header that is read; ours are all shorter. */
const MAX_HEADER = 256
/** Larger than the largest entry: two certificates of 2^24 bytes and their chain. */
const MAX_BODY = 2 ** 26
const KINDS: readonly CertificateKind[] = ['certificate', 'precertificate', 'unparsable']

/**
 * Reads a message. Never throws for its contents; ignores unknown headers.
 *
 * @param body - At most 64 MiB. Not retained: what is kept of it is copied.
 * @param contextOf - What is known of a log, for `leaf` bodies.
 */
export function decodeMessage(
  headers: MessageHeaders,
  body: Uint8Array | undefined,
  contextOf: ContextOf,
): DecodedMessage {
  const found = ownHeaders(headers)
  const refuse = (why: RefusedMessage['why'], reason: string): RefusedMessage => ({
    body: 'refused',
    why,
    reason: harmless(reason).slice(0, 500),
    logId: logIdOf(found.get('ct-log')),
    index: integerOf(found.get('ct-index')),
  })
  const version = found.get('ct-v')
  if (version === undefined) return refuse('foreign', 'no ct-v header: not a message of ct-stream')
  const number = integerOf(version)
  if (number === undefined || number < 1) return refuse('malformed', `ct-v is ${JSON.stringify(version)}`)
  if (number > MESSAGE_VERSION) return refuse('newer', `ct-v is ${number}, and this version reads ${MESSAGE_VERSION}`)
  const facts = factsOf(found)
  if (typeof facts === 'string') return refuse('malformed', facts)
  try {
    return withBody(facts, found.get('ct-body') ?? 'json', body ?? new Uint8Array(0), contextOf)
  } catch (error) {
    if (!CtStreamError.is(error) && !(error instanceof SyntaxError)) throw error
    return refuse('malformed', messageOf(error))
  }
}

function withBody(facts: MessageFacts, kind: string, body: Uint8Array, contextOf: ContextOf): DecodedMessage {
  if (kind === 'omitted') return { ...facts, body: kind }
  if (body.length > MAX_BODY) throw malformed(`a body of ${body.length} bytes`)
  if (kind === 'leaf') {
    const known = contextOf(facts.logId)
    const verified = known.verified === true && facts.verified
    const context = { ...known, verified, historical: known.historical || facts.historical }
    const certificate = decodeLeafBody(body, facts.index, facts.leafHash, context)
    return { ...facts, body: kind, certificate }
  }
  if (kind !== 'json' && kind !== 'certstream') throw malformed(`ct-body is ${JSON.stringify(kind)}`)
  const value: unknown = JSON.parse(bufferOf(body).toString('utf8'))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('the body is no JSON object')
  return { ...facts, body: kind, value: value as Record<string, unknown> }
}

/** The facts in the headers, or what is wrong with them. */
function factsOf(headers: ReadonlyMap<string, string>): MessageFacts | string {
  const logId = logIdOf(headers.get('ct-log'))
  const index = integerOf(headers.get('ct-index'))
  const epoch = integerOf(headers.get('ct-epoch'))
  const leafHash = hashOf(headers.get('ct-leaf'))
  const kind = KINDS.find((one) => one === headers.get('ct-kind'))
  if (logId === undefined) return 'ct-log is not the base64 of 32 bytes'
  if (index === undefined) return 'ct-index is not an integer from 0 to 2^53 - 1'
  if (epoch === undefined) return 'ct-epoch is not an integer from 0 to 2^53 - 1'
  if (leafHash === undefined) return 'ct-leaf is not the hex of 32 bytes'
  if (kind === undefined) return 'ct-kind is not certificate, precertificate or unparsable'
  const issuance = headers.get('ct-issuance')
  if (issuance !== undefined && !HASH.test(issuance)) return 'ct-issuance is not the hex of 32 bytes'
  const time = headers.get('ct-time')
  const timestamp = integerOf(time)
  if (time !== undefined && timestamp === undefined) return 'ct-time is not an integer from 0 to 2^53 - 1'
  const marks = headers.get('ct-marks')?.split(',') ?? []
  const [verified, historical] = [!marks.includes('unverified'), marks.includes('historical')]
  return { logId, index, epoch, leafHash, issuanceId: issuance, timestamp, kind, verified, historical }
}

/** Our headers by name; of two with one name the first counts. */
function ownHeaders(headers: MessageHeaders): Map<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of headers) {
    if (!name.startsWith('ct-') || name.length > 32 || found.has(name)) continue
    found.set(name, textOf(value))
  }
  return found
}

function textOf(value: string | Uint8Array): string {
  if (value.length > MAX_HEADER) return textOf(value.slice(0, MAX_HEADER))
  if (typeof value === 'string') return value
  return (Buffer.isBuffer(value) ? value : bufferOf(value)).toString('latin1')
}

function integerOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Base64 of 32 bytes, in its only canonical form: the last digit before the padding has two bits that are 0. */
const LOG_ID = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/
const HASH = /^[0-9a-f]{64}$/

const logIdOf = (text: string | undefined) => (text !== undefined && LOG_ID.test(text) ? text : undefined)

function hashOf(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || !HASH.test(text)) return undefined
  // So small a typed array lives on V8's heap, where a `Buffer` costs an allocation outside.
  const bytes = new Uint8Array(32)
  for (let i = 0; i < 32; i++) bytes[i] = 16 * digit(text.charCodeAt(2 * i)) + digit(text.charCodeAt(2 * i + 1))
  return bytes
}

/** Of a character that is 0 to 9 or a to f. */
const digit = (code: number) => (code < 0x3a ? code - 0x30 : code - 0x57)

function malformed(reason: string): CtStreamError {
  return new CtStreamError('CT_LEAF_MALFORMED', reason)
}
