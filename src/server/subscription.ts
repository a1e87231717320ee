import { CtStreamError } from '../errors.js'
import { filterOption } from '../filter/filter-option.js'
import { meantBy } from '../loglist/log-name.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CertificateKind } from '../types/certificate-kind.js'
import type { LogInfo } from '../types/log.js'
import { optionError } from '../util/options.js'
import type { Framing } from './framing.js'
import type { Issued } from './issuances.js'
import { type MessageId, parseMessageId } from './message-id.js'
import type { MessageFormat } from './messages.js'
import type { Findings, Selection } from './served-page.js'

/** What a client asks for by its URL. */
export interface Subscription {
  readonly selection: Selection
  /** The last message that the client has. */
  readonly after: MessageId | undefined
  /** Interval of `heartbeat` messages. */
  readonly heartbeatMs: number | undefined
}

const paths: Record<string, MessageFormat | undefined> = {
  '/': 'certstream-lite',
  '/full-stream': 'certstream-full',
  '/domains-only': 'certstream-domains',
}
const formats: readonly MessageFormat[] = ['full', 'lite', 'domains', 'certstream']
const certStreamKeys = ['after', 'heartbeat', 'token']
const wishKeys = ['findings', 'dedupe']
const filterKeys = ['domain', 'issuer', 'kind', 'log']
const MAX_PATTERNS = 1000
const MAX_HEARTBEAT = 3600

/** The path without a trailing slash, which clients of CertStream servers may send. */
export function pathOf(url: URL): string {
  return url.pathname.replace(/(?<=.)\/$/, '')
}

/**
 * @param lastEventId - The header; it overrides `after` in the URL, because a browser reconnects with its first URL.
 * @returns `undefined` when there is no such path for this kind of connection.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the wrong parameter.
 */
export function subscriptionOf(url: URL, framing: Framing, lastEventId?: string): Subscription | undefined {
  const path = pathOf(url)
  const query = url.searchParams
  const isOurs = path === (framing === 'sse' ? '/v2/sse' : '/v2/stream')
  const format = isOurs ? formatOf(query.get('format')) : framing === 'websocket' ? paths[path] : undefined
  if (format === undefined) return undefined
  const allowed = isOurs ? [...certStreamKeys, 'format', ...wishKeys, ...filterKeys] : certStreamKeys
  // A misspelled or misplaced filter would send everything to a client that wants little. On CertStream's paths, though, old clients may
  // send any parameters.
  for (const key of isOurs ? query.keys() : [])
    if (!allowed.includes(key)) throw invalid(`unknown parameter ${shown(key)}; there are ${allowed.join(', ')}`)
  const once = isOurs && isOnce(query.get('dedupe')) ? seen(query.getAll('kind'), query.getAll('log')) : undefined
  const { wishes, matches } = isOurs ? filterOf(query) : { wishes: [], matches: undefined }
  const findings = isOurs ? findingsOf(query.get('findings')) : undefined
  return {
    selection: {
      key: JSON.stringify([format, framing, findings, once !== undefined, ...wishes]),
      ...{ format, framing, findings, once, matches },
    },
    after: idOf(lastEventId || query.get('after')),
    heartbeatMs: heartbeatOf(query.get('heartbeat')),
  }
}

/**
 * Reads the filters of a query.
 *
 * @returns `wishes`: equal for equivalent queries. Without filters it is empty, and `matches` is `undefined`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function filterOf(
  query: URLSearchParams,
): Pick<Selection, 'matches'> & { readonly wishes: readonly string[][] } {
  const wishes = filterKeys.map((key) => [...new Set(query.getAll(key))].sort())
  if (wishes.flat().length > MAX_PATTERNS) throw invalid(`no more than ${MAX_PATTERNS} filters`)
  if (wishes.every((values) => values.length === 0)) return { wishes: [], matches: undefined }
  return { wishes, matches: matcher(wishes as [string[], string[], string[], string[]]) }
}

export function formatOf(given: string | null): MessageFormat {
  const format = formats.find((one) => one === (given ?? 'lite'))
  if (format === undefined) throw invalid(`format must be one of ${formats.join(', ')}, got ${shown(given)}`)
  return format
}

/** The filters of the stream's `filter`, and `log`: an id, a URL or the beginning of a name. */
function matcher([domains, issuers, kinds, logs]: [string[], string[], string[], string[]]) {
  const isOfLogs = ofLogs(logs)
  const filter = filterOption('filter', {
    ...(domains.length > 0 && { domains }),
    ...(issuers.length > 0 && { issuers }),
    ...(kinds.length > 0 && { kinds: kinds as CertificateKind[] }),
  })
  return (certificate: CtCertificate): boolean => isOfLogs(certificate.log) && (filter?.matches(certificate) ?? true)
}

function isOnce(given: string | null): boolean {
  if (given === null) return false
  if (given === 'issuance') return true
  throw invalid(`dedupe must be issuance, got ${shown(given)}`)
}

/** Which entries of an issuance the filters pass; its names and its issuer are the same in all of them. */
function seen(kinds: readonly string[], logs: readonly string[]): (issued: Issued) => boolean {
  const isOfLogs = ofLogs(logs)
  return ({ kind, log }) => (kinds.length === 0 || kinds.includes(kind)) && isOfLogs(log)
}

/** Whether a log is one of those named. Remembered for each log: a client may give a thousand names, and a log has millions of entries. */
function ofLogs(names: readonly string[]): (log: LogInfo) => boolean {
  if (names.length === 0) return () => true
  const isAny = meantBy(names)
  const verdicts = new WeakMap<LogInfo, boolean>()
  return (log) => {
    let verdict = verdicts.get(log)
    if (verdict === undefined) {
      const { id, description, url } = log
      verdict = isAny({ id, description, urls: [url] })
      verdicts.set(log, verdict)
    }
    return verdict
  }
}

function findingsOf(given: string | null): Findings | undefined {
  if (given === null || given === '0') return undefined
  if (given === '1') return 'with'
  if (given === 'only') return 'only'
  throw invalid(`findings must be 1, only or 0, got ${shown(given)}`)
}

function idOf(given: string | null): MessageId | undefined {
  if (given === null || given === '') return undefined
  const id = parseMessageId(given)
  if (id === undefined) throw invalid(`after must be the id of a message, such as 0123456789-42, got ${shown(given)}`)
  return id
}

function heartbeatOf(given: string | null): number | undefined {
  if (given === null) return undefined
  const seconds = /^\d{1,4}$/.test(given) ? Number(given) : 0
  if (seconds < 1 || seconds > MAX_HEARTBEAT)
    throw optionError('heartbeat', `seconds from 1 to ${MAX_HEARTBEAT}`, given)
  return seconds * 1000
}

function shown(text: string | null): string {
  return JSON.stringify((text ?? '').slice(0, 80))
}

function invalid(message: string): CtStreamError {
  return new CtStreamError('CT_OPTION_INVALID', message)
}
